import Sodium
import StrictJSON
import Testing

@Suite("Refusing what is not JSON (RFC 8259)")
struct RefusalTests {
    private func refusal(_ bytes: [UInt8], limits: JSONLimits = .default) -> JSONParseError? {
        do throws(JSONParseError) {
            _ = try JSONDocument(parsing: bytes, limits: limits, secret: false)
            return nil
        } catch {
            return error
        }
    }

    private func refusal(_ text: String, limits: JSONLimits = .default) -> JSONParseError? {
        refusal(Array(text.utf8), limits: limits)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let text: String
        let reason: JSONParseError.Reason
        let offset: Int
        var testDescription: String { "\(reason): \(text.prefix(40))" }

        init(_ text: String, _ reason: JSONParseError.Reason, _ offset: Int) {
            self.text = text
            self.reason = reason
            self.offset = offset
        }
    }

    static let structure = [
        Case("", .unexpectedEnd, 0), Case("  ", .unexpectedEnd, 2), Case("[", .unexpectedEnd, 1),
        Case("{", .unexpectedEnd, 1), Case("[1", .unexpectedEnd, 2), Case("[1,", .unexpectedEnd, 3),
        Case("{\"a\"", .unexpectedEnd, 4), Case("{\"a\":", .unexpectedEnd, 5), Case("{\"a\":1,", .unexpectedEnd, 7),
        Case("[1,]", .unexpectedByte, 3), Case("[,1]", .unexpectedByte, 1), Case("[1,,2]", .unexpectedByte, 3),
        Case("[1 2]", .unexpectedByte, 3), Case("{\"a\":1,}", .unexpectedByte, 7), Case("{,}", .unexpectedByte, 1),
        Case("{\"a\" 1}", .unexpectedByte, 5), Case("{a:1}", .unexpectedByte, 1), Case("{'a':1}", .unexpectedByte, 1),
        Case("{1:1}", .unexpectedByte, 1), Case("{\"a\"::1}", .unexpectedByte, 5), Case("{null:1}", .unexpectedByte, 1),
        Case("[1}", .unexpectedByte, 2), Case("{\"a\":1]", .unexpectedByte, 6), Case("]", .unexpectedByte, 0),
        Case("/* */1", .unexpectedByte, 0), Case("1//x", .trailingBytes, 1), Case("1 1", .trailingBytes, 2),
        Case("{}}", .trailingBytes, 2), Case("[]x", .trailingBytes, 2), Case("{}\0", .trailingBytes, 2),
        Case("\u{C}1", .unexpectedByte, 0), Case("\u{A0}1", .unexpectedByte, 0), Case("\u{2060}[]", .unexpectedByte, 0),
        Case("\u{FEFF}{}", .byteOrderMark, 0), Case(" \u{FEFF}{}", .unexpectedByte, 1),
        Case("truee", .trailingBytes, 4), Case("tru", .unexpectedEnd, 3), Case("True", .unexpectedByte, 0),
        Case("nul1", .invalidLiteral, 3), Case("fALSE", .invalidLiteral, 1), Case("NaN", .unexpectedByte, 0),
        Case("Infinity", .unexpectedByte, 0), Case("undefined", .unexpectedByte, 0),
    ]

    static let numbers = [
        Case("01", .invalidNumber, 1), Case("-01", .invalidNumber, 2), Case("00", .invalidNumber, 1),
        Case("1.", .unexpectedEnd, 2), Case("[1.]", .invalidNumber, 3), Case(".5", .unexpectedByte, 0),
        Case("[-]", .invalidNumber, 2), Case("-", .unexpectedEnd, 1), Case("+1", .unexpectedByte, 0),
        Case("[1e]", .invalidNumber, 3), Case("[1e+]", .invalidNumber, 4), Case("1e", .unexpectedEnd, 2),
        Case("[1.e1]", .invalidNumber, 3), Case("0x10", .trailingBytes, 1), Case("1_000", .trailingBytes, 1),
        Case("[-Infinity]", .invalidNumber, 2), Case("[1e1.5]", .unexpectedByte, 4), Case("[--1]", .invalidNumber, 2),
        Case("[1-1]", .unexpectedByte, 2), Case("１", .unexpectedByte, 0), Case("[0e]", .invalidNumber, 3),
    ]

