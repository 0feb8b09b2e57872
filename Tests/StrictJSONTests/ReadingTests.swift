import Sodium
import StrictJSON
import Testing

@Suite("Reading JSON (RFC 8259)")
struct ReadingTests {
    private func document(_ text: String, secret: Bool = false) throws -> JSONNode {
        try JSONDocument(parsing: Array(text.utf8), secret: secret).root
    }

    @Test(arguments: [false, true])
    func `reads every kind of value`(secret: Bool) throws {
        let root = try document(
            #" { "s" : "text", "n":-12, "d":1.5e2, "t":true,"f":false,"z":null, "a":[1,[],{}], "o":{"x":{"y":"deep"}} } "#,
            secret: secret)
        #expect(root.kind == .object)
        #expect(root.members?.map(\.key) == ["s", "n", "d", "t", "f", "z", "a", "o"])
        #expect(root["s"]?.string == "text")
        #expect(root["s"]?.secret?.revealUTF8(for: .test) == "text")
        #expect(root["n"]?.int == -12)
        #expect(root["d"]?.double == 150)
        #expect(root["d"]?.numberText == "1.5e2")
        #expect(root["t"]?.bool == true)
        #expect(root["f"]?.bool == false)
        #expect(root["z"]?.isNull == true)
        #expect(root["a"]?.elements?.map(\.kind) == [.number, .array, .object])
        #expect(root["a"]?.elements?[2].members?.isEmpty == true)
        #expect(root["o"]?["x"]?["y"]?.string == "deep")
        #expect(root["missing"] == nil)
    }

    @Test func `a value of another kind is nil, never converted`() throws {
        let root = try document(#"{"s":"1","n":1,"b":true,"z":null,"a":[]}"#)
        #expect(root["s"]?.int == nil)
        #expect(root["s"]?.bool == nil)
        #expect(root["n"]?.string == nil)
        #expect(root["n"]?.secret == nil)
        #expect(root["n"]?.bool == nil)
        #expect(root["b"]?.int == nil)
        #expect(root["z"]?.string == nil)
        #expect(root["z"]?.bool == nil)
        #expect(root["a"]?.members == nil)
        #expect(root["a"]?["x"] == nil)
        #expect(root.elements == nil)
        #expect(root.string == nil)
    }

    @Test(arguments: [
        (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
        (#""\u0041\u00e4\u20ac\uD834\uDD1E""#, "Aä€𝄞"),
        (#""\ud834\udd1e x""#, "𝄞 x"),
        (#""\uDBFF\uDFFF""#, "\u{10FFFF}"),
        (#""\uFFFF\u0000\u007f""#, "\u{FFFF}\u{0}\u{7F}"),
        (#""äöü € 𝄞""#, "äöü € 𝄞"),
        ("\"\u{7F}\"", "\u{7F}"),
        (#""""#, ""),
    ])
    func `resolves escapes alike into text and into secret memory`(json: String, expected: String) throws {
        for secret in [false, true] {
            let node = try document(json, secret: secret)
            #expect(node.string.map { Array($0.utf8) } == Array(expected.utf8))
            #expect(node.secret?.revealBytes(for: .test) == Array(expected.utf8))
            #expect(node.stringEquals(expected))
            #expect(!node.stringEquals(expected + "x"))
        }
    }

    @Test func `finds a member however its name is escaped, and only that one`() throws {
        let root = try document(#"{"\u0061b":1,"a":2,"abc":3}"#)
        #expect(root["ab"]?.int == 1)
        #expect(root["a"]?.int == 2)
        #expect(root["abc"]?.int == 3)
        #expect(root["abcd"] == nil)
        #expect(root[""] == nil)
    }

    @Test func `names are compared byte by byte, not as people read them`() throws {
        // One letter composed, one decomposed: equal as Swift strings, two members in JSON.
        let root = try document("{\"\u{E9}\":1,\"e\u{301}\":2}")
        #expect(root["\u{E9}"]?.int == 1)
        #expect(root["e\u{301}"]?.int == 2)
    }

    @Test(arguments: [
        ("0", Int64(0)), ("-0", 0), ("9223372036854775807", .max), ("-9223372036854775808", .min),
        ("9223372036854775808", nil), ("-9223372036854775809", nil), ("99999999999999999999", nil), ("1.0", nil),
        ("1e2", nil), ("1E0", nil),
    ])
    func `an integer is exact or absent`(json: String, expected: Int64?) throws {
        #expect(try document(json).int == expected)
    }

    @Test(arguments: [
        ("1e400", nil), ("-1e400", nil), ("1.7976931348623157e308", 1.7976931348623157e308),
        ("5e-324", .leastNonzeroMagnitude),
        ("1e-400", 0), ("0.1", 0.1), ("-0.0", 0), ("1E+2", 100),
        ("123456789012345678901234567890", 1.2345678901234568e29),
    ])
    func `a double is finite or absent`(json: String, expected: Double?) throws {
        #expect(try document(json).double == expected)
    }

    @Test func `keeps a decimal as it is written`() throws {
        #expect(try document("100000000000000000000.10").numberText == "100000000000000000000.10")
    }

    @Test func `takes the text from secret memory without a copy in between`() throws {
        let text = SecretBytes(utf8: #"{"access_token":"t\u00e4st"}"#)
        let document = try JSONDocument(parsing: text)
        #expect(document.root["access_token"]?.secret?.revealUTF8(for: .test) == "täst")
    }

    @Test func `reads from a borrowed span`() throws {
        for secret in [false, true] {
            let document = try Array(#"{"a":[true]}"#.utf8).withBytes { span in
                try JSONDocument(parsing: span, secret: secret)
            }
            #expect(document.root["a"]?.elements?.first?.bool == true)
        }
    }

    @Test func `a document outlives the reference that made it`() throws {
        var node: JSONNode?
        do { node = try document(#"{"k":"kept"}"#, secret: true)["k"] }
        #expect(node?.string == "kept")
    }
}
