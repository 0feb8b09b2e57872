import Testing

@testable import OData

@Suite("Reading JSON (RFC 8259)")
struct JSONReadingTests {
    private func read(_ text: String, maxDepth: Int = 64) throws(PayloadError) -> JSONNode {
        try JSONNode(parsing: Array(text.utf8), maxDepth: maxDepth)
    }

    private func failure(_ bytes: [UInt8], maxDepth: Int = 64) -> PayloadError? {
        do {
            _ = try JSONNode(parsing: bytes, maxDepth: maxDepth)
            return nil
        } catch {
            return error
        }
    }

    @Test func `a value of each kind is what it says`() throws {
        #expect(try read("null") == .null)
        #expect(try read(" true ") == .boolean(true))
        #expect(try read("false") == .boolean(false))
        #expect(try read("-0.10e+2") == .number("-0.10e+2"))
        #expect(try read("\"a\"") == .string("a"))
        #expect(try read("[]") == .array([]))
        #expect(try read("[ 1 , [ ] ]") == .array([.number("1"), .array([])]))
        #expect(try read("{}") == .object([]))
        #expect(try read("{\"b\":1,\"a\":{}}") == .object([.init("b", .number("1")), .init("a", .object([]))]))
    }

    @Test(arguments: [
        (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"), (#""\u00e9\u20AC""#, "é€"), (#""\ud83d\uDE00""#, "😀"),
        (#""\u0000""#, "\u{0}"), (#""é€😀""#, "é€😀"), (#""12345678\n12345678""#, "12345678\n12345678"),
        (#""1234567é""#, "1234567é"), (#""\/Date(1)\/""#, "/Date(1)/"), ("\"\u{7F}\"", "\u{7F}"),
    ])
    func `escapes stand for their characters`(text: String, expected: String) throws {
        #expect(try read(text) == .string(expected))
    }

    @Test(arguments: [
        "", " ", "nul", "[1,", "[1", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "\"abc", "\"abc\\", "\"\\u12",
        "-",
        "1.", "1e", "1e+", "[[[", "\"\\ud83d", "\"\\ud83d\\u", "t",
    ])
    func `a text that ends too early says so at its end`(text: String) {
        let error = failure(Array(text.utf8))
        #expect(error?.reason == .truncated)
        #expect(error?.offset == text.utf8.count)
    }

    @Test(arguments: [
        ("01", 1), ("-01", 2), ("+1", 0), (".5", 0), ("1.e5", 2), ("1..2", 2), ("1 2", 2), ("[1 2]", 3), ("[1,]", 3),
        ("[,1]", 1), ("{,}", 1), ("{\"a\":1,}", 7), ("{a:1}", 1), ("{'a':1}", 1), ("{\"a\" 1}", 5), ("{\"a\":}", 5),
        ("[1}", 2), ("{\"a\":1]", 6), ("]", 0), ("True", 0), ("nulL", 3), ("nulls", 4), ("NaN", 0), ("Infinity", 0),
        ("\"\n\"", 1), ("\"a\u{0}\"", 2), ("\"\\x\"", 1), ("\"\\u12g4\"", 5), ("//\n1", 0), ("1//", 1), ("[1]x", 3),
        ("\u{FEFF}{}", 0), ("0x10", 1), ("\"12345678\u{1}\"", 9), ("{\"a\":1 \"b\":2}", 7), ("\u{C}1", 0),
        ("1\u{A0}", 1),
    ])
    func `what the grammar doesn't have is refused where it stands`(text: String, offset: Int) {
        let error = failure(Array(text.utf8))
        #expect(error?.reason == .syntax)
        #expect(error?.offset == offset)
    }

    @Test(
        arguments: [
            [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80],
            [0xED, 0xBF, 0xBF],
            [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80],
            [0xFF],
            [0xC3, 0x22], [0xE2, 0x82, 0x22], [0xF0, 0x9F, 0x98, 0x22], [0xC3, 0xC3], [0xFE],
        ] as [[UInt8]])
    func `bytes that are no UTF-8 are refused, in values and in names`(bytes: [UInt8]) {
        for prefix in ["\"", "\"1234567", "{\"", "[\"ab\",\""] {
            let text = Array(prefix.utf8) + bytes + Array("\"".utf8)
            let error = failure(text)
            #expect(error?.reason == .invalidUTF8)
            #expect(error?.offset == prefix.utf8.count)
        }
    }

    @Test(arguments: [
        #""\ud800""#, #""\udc00""#, #""\ud800x""#, #""\ud800\n     ""#, #""\ud800\ud800""#, #""\udfff\udfff""#,
        #"{"\ud800":1}"#, #""\ud83d \ude00""#,
    ])
    func `half of a surrogate pair is no character`(text: String) {
        #expect(failure(Array(text.utf8))?.reason == .invalidUTF8)
    }

    @Test func `a name that comes twice is refused where its second value stands`() {
        for count in [0, 1, 7, 8, 9, 40] {
            let others = (0..<count).map { "\"n\($0)\":0," }.joined()
            let text = "{\"a\":1,\(others)\"\\u0061\":2}"
            let error = failure(Array(text.utf8))
            #expect(error?.reason == .duplicateName)
            #expect(error?.offset == 7 + others.utf8.count)
        }
        #expect(failure(Array("{\"a\":{\"b\":1,\"b\":1}}".utf8))?.reason == .duplicateName)
        #expect(failure(Array("[{\"a\":1,\"b\":2},{\"a\":1,\"b\":2,\"a\":3}]".utf8))?.reason == .duplicateName)
        #expect(failure(Array("[{\"a\":1,\"b\":2},{\"a\":1,\"a\":2}]".utf8))?.reason == .duplicateName)
        #expect(failure(Array("[{\"a\":1},{\"a\":1}]".utf8)) == nil)
    }

    @Test func `objects with the names of the one before are read like any other`() throws {
        let text = #"[{"a":1,"b\n":2},{"a":3,"b\n":4},{"a":5},{"b":6,"a":7},{},{"a":8,"b":9,"c":10}]"#
        let node = try read(text)
        #expect(node.serialized() == Array(text.utf8))
    }

    @Test func `depth is bounded by what the caller says, and by 512 whatever he says`() throws {
        #expect(try read("[[[]]]", maxDepth: 3) == .array([.array([.array([])])]))
        #expect(failure(Array("[[[[]]]]".utf8), maxDepth: 3) == PayloadError(.tooDeep, offset: 3))
        #expect(failure(Array("[{\"a\":{}}]".utf8), maxDepth: 2) == PayloadError(.tooDeep, offset: 6))
        for bracket in ["[", "{\"a\":"] {
            let bomb = Array(String(repeating: bracket, count: 1_000_000).utf8)
            let error = failure(bomb, maxDepth: .max)
            #expect(error?.reason == .tooDeep)
            #expect(error?.offset == 512 * bracket.utf8.count)
        }
    }

    @Test func `numbers keep every digit, even a million of them`() throws {
        let digits = String(repeating: "1234567890", count: 100_000)
        #expect(try read(digits) == .number(digits))
        #expect(try read("-0." + digits + "E-" + digits) == .number("-0." + digits + "E-" + digits))
        #expect(failure(Array((digits + "x").utf8)) == PayloadError(.syntax, offset: 1_000_000))
    }

    @Test func `a text that is cut anywhere is refused, and never read as something else`() throws {
        let text = Array(#"{"a":[1,-2.5e3,"x\u00e9\n\ud83d\ude00é"],"b":{"c":null,"d":true},"e":[]}"#.utf8)
        _ = try JSONNode(parsing: text)
        for end in text.indices {
            let error = failure(Array(text[..<end]))
            #expect(error != nil, "cut at \(end)")
            #expect(error?.reason == .truncated, "cut at \(end)")
        }
    }

    @Test func `a damaged text is refused or reads as something that prints and reads again`() throws {
        var random = JSONRandom(seed: 1)
        for _ in 0..<3_000 {
            var bytes = random.node().serialized()
            for _ in 0..<random.int(1...3) where !bytes.isEmpty {
                let place = random.int(0...bytes.count - 1)
                switch random.int(0...2) {
                case 0: bytes[place] = UInt8(random.int(0...255))
                case 1: bytes.remove(at: place)
                default: bytes.insert(UInt8(random.pick([34, 92, 44, 58, 91, 93, 123, 125, 48, 0xC3])), at: place)
                }
            }
            guard let node = try? JSONNode(parsing: bytes) else { continue }
            #expect(try JSONNode(parsing: node.serialized()) == node)
        }
    }

    @Test func `an object with the first name of a large one makes no room for the rest`() throws {
        let many = (0..<10_000).map { "\"n\($0)\":0" }.joined(separator: ",")
        let node = try read("[{\(many)},{\"n0\":0},{\"n0\":0},{\"n0\":0}]")
        let last = try #require(node.elements?.last?.members)
        #expect(last == [JSONNode.Member("n0", .number("0"))])
        #expect(last.capacity < 100)
    }

    @Test func `objects with a hundred thousand names take no quadratic time`() throws {
        let members = (0..<100_000).map { "\"n\($0)\":0" }.joined(separator: ",")
        let node = try read("{\(members)}")
        #expect(node.members?.count == 100_000)
    }
}
