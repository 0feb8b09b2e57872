import Sodium
import Testing
import Vault

@Suite("Encoding the fields of a credential")
struct SecretFieldsTests {
    private func fields(_ pairs: KeyValuePairs<String, String>) -> SecretFields {
        SecretFields(pairs.map { ($0.key, SecretBytes(utf8: $0.value)) })
    }

    private func encoding(_ pairs: KeyValuePairs<String, String>) -> [UInt8] {
        fields(pairs).encoded().revealBytes(for: .test)
    }

    private func refusal(_ bytes: [UInt8]) -> VaultError? {
        do throws(VaultError) {
            _ = try SecretFields(decoding: SecretBytes(copying: bytes))
            return nil
        } catch {
            return error
        }
    }

    @Test func `keeps names, values and order`() throws {
        let decoded = try SecretFields(decoding: fields(["user": "anna", "password": "pä\0ss", "empty": ""]).encoded())
        #expect(decoded.names == ["user", "password", "empty"])
        #expect(decoded["password"]?.revealUTF8(for: .test) == "pä\0ss")
        #expect(decoded["empty"]?.count == 0)
        #expect(decoded["missing"] == nil)
        #expect(try SecretFields(decoding: SecretFields().encoded()).isEmpty)
    }

    @Test func `different fields never give the same bytes`() {
        let all: [[UInt8]] = [
            encoding([:]), encoding(["": ""]), encoding(["a": "bc"]), encoding(["ab": "c"]), encoding(["abc": ""]),
            encoding(["": "abc"]), encoding(["a": "b", "c": "d"]), encoding(["c": "d", "a": "b"]),
            encoding(["a": "b\u{0}\u{0}\u{0}\u{1}c"]),
        ]
        #expect(Set(all).count == all.count)
    }

    @Test func `has exactly the documented bytes`() {
        #expect(Hex.encode(encoding(["u": "xy"])) == "01" + "00000001" + "00000001" + "75" + "00000002" + "7879")
    }

    @Test func `refuses every cut and every extension`() {
        let whole = encoding(["user": "anna", "password": "pass"])
        for length in 0..<whole.count { #expect(refusal(Array(whole.prefix(length))) == .malformed) }
        #expect(refusal(whole + [0]) == .malformed)
        #expect(refusal(whole) == nil)
    }

    @Test func `refuses repeated names, bad names, foreign versions and absurd lengths`() throws {
        let twice = encoding(["a": "1", "b": "2"]).map { $0 == UInt8(ascii: "b") ? UInt8(ascii: "a") : $0 }
        #expect(refusal(twice) == .malformed)
        #expect(refusal(encoding(["u": "x"]).map { $0 == UInt8(ascii: "u") ? 0xFF : $0 }) == .malformed)
        #expect(refusal([2, 0, 0, 0, 0]) == .unsupportedFormat)
        #expect(refusal([1, 0xFF, 0xFF, 0xFF, 0xFF]) == .malformed)
        #expect(refusal([1, 0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0x61]) == .malformed)
        #expect(refusal([1, 0, 0, 1, 1]) == .malformed)
    }

    @Test func `setting and removing leave the original alone`() {
        let original = fields(["a": "1", "b": "2"])
        let changed = original.setting("a", to: SecretBytes(utf8: "9")).setting("c", to: SecretBytes(utf8: "3"))
        #expect(changed.names == ["a", "b", "c"])
        #expect(changed["a"]?.revealUTF8(for: .test) == "9")
        #expect(changed.removing("b").names == ["a", "c"])
        #expect(original.names == ["a", "b"])
        #expect(original["a"]?.revealUTF8(for: .test) == "1")
    }

    @Test func `shows neither names nor values`() {
        let secret = fields(["user-canary": "value-canary"])
        var dumped = ""
        dump(secret, to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), dumped] { #expect(!text.contains("canary")) }
    }
}
