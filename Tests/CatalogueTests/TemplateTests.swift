import Catalogue
import Testing

@Suite("Expanding templates")
struct TemplateTests {
    private func template(_ text: String) throws -> Template { try #require(Template(text)) }

    @Test(arguments: ["{", "}", "{}", "{A}", "{1a}", "{a-b}", "a{b", "a}b", "{{a}}", "{ a }", "{a}}"])
    func `refuses a brace that is no placeholder`(_ text: String) {
        #expect(Template(text) == nil)
    }

    @Test func `encodes what lands in a path or a query, and nothing of the template`() throws {
        let url = try template("https://{host}/a%20b/{tenant}?q={query}&x=%C3%A4")
        #expect(
            try url.expandURL(["host": "h.example:8443", "tenant": "../x/y", "query": "a&b=c#d ä"])
                == "https://h.example:8443/a%20b/..%2Fx%2Fy?q=a%26b%3Dc%23d%20%C3%A4&x=%C3%A4")
    }

    @Test(arguments: ["", "a/b", "a@b", "a\\b", "a?b", "a#b", "a b", "a\tb", "a\r\nb", "a%2fb", "ä", "a\u{FF0F}b"])
    func `keeps a value in the host, whatever its pattern let through`(_ value: String) throws {
        let url = try template("https://{host}/x")
        #expect(throws: ExpansionError.unusableValue("host")) { try url.expandURL(["host": value]) }
    }

    @Test func `says which field is missing`() throws {
        let url = try template("https://{host}/{tenant}")
        #expect(throws: ExpansionError.missingField("tenant")) { try url.expandURL(["host": "h"]) }
        #expect(throws: ExpansionError.missingField("host")) { try url.expand([:]) }
    }

    @Test func `names its placeholders in order and can be written again`() throws {
        let text = "https://{a}.example/{b}?{a}"
        #expect(try template(text).placeholders == ["a", "b", "a"])
        #expect(try template(text).source == text)
    }
}
