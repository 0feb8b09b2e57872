import Domain
import Sodium
import Testing

@testable import Vault

@Suite("Sealing a secret for its place")
struct EnvelopeTests {
    private let key = SecretBytes(copying: Array(0..<32))
    private let nonce = Array<UInt8>(100..<124)

    private func seal(_ text: String, _ aad: AAD, version: Int32 = 3) throws -> [UInt8] {
        try Envelope.seal(SecretBytes(utf8: text), key: key, keyVersion: version, aad: aad, nonce: nonce)
    }

    private func refusal(_ sealed: [UInt8], key: SecretBytes? = nil, _ aad: AAD) -> VaultError? {
        do throws(VaultError) {
            _ = try Envelope.open(sealed, key: key ?? self.key, aad: aad)
            return nil
        } catch {
            return error
        }
    }

    @Test func `has exactly the documented bytes`() throws {
        // Computed outside this program from the layout and the definitions of BLAKE2b and XChaCha20-Poly1305.
        let expected = """
            5350010101000000036465666768696a6b6c6d6e6f707172737475767778797a\
            7ba91863451f1633fbe1070af5452c9da0d89c6a6c1b7ea34a94ff2f99205c86\
            8658854209210fcf1954cdef0abd565372f6ad647e5b0f417b2211e5
            """
        let sealed = try seal("open sesame", Fixture.credential())
        #expect(Hex.encode(sealed) == expected)
        #expect(sealed.count == 11 + Envelope.overhead)
    }

    @Test(arguments: [0, 1, 200, 8192, 100_000])
    func `opens in its place to what was sealed`(count: Int) throws {
        let plaintext = SecretBytes.random(count: count)
        let aad = Fixture.credential()
        let sealed = try Envelope.seal(plaintext, key: key, keyVersion: 1, aad: aad, nonce: Random.bytes(24))
        #expect(sealed.count == count + 81)
        #expect(try Envelope.open(sealed, key: key, aad: aad).constantTimeEquals(plaintext))
        let header = try Envelope.Header(of: sealed)
        #expect(header.kind == .credential)
        #expect(header.keyVersion == 1)
    }

    @Test func `two seals of one secret have nothing in common`() throws {
        let aad = Fixture.credential()
        let one = try Envelope.seal(
            SecretBytes(utf8: "same"), key: key, keyVersion: 1, aad: aad, nonce: Random.bytes(24))
        let two = try Envelope.seal(
            SecretBytes(utf8: "same"), key: key, keyVersion: 1, aad: aad, nonce: Random.bytes(24))
        #expect(one[9...] != two[9...])
        #expect(one[33..<65] != two[33..<65])
    }

    /// Every way to be somewhere else: for each kind, each field with two values, the others the same.
    static let places: [AAD] = {
        var places: [AAD] = []
        for (environment, tenant, record) in [(1, 2, 3), (9, 2, 3), (1, 9, 3), (1, 2, 9), (2, 1, 3)]
            as [(UInt64, UInt64, UInt64)]
        {
            for (table, field) in [("credentials", "entered"), ("credential", "sentered"), ("credentialsentered", "")] {
                for version in [0, 1, 256, 72_057_594_037_927_936] as [Int64] {
                    for type in ["basic", "token_set"] {
                        places.append(
                            .credential(
                                environment: Fixture.environment(environment), tenant: Fixture.tenant(tenant),
                                table: table, recordID: Fixture.connection(record), field: field,
                                recordVersion: version, credentialType: type))
                    }
                }
            }
        }
        for environment in [1, 9] as [UInt64] {
            let environment = Fixture.environment(environment)
            for integration in [4, 9] as [UInt64] {
                for (field, version) in [("client_secret", 1), ("client_secret", 2), ("client_id", 1)]
                    as [(String, Int64)]
                {
                    places.append(
                        .integrationSecret(
                            environment: environment, integration: Fixture.integration(integration), field: field,
                            recordVersion: version))
                }
            }
            for (kid, algorithm) in [("a", "EdDSA"), ("b", "EdDSA"), ("a", "ES256"), ("aE", "dDSA")] {
                for (from, until) in [(1, nil), (2, nil), (1, 2), (1, 3)] as [(Int64, Int64?)] {
                    places.append(
                        .signingKey(
                            environment: environment, kid: kid, algorithm: algorithm,
                            notBefore: Timestamp(microseconds: from),
                            notAfter: until.map { Timestamp(microseconds: $0) }))
                }
            }
            for (version, root) in [(1, "r1"), (2, "r1"), (1, "r2")] as [(Int32, String)] {
                places.append(.environmentKey(environment: environment, version: version, rootID: root))
                for tenant in [2, 9] as [UInt64] {
                    places.append(
                        .tenantKey(
                            environment: environment, tenant: Fixture.tenant(tenant), version: version, rootID: root))
                }
            }
        }
        return places
    }()

