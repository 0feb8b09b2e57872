import OpenSSLCrypto
import Sodium
import Testing

@Suite("Hashing (FIPS 180-4, RFC 4231)")
struct DigestTests {
    private func hex(_ bytes: [UInt8]) -> String { Hex.encode(bytes) }

    @Test func `hashes the published messages`() throws {
        #expect(try hex(Digest.sha256([])) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(
            try hex(Digest.sha256(Array("abc".utf8)))
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        let million = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)
        #expect(try hex(Digest.sha256(million)) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
        #expect(try Digest.sha256(million) == SHA256.hash(million))
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let key: [UInt8]
        let message: [UInt8]
        let mac: String
    }

    static let cases = [
        Case(
            testDescription: "RFC 4231 §4.2", key: .init(repeating: 0x0B, count: 20), message: Array("Hi There".utf8),
            mac: "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        Case(
            testDescription: "RFC 4231 §4.3", key: Array("Jefe".utf8),
            message: Array("what do ya want for nothing?".utf8),
            mac: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        Case(
            testDescription: "RFC 4231 §4.4", key: .init(repeating: 0xAA, count: 20),
            message: .init(repeating: 0xDD, count: 50),
            mac: "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
        Case(
            testDescription: "RFC 4231 §4.7, a key longer than a block", key: .init(repeating: 0xAA, count: 131),
            message: Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
            mac: "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
    ]

    @Test(arguments: cases)
    func `computes the published codes`(_ vector: Case) throws {
        #expect(
            try hex(Digest.hmacSHA256(key: SecretBytes(copying: vector.key), message: vector.message)) == vector.mac)
    }

    @Test func `takes an empty key and an empty message`() throws {
        let mac = try Digest.hmacSHA256(key: SecretBytes(copying: []), message: [])
        #expect(hex(mac) == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
    }
}
