import Sodium
import Testing

@Suite("Signing with Ed25519 (RFC 8032)")
struct Ed25519Tests {
    struct Vector: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let seed: String
        let publicKey: String
        let message: String
        let signature: String
    }

    static let vectors = [
        Vector(
            testDescription: "§7.1 test 1",
            seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            publicKey: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            message: "",
            signature: """
                e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155\
                5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b
                """),
        Vector(
            testDescription: "§7.1 test 2",
            seed: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            publicKey: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            message: "72",
            signature: """
                92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00
                """),
        Vector(
            testDescription: "§7.1 test 3",
            seed: "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            publicKey: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            message: "af82",
            signature: """
                6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac\
                18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a
                """),
    ]

    @Test(arguments: vectors)
    func `signs and verifies the published vector`(vector: Vector) throws {
        let key = try Ed25519.PrivateKey(seed: secret(vector.seed))
        #expect(Hex.encode(key.publicKey) == vector.publicKey)
        let message = try bytes(vector.message)
        #expect(Hex.encode(key.sign(message)) == vector.signature)
        #expect(Ed25519.isValid(try bytes(vector.signature), for: message, publicKey: key.publicKey))
    }

    @Test func `refuses every flipped bit of a signature`() throws {
        let key = try Ed25519.PrivateKey(seed: SecretBytes.random(count: 32))
        let signature = key.sign([1, 2, 3])
        for bit in 0..<512 {
            var altered = signature
            altered[bit / 8] ^= 1 << (bit % 8)
            #expect(!Ed25519.isValid(altered, for: [1, 2, 3], publicKey: key.publicKey))
        }
        #expect(!Ed25519.isValid(signature, for: [1, 2, 4], publicKey: key.publicKey))
        #expect(!Ed25519.isValid(signature, for: [], publicKey: key.publicKey))
    }

    @Test func `refuses signatures and keys of another length`() throws {
        let key = try Ed25519.PrivateKey(seed: SecretBytes.random(count: 32))
        let signature = key.sign([1])
        #expect(!Ed25519.isValid(Array(signature.prefix(63)), for: [1], publicKey: key.publicKey))
        #expect(!Ed25519.isValid(signature + [0], for: [1], publicKey: key.publicKey))
        #expect(!Ed25519.isValid([], for: [1], publicKey: key.publicKey))
        #expect(!Ed25519.isValid(signature, for: [1], publicKey: []))
        #expect(!Ed25519.isValid(signature, for: [1], publicKey: key.publicKey + [0]))
        #expect(throws: SodiumError.invalidKeyLength) { try Ed25519.PrivateKey(seed: SecretBytes.random(count: 31)) }
        #expect(throws: SodiumError.invalidKeyLength) { try Ed25519.PrivateKey(seed: SecretBytes.random(count: 64)) }
    }

    @Test func `refuses a signature whose scalar is not reduced`() throws {
        // RFC 8032 §8.4: S + L verifies under the equation, but is another signature of the same message.
        let order = try bytes("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
        let key = try Ed25519.PrivateKey(seed: secret(Self.vectors[0].seed))
        var signature = key.sign([])
        var carry = 0
        for index in 0..<32 {
            let sum = Int(signature[32 + index]) + Int(order[index]) + carry
            signature[32 + index] = UInt8(sum & 0xFF)
            carry = sum >> 8
        }
        #expect(carry == 0)
        #expect(!Ed25519.isValid(signature, for: [], publicKey: key.publicKey))
    }

    @Test(arguments: [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    ])
    func `refuses public keys of small order`(publicKey: String) throws {
        let key = try bytes(publicKey)
        let identity: [UInt8] = [1] + [UInt8](repeating: 0, count: 31)
        let signature = identity + [UInt8](repeating: 0, count: 32)
        #expect(!Ed25519.isValid(signature, for: [1], publicKey: key))
    }
}
