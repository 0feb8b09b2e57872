import Connections
import Domain
import Identity
import Sodium
import TestSupport
import Testing

@Suite("The text of an API key")
struct APIKeySecretTests {
    private let id = APIKeyID(high: 0x0190_1234_5678_7ABC, low: 0x9ABC_DEF0_1234_5678)

    private func parse(_ text: [UInt8]) -> APIKeySecret? { APIKeySecret(SecretBytes(copying: text)) }

    @Test func `is 80 characters that name the key, and parses back to the same hash`() throws {
        let minted = APIKeySecret.mint(id: id)
        let text = try #require(minted.secret.revealUTF8(for: .test))
        #expect(text.utf8.count == 80)
        #expect(text.hasPrefix("sp_" + id.description.dropFirst(4) + "_"))
        let parsed = try #require(APIKeySecret(minted.secret))
        #expect(parsed.id == id)
        #expect(parsed.hash == minted.hash)
        #expect(minted.hash.count == 32)
    }

    @Test func `is another one each time`() {
        let hashes = (0..<100).map { _ in APIKeySecret.mint(id: id).hash }
        #expect(Set(hashes).count == 100)
    }

    @Test func `binds the hash to the key's id`() throws {
        let minted = APIKeySecret.mint(id: id)
        let bytes = minted.secret.revealBytes(for: .test)
        let other = APIKeyID(high: 1, low: 2)
        // Another id before the same secret: the checksum fails, and a right one, which anybody can compute, doesn't help.
        let moved = Array("sp_\(other.description.dropFirst(4))".utf8) + Array(bytes[29..<73])
        #expect(parse(moved + Array(bytes[73...])) == nil)
        let check = try BLAKE2b.hash(moved, key: SecretBytes(utf8: "sallyport/api-key/checksum/1"))
        let bits = check.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
        let checksum = (0..<6).map { alphabet[Int(bits >> (27 - 5 * UInt32($0)) & 31)] }
        let parsed = try #require(parse(moved + [UInt8(ascii: "_")] + checksum))
        #expect(parsed.id == other)
        #expect(parsed.hash != minted.hash)
    }

    @Test func `refuses any single typo, cut or addition`() {
        let bytes = APIKeySecret.mint(id: id).secret.revealBytes(for: .test)
        for index in bytes.indices {
            for change in [1, 2, 0x20] as [UInt8] {
                var typo = bytes
                typo[index] ^= change
                if parse(typo) != nil { Issue.record("typo at \(index)") }
            }
            var cut = bytes
            cut.remove(at: index)
            if parse(cut) != nil { Issue.record("cut at \(index)") }
            var longer = bytes
            longer.insert(UInt8(ascii: "a"), at: index)
            if parse(longer) != nil { Issue.record("addition at \(index)") }
        }
        for index in bytes.indices.dropLast() where bytes[index] != bytes[index + 1] {
            var swapped = bytes
            swapped.swapAt(index, index + 1)
            if parse(swapped) != nil { Issue.record("swap at \(index)") }
        }
    }

    @Test func `refuses what is no key`() {
        let key = APIKeySecret.mint(id: id).secret.revealBytes(for: .test)
        for text in [
            [], Array("sp_".utf8), [UInt8](repeating: 0, count: 80), [UInt8](repeating: 0xFF, count: 80), key + key,
            Array("Bearer ".utf8) + key, key + [UInt8(ascii: "\n")], [UInt8(ascii: " ")] + key,
        ] {
            #expect(parse(text) == nil)
        }
    }

    @Test func `shows nothing of itself`() throws {
        let minted = APIKeySecret.mint(id: id)
        let text = try #require(minted.secret.revealUTF8(for: .test))
        let parsed = try #require(APIKeySecret(minted.secret))
        var dumped = ""
        dump(parsed, to: &dumped)
        for shown in ["\(parsed)", String(reflecting: parsed), dumped, "\(minted.secret)"] {
            #expect(!shown.contains(text.dropFirst(30).prefix(43)))
        }
    }
}

@Suite("Authenticating with an API key")
struct APIKeyAuthenticatorTests {
    private let world: IdentityWorld

    init() async throws { world = try await IdentityWorld() }

    private func make(
        _ id: APIKeyID = APIKeyID(high: 21, low: 22), tenant: TenantID? = nil, permissions: PermissionSet = .proxy,
        expiresAt: Timestamp? = nil
    ) async throws -> SecretBytes {
        let minted = APIKeyMinter().mint(id)
        let environment = world.base.environment.id
        try await FakeAPIKeyStore(world.base.database).create(
            APIKey(
                id: id, environmentID: environment, tenantID: tenant, name: "k", permissions: permissions,
                secretHash: minted.secretHash, createdAt: world.now, expiresAt: expiresAt, revokedAt: nil),
            audit: event(environment))
        return minted.text
    }

    private func event(_ environment: EnvironmentID) -> AuditEvent {
        .test(environment, IdentifierSource(clock: world.base.clock.wall, random: world.base.random), at: world.now)
    }

