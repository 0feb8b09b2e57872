import Sodium
import Testing

/// The vector of draft-irtf-cfrg-xchacha-03, appendix A.3.1.
@Suite("Sealing with XChaCha20-Poly1305")
struct XChaCha20Poly1305Tests {
    private static let plaintext = """
        Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, \
        sunscreen would be it.
        """
    private static let sealed = """
        bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb\
        731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452\
        2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9\
        21f9664c97637da9768812f615c68b13b52e\
        c0875924c1c7987947deafd8780acf49
        """
    private let key = SecretBytes(copying: Array(0x80...0x9F))
    private let nonce = Array<UInt8>(0x40...0x57)
    private let aad: [UInt8]

    init() throws {
        aad = try bytes("50515253c0c1c2c3c4c5c6c7")
    }

    @Test func `seals and opens the published vector`() throws {
        let sealed = try XChaCha20Poly1305.seal(SecretBytes(utf8: Self.plaintext), key: key, nonce: nonce, aad: aad)
        #expect(Hex.encode(sealed) == Self.sealed)
        let opened = try XChaCha20Poly1305.open(sealed, key: key, nonce: nonce, aad: aad)
        #expect(opened.revealUTF8(for: .test) == Self.plaintext)
    }

    @Test func `an empty plaintext is still authenticated`() throws {
        let empty = SecretBytes(utf8: "")
        var sealed = try XChaCha20Poly1305.seal(empty, key: key, nonce: nonce, aad: [])
        #expect(sealed.count == 16)
        #expect(try XChaCha20Poly1305.open(sealed, key: key, nonce: nonce, aad: []).count == 0)
        sealed[0] ^= 1
        #expect(throws: SodiumError.authenticationFailed) {
            try XChaCha20Poly1305.open(sealed, key: key, nonce: nonce, aad: [])
        }
    }

    @Test func `refuses every flipped bit and every truncation`() throws {
        let sealed = try bytes(Self.sealed)
        for bit in 0..<sealed.count * 8 {
            var altered = sealed
            altered[bit / 8] ^= 1 << (bit % 8)
            #expect(throws: SodiumError.authenticationFailed) {
                try XChaCha20Poly1305.open(altered, key: key, nonce: nonce, aad: aad)
            }
        }
        for length in 0..<sealed.count {
            #expect(throws: SodiumError.authenticationFailed) {
                try XChaCha20Poly1305.open(Array(sealed.prefix(length)), key: key, nonce: nonce, aad: aad)
            }
        }
    }

    @Test func `refuses another key, nonce or additional data`() throws {
        let sealed = try bytes(Self.sealed)
        var otherNonce = nonce
        otherNonce[23] ^= 1
        let attempts: [(SecretBytes, [UInt8], [UInt8])] = [
            (SecretBytes.random(count: 32), nonce, aad), (key, otherNonce, aad), (key, nonce, aad + [0]),
            (key, nonce, []),
        ]
        for (key, nonce, aad) in attempts {
            #expect(throws: SodiumError.authenticationFailed) {
                try XChaCha20Poly1305.open(sealed, key: key, nonce: nonce, aad: aad)
            }
        }
    }

    @Test func `refuses keys and nonces of another length`() throws {
        let text = SecretBytes(utf8: "x")
        for count in [0, 31, 33] {
            let short = SecretBytes.random(count: count)
            #expect(throws: SodiumError.invalidKeyLength) {
                try XChaCha20Poly1305.seal(text, key: short, nonce: nonce, aad: [])
            }
            #expect(throws: SodiumError.invalidKeyLength) {
                try XChaCha20Poly1305.open(aad + nonce, key: short, nonce: nonce, aad: [])
            }
        }
        for count in [0, 12, 23, 25] {
            let nonce = Random.bytes(count)
            #expect(throws: SodiumError.invalidNonceLength) {
                try XChaCha20Poly1305.seal(text, key: key, nonce: nonce, aad: [])
            }
            #expect(throws: SodiumError.invalidNonceLength) {
                try XChaCha20Poly1305.open(aad + nonce, key: key, nonce: nonce, aad: [])
            }
        }
    }
}
