import Sodium
import Testing

@Suite("Hashing: BLAKE2b (RFC 7693), SHA-256 (FIPS 180-4), HMAC (RFC 4231)")
struct HashingTests {
    @Test func `BLAKE2b of "abc" is that of RFC 7693, appendix A`() throws {
        let expected = """
            ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1\
            7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923
            """
        #expect(Hex.encode(try BLAKE2b.hash(Array("abc".utf8), length: .bytes64)) == expected)
        #expect(
            Hex.encode(try BLAKE2b.hash(Array("abc".utf8)))
                == "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319")
        let digest = BLAKE2b.digest(utf8: "abc")
        #expect(digest.bytes == (try BLAKE2b.hash(Array("abc".utf8))))
        #expect(digest == BLAKE2b.digest(Array("abc".utf8)))
        #expect(digest != BLAKE2b.digest(utf8: "abd"))
    }

    @Test(arguments: [
        (
            "",
            """
            10ebb67700b1868efb4417987acf4690ae9d972fb7a590c2f02871799aaa4786\
            b5e996e8f0f4eb981fc214b005f42d2ff4233499391653df7aefcbc13fc51568
            """
        ),
        (
            "00",
            """
            961f6dd1e4dd30f63901690c512e78e4b45e4742ed197c3c5e45c549fd25f2e4\
            187b0bc9fe30492b16b0d0bc4ef9b0f34c7003fac09a5ef1532e69430234cebd
            """
        ),
    ])
    func `keyed BLAKE2b is that of the reference vectors`(message: String, expected: String) throws {
        let key = SecretBytes(copying: Array(0..<64))
        #expect(Hex.encode(try BLAKE2b.hash(bytes(message), key: key, length: .bytes64)) == expected)
        #expect(try BLAKE2b.derive(from: key, message: bytes(message), length: .bytes64).hex == expected)
    }

    @Test(arguments: [0, 15, 65])
    func `BLAKE2b refuses a key of a length it cannot take`(count: Int) {
        let key = SecretBytes.random(count: count)
        #expect(throws: SodiumError.invalidKeyLength) { try BLAKE2b.hash([1], key: key) }
        #expect(throws: SodiumError.invalidKeyLength) { try BLAKE2b.derive(from: key, message: [1]) }
    }

    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func `SHA-256 is that of FIPS 180-4, whatever the message came in`(message: String, expected: String) throws {
        let digest = SHA256.digest(utf8: message)
        #expect(Hex.encode(SHA256.hash(Array(message.utf8))) == expected)
        #expect(Hex.encode(digest.bytes) == expected)
        #expect(SHA256.digest(Array(message.utf8)) == digest)
        #expect(SHA256.digest(SecretBytes(utf8: message)) == digest)
        #expect(Digest32(digest.bytes) == digest)
        #expect(SHA256.digest(utf8: message + "x") != digest)
    }

    @Test(arguments: [0, 31, 33])
    func `a digest of another length is none`(count: Int) {
        #expect(Digest32([UInt8](repeating: 0, count: count)) == nil)
    }

    private static let longKey = String(repeating: "aa", count: 131)

    /// RFC 4231 §4.2 to §4.8 without the truncated one.
    @Test(arguments: [
        (
            String(repeating: "0b", count: 20), Array("Hi There".utf8),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        (
            "4a656665", Array("what do ya want for nothing?".utf8),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        (
            String(repeating: "aa", count: 20), [UInt8](repeating: 0xdd, count: 50),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
        ),
        (
            "0102030405060708090a0b0c0d0e0f10111213141516171819", [UInt8](repeating: 0xcd, count: 50),
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
        ),
        (
            longKey, Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
        (
            longKey,
            Array(
                """
                This is a test using a larger than block-size key and a larger than block-size data. \
                The key needs to be hashed before being used by the HMAC algorithm.
                """.utf8),
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"
        ),
    ])
    func `HMAC with SHA-256 is that of RFC 4231`(key: String, message: [UInt8], expected: String) throws {
        let key = try secret(key)
        var code = HMACSHA256.authenticate(message, key: key)
        #expect(Hex.encode(code) == expected)
        #expect(HMACSHA256.isValid(code, for: message, key: key))
        code[31] ^= 1
        #expect(!HMACSHA256.isValid(code, for: message, key: key))
        #expect(!HMACSHA256.isValid(Array(code.prefix(31)), for: message, key: key))
        #expect(!HMACSHA256.isValid([], for: message, key: key))
    }
}
