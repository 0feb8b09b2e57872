import Sodium
import StrictJSON
import Testing

@Suite("Writing JSON")
struct WritingTests {
    private func text(_ body: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter()
        body(&writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test func `puts commas between values and nowhere else`() {
        let written = text { writer in
            writer.beginObject()
            writer.key("a")
            writer.beginArray()
            writer.int(1)
            writer.beginArray()
            writer.endArray()
            writer.null()
            writer.beginObject()
            writer.endObject()
            writer.endArray()
            writer.member("b", "x")
            writer.key("c")
            writer.bool(false)
            writer.key("d")
            writer.raw(Array("[true]".utf8))
            writer.member("e", .double(2.5))
            writer.endObject()
        }
        #expect(written == #"{"a":[1,[],null,{}],"b":"x","c":false,"d":[true],"e":2.5}"#)
    }

    @Test func `escapes what a string may not hold, in names too`() {
        let written = text { writer in
            writer.beginObject()
            writer.member("\"\n", "\u{0}\u{1F}\\\"/\r\t\u{7F}ä𝄞")
            writer.endObject()
        }
        #expect(written == #"{"\"\n":"\u0000\u001f\\\"/\r\t\u007fä𝄞"}"#)
    }

    @Test func `every character comes back`() throws {
        let all = String(String.UnicodeScalarView((0...0x2FFF).compactMap(Unicode.Scalar.init))) + "𝄞\u{10FFFF}"
        let written = JSONValue.object([JSONMember(all, .string(all))]).encoded
        let root = try JSONDocument(parsing: written, secret: false).root
        #expect(root.members?.first?.key == all)
        #expect(root[all]?.string == all)
    }

    @Test(arguments: [0.1, -0.0, .leastNonzeroMagnitude, 1.7976931348623157e308, 1e21, 123456789.125, 100])
    func `a double reads back the same`(value: Double) throws {
        let node = try JSONDocument(parsing: JSONValue.double(value).encoded, secret: false).root
        #expect(node.double == value)
    }

    @Test func `numbers that JSON does not have become null`() {
        #expect(text { $0.double(.infinity) } == "null")
        #expect(text { $0.double(.nan) } == "null")
        #expect(text { $0.int(UInt64.max) } == "18446744073709551615")
    }

    @Test func `a revealed secret is escaped as any string`() {
        #expect(text { $0.revealed(SecretBytes(utf8: "p\"ä\n"), for: .test) } == #""p\"ä\n""#)
        #expect(text { $0.revealed(SecretBytes(copying: [0x61, 0xFF]), for: .test) } == "\"a\u{FFFD}\"")
        #expect(text { $0.revealed(SecretBytes(utf8: ""), for: .test) } == "\"\"")
    }

    @Test func `a tree of settings keeps its order and reads back`() throws {
        let value: JSONValue = [
            "z": 1, "a": ["x", true, .null, .double(0.5)], "nested": ["k": "v", "empty": [:], "list": []],
        ]
        #expect(
            String(decoding: value.encoded, as: UTF8.self)
                == #"{"z":1,"a":["x",true,null,0.5],"nested":{"k":"v","empty":{},"list":[]}}"#)
        #expect(try JSONValue.parse(value.encoded) == value)
        #expect(value["nested"]?["k"]?.string == "v")
        #expect(value["z"]?.int == 1)
        #expect(value["a"]?.elements?[1].bool == true)
        #expect(value["missing"] == nil)
    }

    @Test func `a number that fits nothing makes no tree`() throws {
        #expect(try JSONValue.parse(Array("[1e400]".utf8)) == nil)
        #expect(try JSONValue.parse(Array("[9223372036854775808]".utf8)) == [.double(9223372036854775808)])
    }
}
