import Domain
import Testing

@Suite("Reading a URL (RFC 3986)")
struct URLPartsTests {
    @Test(
        arguments: [
            "", "host", "//host/", "ftp://host/", "http:/host", "http:host", "https://", "https:///path",
            "javascript:x",
            "https://user@host/", "https://user:pw@host/", "https://@host/", "https://host@evil/",
            "https://host:443@evil/",
            "https://host\\@evil/", "https://host/\\evil", "https://host/#f", "https://host#@evil/", "https://host /",
            "https://host/a b", "https://host/\r\nX: 1", "https://host/\t", "https://host/\0", "https://h\u{f6}st/",
            "https://host/\u{f6}", "https://ho%73t/", "https://host%00.evil/", "https://host:0/", "https://host:/",
            "https://host:65536/", "https://host:+443/", "https://host:0443/", "https://host:44 3/",
            "https://host:443:1/",
            "https://127.1/", "https://2130706433/", "https://0x7f.1/", "https://0x7f000001/", "https://0177.0.0.1/",
            "https://1.2.3.4.5/", "https://a.1/", "https://host./", "https://.host/", "https://a..b/", "https://-a/",
            "https://a-/", "https://[::1/", "https://[::1]x/", "https://[::1]:/", "https://[127.0.0.1]/", "https://[]/",
            "https://[fe80::1%25eth0]/", "https://::1/", "https://[::1]]/", "https://a,b/", "https://*.host/",
            "https://\(String(repeating: "a", count: 64))/", "https://host/%", "https://host/%2", "https://host/%zz",
            "https://host/?q=%g0",
        ])
    func `refuses what is not exactly a URL`(text: String) {
        #expect(URLParts(text) == nil)
    }

    @Test(
        arguments: [
            "/.", "/..", "/./a", "/a/../b", "/a/..", "/%2e", "/%2E%2e/", "/.%2e/a", "/a/%2e./", "/..;/a", "/..;x=1/a",
            "/a/..%3bx/b", "/..%2fa", "/a%2F..%2Fb", "/..%5ca", "/a%5C%2e%2e%5Cb", "/.;", "/a/%2e%2e%3B",
        ])
    func `refuses a segment that some server reads as a dot segment`(path: String) {
        #expect(URLParts.hasDotSegment(path))
        #expect(URLParts("https://host\(path)") == nil)
    }

    @Test(
        arguments: [
            "", "/", "/a.b", "/...", "/..a", "/a..", "/.well-known/x", "/a;b=..", "/a%2Fb", "/E('..%2Fx')",
            "/%252e%252e/",
            "/a//b", "/$metadata", "/A(x=1.0,y='..')",
        ])
    func `takes paths that only look like one`(path: String) throws {
        #expect(!URLParts.hasDotSegment(path))
        #expect(try #require(URLParts("https://host\(path)")).path == path)
    }

    @Test func `takes a URL apart`() throws {
        let parts = try #require(URLParts("HTTPS://Api.Example:8443/a%20b/c;d?x=/../&y=?"))
        #expect(parts.scheme == .https && parts.host == "api.example" && parts.port == 8443)
        #expect(parts.path == "/a%20b/c;d" && parts.query == "x=/../&y=?")
        let bare = try #require(URLParts("http://[2001:DB8::1]?"))
        #expect(bare.host == "2001:db8::1" && bare.port == 80 && bare.path == "" && bare.query == "")
    }

    @Test(arguments: [
        "https://host?x=1", "https://host/?", "https://host/a%2Fb", "https://host/a//b", "https://u@host",
        "https://host//", "https://host/a//",
    ])
    func `refuses an origin that is more than one`(text: String) {
        #expect(Origin(text) == nil)
    }

    @Test func `writes an origin's authority as the Host header has it`() throws {
        #expect(try #require(Origin("https://HOST:443/base/")).description == "https://host/base")
        #expect(try #require(Origin("http://host:8080")).authority == "host:8080")
        #expect(try #require(Origin("https://[::1]:443")).authority == "[::1]")
        #expect(try #require(Origin("http://[::1]:443")).authority == "[::1]:443")
    }
}
