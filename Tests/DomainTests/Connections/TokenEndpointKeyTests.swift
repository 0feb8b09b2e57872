import Domain
import Testing

@Suite("Naming a token endpoint")
struct TokenEndpointKeyTests {
    private func key(_ text: String) throws -> TokenEndpointKey { TokenEndpointKey(try #require(URLParts(text))) }

    @Test func `is scheme, host, port and path`() throws {
        #expect(try key("https://Login.Example.com/oauth2/token").text == "https://login.example.com/oauth2/token")
        #expect(try key("https://a.example:8443/t").text == "https://a.example:8443/t")
        #expect(try key("https://a.example/t?tenant=1") == key("https://a.example/t?tenant=2"))
        #expect(try key("https://a.example:443/t") == key("https://a.example/t"))
        #expect(try key("http://a.example/t") != key("https://a.example/t"))
        #expect(try key("https://a.example/t") != key("https://a.example/T"))
        #expect(try key("https://a.example/t") != key("https://b.example/t"))
    }

    @Test func `is never longer than its column, and reads back as it was stored`() throws {
        let long = try key("https://a.example/" + String(repeating: "x", count: 1_000))
        #expect(long.text.utf8.count == TokenEndpointKey.maxBytes)
        #expect(TokenEndpointKey(long.text) == long)
        #expect(TokenEndpointKey("") == nil)
        #expect(TokenEndpointKey(String(repeating: "x", count: 513)) == nil)
    }
}