    @Test func `opens in no other place, for every pair of places`() throws {
        let places = Self.places
        #expect(places.count > 150)
        #expect(Set(places.map { $0.encoded(format: 1, keyVersion: 3) }).count == places.count)
        let sealed = try places.map { try seal("secret", $0) }
        var refused = 0
        for (index, envelope) in sealed.enumerated() {
            for (other, place) in places.enumerated() {
                let error = refusal(envelope, place)
                if index == other {
                    #expect(error == nil)
                } else if places[index].kind == place.kind {
                    #expect(error == .commitmentMismatch)
                    refused += error == nil ? 0 : 1
                } else {
                    #expect(error == .wrongKind)
                    refused += error == nil ? 0 : 1
                }
            }
        }
        #expect(refused == places.count * (places.count - 1))
    }

    @Test func `refuses an envelope whose kind was rewritten`() throws {
        // An integration secret and a tenant key with the same fields still differ by kind.
        var sealed = try seal("x", Fixture.credential())
        for kind in EnvelopeKind.allCases where kind != .credential {
            sealed[3] = kind.rawValue
            #expect(refusal(sealed, Fixture.credential()) == .wrongKind)
        }
    }

    @Test func `refuses every flipped bit`() throws {
        let sealed = try seal("open sesame", Fixture.credential())
        for bit in 0..<sealed.count * 8 {
            var altered = sealed
            altered[bit / 8] ^= 1 << (bit % 8)
            let error = try #require(refusal(altered, Fixture.credential()), "bit \(bit)")
            #expect(error.isTampering)
            // Whatever the commitment covers is refused by it; only ciphertext and tag reach the cipher.
            switch bit / 8 {
            case 5..<65 where error != .malformed: #expect(error == .commitmentMismatch)
            case 65...: #expect(error == .authenticationFailed)
            default: break
            }
        }
    }

    @Test func `refuses every truncation and every extension`() throws {
        let sealed = try seal("open sesame", Fixture.credential())
        for length in 0..<sealed.count {
            let expected: VaultError = length < 81 ? .malformed : .authenticationFailed
            #expect(refusal(Array(sealed.prefix(length)), Fixture.credential()) == expected)
        }
        #expect(refusal(sealed + [0], Fixture.credential()) == .authenticationFailed)
        #expect(refusal(Array(sealed.dropFirst()), Fixture.credential()) == .malformed)
    }

    @Test func `another key is refused by the commitment, before anything is decrypted`() throws {
        let sealed = try seal("open sesame", Fixture.credential())
        #expect(refusal(sealed, key: SecretBytes.random(count: 32), Fixture.credential()) == .commitmentMismatch)
        // Even with a broken ciphertext: the cipher was never asked.
        var broken = sealed
        broken[70] ^= 1
        #expect(refusal(broken, key: SecretBytes.random(count: 32), Fixture.credential()) == .commitmentMismatch)
    }

    @Test func `the key version is bound`() throws {
        var sealed = try seal("x", Fixture.credential(), version: 3)
        sealed[8] = 4
        #expect(refusal(sealed, Fixture.credential()) == .commitmentMismatch)
        sealed[8] = 0
        #expect(refusal(sealed, Fixture.credential()) == .malformed, "versions count from 1")
        sealed[5] = 0x80
        #expect(refusal(sealed, Fixture.credential()) == .malformed, "out of range")
    }

    @Test func `unknown formats and algorithms are told apart from damage`() throws {
        let sealed = try seal("x", Fixture.credential())
        for position in [2, 4] {
            var newer = sealed
            newer[position] = 2
            #expect(refusal(newer, Fixture.credential()) == .unsupportedFormat)
        }
        var foreign = sealed
        foreign[0] = 0
        #expect(refusal(foreign, Fixture.credential()) == .malformed)
        #expect(refusal([], Fixture.credential()) == .malformed)
    }

    @Test func `refuses keys, nonces and versions of another shape`() {
        let text = SecretBytes(utf8: "x")
        let attempts: [(SecretBytes, Int32, [UInt8])] = [
            (SecretBytes.random(count: 31), 1, nonce), (SecretBytes.random(count: 64), 1, nonce), (key, 0, nonce),
            (key, -1, nonce), (key, 1, []), (key, 1, nonce + [0]),
        ]
        for (key, version, nonce) in attempts {
            #expect(throws: VaultError.malformed) {
                try Envelope.seal(text, key: key, keyVersion: version, aad: Fixture.credential(), nonce: nonce)
            }
        }
    }
}