    static let strings = [
        Case("\"", .unexpectedEnd, 1), Case("\"a", .unexpectedEnd, 2), Case("\"\\", .unexpectedEnd, 2),
        Case("\"\\\"", .unexpectedEnd, 3), Case("'a'", .unexpectedByte, 0), Case("\"\n\"", .controlCharacter, 1),
        Case("\"a\tb\"", .controlCharacter, 2), Case("\"\0\"", .controlCharacter, 1),
        Case("\"\u{1F}\"", .controlCharacter, 1), Case(#""\x41""#, .invalidEscape, 1),
        Case(#""\a""#, .invalidEscape, 1),
        Case(#""\'""#, .invalidEscape, 1), Case(#""\U0041""#, .invalidEscape, 1), Case(#""\u00G1""#, .invalidEscape, 5),
        Case(#""\u004""#, .invalidEscape, 6), Case(#""\u+041""#, .invalidEscape, 3), Case(#""\u00"#, .unexpectedEnd, 5),
        Case(#""\uD800""#, .loneSurrogate, 1), Case(#""\uDC00""#, .loneSurrogate, 1),
        Case(#""\uD800x""#, .loneSurrogate, 1), Case(#""\uD800\n""#, .loneSurrogate, 1),
        Case(#""\uD800\uD800""#, .loneSurrogate, 1), Case(#""\uDC00\uD800""#, .loneSurrogate, 1),
        Case(#""\uD834\u0041""#, .loneSurrogate, 1), Case(#""ab\uDFFF""#, .loneSurrogate, 3),
        Case(#"{"\uD800":1}"#, .loneSurrogate, 2),
    ]

    static let duplicates = [
        Case(#"{"a":1,"a":1}"#, .duplicateMember, 7), Case(#"{"a":1,"\u0061":2}"#, .duplicateMember, 7),
        Case(#"{"\u0061":1,"a":2}"#, .duplicateMember, 12), Case(#"{"":1,"":2}"#, .duplicateMember, 6),
        Case(#"{"\/":1,"/":2}"#, .duplicateMember, 8), Case(#"{"ä":1,"\u00e4":2}"#, .duplicateMember, 8),
        Case(#"{"𝄞":1,"\uD834\uDD1E":2}"#, .duplicateMember, 10), Case(#"[{"x":{"k":1,"k":2}}]"#, .duplicateMember, 13),
    ]

    @Test(arguments: structure + numbers + strings + duplicates)
    func `says why and where`(item: Case) {
        #expect(refusal(item.text) == JSONParseError(reason: item.reason, offset: item.offset))
    }

    @Test(
        arguments: [
            [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC2], [0xC2, 0x22], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF],
            [0xE2, 0x82], [0xE2, 0x82, 0x22], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF0, 0x80, 0x80, 0x80],
            [0xF0, 0x8F, 0xBF, 0xBF], [0xF0, 0x9D, 0x84], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80],
            [0xF8, 0x88, 0x80, 0x80, 0x80], [0xFE], [0xFF], [0xE9],
        ] as [[UInt8]])
    func `refuses bytes that are not UTF-8`(sequence: [UInt8]) {
        let inside = refusal([0x22, 0x61] + sequence + [0x22])
        #expect(inside == JSONParseError(reason: .invalidUTF8, offset: 2))
        #expect(refusal([0x22] + sequence) == JSONParseError(reason: .invalidUTF8, offset: 1))
        #expect(refusal([0x7B, 0x22] + sequence + Array("\":1}".utf8))?.reason == .invalidUTF8)
        #expect(refusal(sequence)?.reason == .unexpectedByte)
    }

    @Test func `refuses other encodings`() {
        #expect(refusal([0xFF, 0xFE, 0x7B, 0x00, 0x7D, 0x00])?.reason == .unexpectedByte)
        #expect(refusal([0x00, 0x7B, 0x00, 0x7D])?.reason == .unexpectedByte)
        #expect(refusal([0x7B, 0x00, 0x7D, 0x00])?.reason == .unexpectedByte)
    }

    @Test(arguments: ["[", "{\"a\":", "[{\"a\":"])
    func `a bomb of nesting ends at the limit`(unit: String) {
        let bomb = Array(String(repeating: unit, count: (1 << 20) / unit.utf8.count).utf8)
        #expect(refusal(bomb)?.reason == .tooDeep)
        #expect(refusal(bomb, limits: JSONLimits(maxDepth: 100_000))?.reason == .tooDeep, "no limit lifts the last one")
    }

    @Test func `nesting up to the limit is read`() {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(refusal(nested(32)) == nil)
        #expect(refusal(nested(33)) == JSONParseError(reason: .tooDeep, offset: 32))
        #expect(refusal("[{}]", limits: JSONLimits(maxDepth: 1))?.reason == .tooDeep)
    }

    @Test func `length, values and NUL have their limits`() {
        #expect(refusal("[1,2]", limits: JSONLimits(maxBytes: 4)) == JSONParseError(reason: .tooLarge, offset: 4))
        #expect(refusal("[1,2]", limits: JSONLimits(maxBytes: 5)) == nil)
        #expect(refusal("[1,2]", limits: JSONLimits(maxValues: 2))?.reason == .tooManyValues)
        #expect(refusal("[1,2]", limits: JSONLimits(maxValues: 3)) == nil)
        let zeros = "[" + String(repeating: "0,", count: 200_000) + "0]"
        #expect(refusal(zeros)?.reason == .tooManyValues)
        #expect(refusal(#""a\u0000""#, limits: JSONLimits(refusesNUL: true))?.reason == .nulCharacter)
        #expect(refusal(#""a\u0000""#) == nil)
    }

    @Test func `finds a duplicate among many names`() {
        let names = (0..<20_000).map { "\"key\($0)\":0" }
        #expect(refusal("{" + names.joined(separator: ",") + "}") == nil)
        let last = refusal("{" + names.joined(separator: ",") + #","\u006bey17":0}"#)
        #expect(last?.reason == .duplicateMember)
    }

    @Test func `every cut of a document is refused`() {
        let whole = Array(#"{"a":[1.5e3,"x\u00e4ö",true,null],"b":{"c":"\uD834\uDD1E"}}"#.utf8)
        #expect(refusal(whole) == nil)
        for length in 0..<whole.count {
            #expect(refusal(Array(whole.prefix(length))) != nil)
        }
    }

    @Test func `random changes are refused or read, and never trap`() {
        let whole = Array(#"{"a":[1.5e3,"x\u00e4ö",true,null],"b":{"c":"\uD834\uDD1E","d":-0.1}}"#.utf8)
        for _ in 0..<20_000 {
            var altered = whole
            for _ in 0..<Int.random(in: 1...4) { altered[Int.random(in: 0..<whole.count)] = UInt8.random(in: 0...255) }
            guard let document = try? JSONDocument(parsing: altered, secret: false) else { continue }
            // What was read can be written, and reads back the same.
            guard let value = JSONValue(document.root) else { continue }
            #expect((try? JSONValue.parse(value.encoded)) == value)
        }
    }

    @Test func `an error shows nothing of the text`() {
        let error = refusal(#"{"password":"canary-77"#)
        #expect(!"\(String(describing: error)) \(String(reflecting: error))".contains("canary"))
    }
}
