import Sodium
import Testing

@Suite("Base16 and base64 (RFC 4648)")
struct EncodingTests {
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func `base64 is that of §10, in both alphabets and both kinds of memory`(text: String, encoded: String) {
        let plain = Array(text.utf8)
        let unpadded = String(encoded.prefix { $0 != "=" })
        #expect(Base64.encode(plain) == encoded)
        #expect(Base64.decode(encoded) == plain)
        #expect(Base64URL.encode(plain) == unpadded)
        #expect(Base64URL.decode(unpadded) == plain)
        #expect(Base64.encode(SecretBytes(utf8: text)).revealUTF8(for: .test) == encoded)
        #expect(Base64.decode(SecretBytes(utf8: encoded))?.revealUTF8(for: .test) == text)
        #expect(Base64URL.encode(SecretBytes(utf8: text)).revealUTF8(for: .test) == unpadded)
        #expect(Base64URL.decode(SecretBytes(utf8: unpadded))?.revealUTF8(for: .test) == text)
    }

    @Test func `the last two characters are the alphabet's own`() {
        #expect(Base64.encode([0xFB, 0xFF]) == "+/8=")
        #expect(Base64URL.encode([0xFB, 0xFF]) == "-_8")
    }

    @Test(arguments: [
        "Zg==", "Zm8=", "Z", "Zm9vY", "Zh", "Zm9", "Zm9v ", " Zm9v", "Zm9v\n", "Zm+v", "Zm/v", "Zm9v\0", "Zm9vé", "=",
        "====",
        "Zm.v", "Zm9v=",
    ])
    func `base64url refuses padding, foreign characters and trailing bits`(text: String) {
        #expect(Base64URL.decode(text) == nil)
        #expect(Base64URL.decode(SecretBytes(utf8: text)) == nil)
    }

    @Test(arguments: ["Zg", "Zg=", "Zh==", "Zm9=", "Zm9v=", "Zm-v", "Zm_v", "Zm9v\n", "Z===", "=", "====", "Zg==Zg=="])
    func `base64 refuses missing padding, foreign characters and trailing bits`(text: String) {
        #expect(Base64.decode(text) == nil)
        #expect(Base64.decode(SecretBytes(utf8: text)) == nil)
    }

    @Test func `every length comes back`() {
        for count in 0..<200 {
            let plain = Random.bytes(count)
            #expect(Base64URL.decode(Base64URL.encode(plain)) == plain)
            #expect(Base64.decode(Base64.encode(plain)) == plain)
            #expect(Hex.decode(Hex.encode(plain)) == plain)
        }
    }

    @Test func `hexadecimal is written in lower case and read in either`() {
        #expect(Hex.encode([0x00, 0xAB, 0xFF]) == "00abff")
        #expect(Hex.decode("00ABff") == [0x00, 0xAB, 0xFF])
        #expect(Hex.decode(SecretBytes(utf8: "00ABff"))?.revealBytes(for: .test) == [0x00, 0xAB, 0xFF])
        #expect(Hex.decode("") == [])
    }

    @Test(arguments: ["0", "0g", "0x", " 00", "00\n", "000", "００"])
    func `hexadecimal refuses odd lengths and other characters`(text: String) {
        #expect(Hex.decode(text) == nil)
        #expect(Hex.decode(SecretBytes(utf8: text)) == nil)
    }

    @Test func `constant-time comparison tells content and length apart`() {
        #expect(ConstantTime.equals([], []))
        #expect(ConstantTime.equals([1, 2], [1, 2]))
        #expect(!ConstantTime.equals([1, 2], [1, 3]))
        #expect(!ConstantTime.equals([1, 2], [1, 2, 3]))
        #expect(!ConstantTime.equals([], [0]))
    }
}