    private func refusal(_ key: SecretBytes, claimedID: APIKeyID? = nil) async -> AuthenticationError? {
        do throws(AuthenticationError) {
            _ = try await world.authenticator.authenticate(key, claimedID: claimedID)
            return nil
        } catch {
            return error
        }
    }

    @Test func `gives the key's environment, tenant and permissions`() async throws {
        let key = try await make(tenant: world.base.tenant.id, permissions: [.proxy, .readAudit])
        let principal = try await world.authenticator.authenticate(key)
        #expect(principal.identity == .apiKey(APIKeyID(high: 21, low: 22)))
        #expect(principal.environmentID == world.base.environment.id)
        #expect(principal.tenantID == world.base.tenant.id)
        #expect(principal.permissions == [.proxy, .readAudit])
        #expect(principal.restriction == nil)
    }

    @Test func `reads a key once in a minute`() async throws {
        let key = try await make()
        for _ in 0..<50 { _ = try await world.authenticator.authenticate(key) }
        #expect(world.base.database.calls(of: .apiKeyAuthenticate) == 1)
        world.base.clock.advance(by: APIKeyAuthenticator.memory)
        _ = try await world.authenticator.authenticate(key)
        #expect(world.base.database.calls(of: .apiKeyAuthenticate) == 2)
    }

    @Test func `refuses a well-formed key that nobody made, and a wrong secret of one that somebody did`() async throws
    {
        _ = try await make()
        #expect(await refusal(APIKeySecret.mint(id: APIKeyID(high: 1, low: 1)).secret) == .refused)
        #expect(await refusal(APIKeySecret.mint(id: APIKeyID(high: 21, low: 22)).secret) == .refused)
    }

    @Test func `asks the database about nothing that isn't well-formed`() async throws {
        for text in ["", "sp_", "password", String(repeating: "a", count: 80), String(repeating: "a", count: 100_000)] {
            #expect(await refusal(SecretBytes(utf8: text)) == .refused)
        }
        #expect(world.base.database.calls(of: .apiKeyAuthenticate) == 0)
    }

    @Test func `refuses a key under another id than its own`() async throws {
        let key = try await make()
        #expect(await refusal(key, claimedID: APIKeyID(high: 21, low: 22)) == nil)
        #expect(await refusal(key, claimedID: APIKeyID(high: 21, low: 23)) == .refused)
    }

    @Test func `refuses a key from the instant at which it expires`() async throws {
        let key = try await make(expiresAt: world.now + .seconds(10))
        world.base.clock.advance(by: .seconds(10) - .microseconds(1))
        #expect(await refusal(key) == nil)
        world.base.clock.advance(by: .microseconds(1))
        #expect(await refusal(key) == .refused)
    }

    @Test func `refuses a revoked key as soon as the revocation is known`() async throws {
        let key = try await make()
        #expect(await refusal(key) == nil)
        let environment = world.base.environment.id
        try await FakeAPIKeyStore(world.base.database).revoke(
            APIKeyID(high: 21, low: 22), in: ReadScope(environmentID: environment, tenantID: nil), at: world.now,
            audit: event(environment))
        // Still cached; the announcement, or the poll behind it, ends it.
        try await world.revocations.load()
        #expect(await refusal(key) == .refused)
    }

    @Test func `refuses a revoked key that it never saw before`() async throws {
        let key = try await make()
        let environment = world.base.environment.id
        try await FakeAPIKeyStore(world.base.database).revoke(
            APIKeyID(high: 21, low: 22), in: ReadScope(environmentID: environment, tenantID: nil), at: world.now,
            audit: event(environment))
        #expect(await refusal(key) == .refused)
    }

    @Test func `looks again at every key after a revocation of any`() async throws {
        let key = try await make()
        _ = try await world.authenticator.authenticate(key)
        world.epoch.advance()
        _ = try await world.authenticator.authenticate(key)
        #expect(world.base.database.calls(of: .apiKeyAuthenticate) == 2)
    }

    @Test func `says that the database is away, and not that the key is wrong`() async throws {
        let key = try await make()
        world.base.database.fail(.apiKeyAuthenticate, with: .unavailable)
        #expect(await refusal(key) == .storeUnavailable)
        #expect(await refusal(key) == nil)
    }

    @Test func `serves a key that it knows while the database is away`() async throws {
        let key = try await make()
        #expect(await refusal(key) == nil)
        world.base.database.fail(.apiKeyAuthenticate, with: .unavailable, times: 100)
        #expect(await refusal(key) == nil)
    }

    @Test func `is bounded`() async throws {
        let authenticator = APIKeyAuthenticator(
            store: FakeAPIKeyStore(world.base.database), revocations: world.revocations, clock: world.base.clock.wall,
            capacity: 4)
        var keys: [SecretBytes] = []
        for number in 0..<20 { keys.append(try await make(APIKeyID(high: 40, low: UInt64(number)))) }
        for _ in 0..<3 {
            for key in keys { _ = try await authenticator.authenticate(key) }
        }
        // Twenty keys in turn: a memory of four can have kept none of them until its next turn.
        #expect(world.base.database.calls(of: .apiKeyAuthenticate) == 60)
    }
}
