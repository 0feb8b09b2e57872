import Connections
import Domain
import Identity
import Logging
import Sodium
import Synchronization
import TestSupport
import Vault

/// Everything that issues and verifies caller tokens, in memory, with a signing key that the test holds too: so that it
/// can sign what no issuer would.
struct IdentityWorld {
    static let issuer = "https://vault.example.com"

    let base: FakeWorld
    let signingStore = ListedSigningKeyStore()
    let epoch = RevocationEpoch()
    let keys: SigningKeys
    let revocations: Revocations
    let issuer: CallerTokenIssuer
    let verifier: CallerTokenVerifier
    let authenticator: APIKeyAuthenticator
    /// Of the first environment and of the other one.
    let own: KnownKey
    let foreign: KnownKey

    struct KnownKey {
        let kid: String
        let environmentID: EnvironmentID
        let key: Ed25519.PrivateKey
    }

    struct NoKey: Error {}

    init() async throws {
        base = try await FakeWorld()
        let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        keys = SigningKeys(
            store: signingStore, vault: base.vault, epoch: epoch, clock: base.clock.wall, timer: base.clock,
            logger: logger)
        revocations = Revocations(
            store: FakeRevocationStore(base.database), announcements: base.database, epoch: epoch,
            clock: base.clock.wall, timer: base.clock, logger: logger)
        issuer = CallerTokenIssuer(issuer: Self.issuer, keys: keys, clock: base.clock.wall)
        verifier = CallerTokenVerifier(issuer: Self.issuer, keys: keys, revocations: revocations)
        authenticator = APIKeyAuthenticator(
            store: FakeAPIKeyStore(base.database), revocations: revocations, clock: base.clock.wall)
        own = try await Self.add(base.environment.id, .active, signingStore, base)
        foreign = try await Self.add(base.stranger.environmentID, .active, signingStore, base)
        try await keys.reload()
    }

    var now: Timestamp { base.clock.wall.now() }
    var apiKeyID: APIKeyID { APIKeyID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0001) }

    /// Stores a signing key, sealed as the service seals it.
    static func add(
        _ environment: EnvironmentID, _ state: StoredSigningKey.State, _ store: ListedSigningKeyStore,
        _ base: FakeWorld, seed: SecretBytes = .random(count: 32)
    ) async throws -> KnownKey {
        let key = try Ed25519.PrivateKey(seed: seed)
        let kid = thumbprint(key.publicKey)
        let notBefore = base.clock.wall.now()
        try await base.vault.prepareKey(for: .environment(environment))
        let sealed = try await base.vault.seal(
            seed, owner: .environment(environment),
            aad: .signingKey(environment: environment, kid: kid, algorithm: "EdDSA", notBefore: notBefore))
        store.add(
            StoredSigningKey(
                environmentID: environment, kid: kid, state: state, publicKey: key.publicKey,
                seed: SealedSecret(envelope: sealed.bytes, keyVersion: sealed.keyVersion, recordVersion: 1),
                notBefore: notBefore, createdAt: notBefore))
        return KnownKey(kid: kid, environmentID: environment, key: key)
    }

    static func thumbprint(_ publicKey: [UInt8]) -> String {
        let text = "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"\(Base64URL.encode(publicKey))\"}"
        return Base64URL.encode(SHA256.hash(Array(text.utf8)))
    }

    func issue(
        _ permissions: PermissionSet? = nil, restriction: CallerRestriction? = nil, lifetime: Duration? = nil
    ) async throws -> [UInt8] {
        try await issuer.issue(
            for: base.principal(), tenant: base.tenant.id, permissions: permissions, restriction: restriction,
            lifetime: lifetime
        ).text.revealBytes(for: .test)
    }

    func verify(_ token: [UInt8], at: Timestamp? = nil) throws(CallerTokenError) -> VerifiedCallerToken {
        try verifier.verify(token, now: at ?? now)
    }

    /// What the verifier says to a token; nil where it takes it.
    func refusal(_ token: [UInt8], at: Timestamp? = nil) -> CallerTokenError? {
        do throws(CallerTokenError) {
            _ = try verify(token, at: at)
            return nil
        } catch {
            return error
        }
    }
}

/// Signing keys as a list that a test can change.
final class ListedSigningKeyStore: SigningKeyStore {
    private let state = Mutex<(keys: [StoredSigningKey], isAway: Bool, reads: Int)>(([], false, 0))
    private let held = Mutex<(reading: AsyncStream<Void>?, insertion: AsyncStream<Void>?)>((nil, nil))

    var reads: Int { state.withLock { $0.reads } }

    func setAway(_ isAway: Bool) { state.withLock { $0.isAway = isAway } }

    /// The next reading sees the keys as they are when it begins, and answers when the stream ends.
    func holdNextReading(until stream: AsyncStream<Void>) { held.withLock { $0.reading = stream } }

    /// The next first key is stored when the stream ends.
    func holdNextInsertion(until stream: AsyncStream<Void>) { held.withLock { $0.insertion = stream } }

    var isInsertionHeld: Bool { held.withLock { $0.insertion != nil } }

    func add(_ key: StoredSigningKey) { state.withLock { $0.keys.append(key) } }

    func remove(_ kid: String) { state.withLock { $0.keys.removeAll { $0.kid == kid } } }

    func change(_ change: @Sendable (StoredSigningKey) -> StoredSigningKey) {
        state.withLock { $0.keys = $0.keys.map(change) }
    }

    func all() async throws(StoreError) -> [StoredSigningKey] {
        let keys = try state.withLock { (state) throws(StoreError) in
            state.reads += 1
            guard !state.isAway else { throw .unavailable }
            return state.keys
        }
        let held = held.withLock { held in
            defer { held.reading = nil }
            return held.reading
        }
        if let held { for await _ in held {} }
        return keys
    }

    func insertFirst(_ key: StoredSigningKey) async throws(StoreError) -> StoredSigningKey {
        let held = held.withLock { held in
            defer { held.insertion = nil }
            return held.insertion
        }
        if let held { for await _ in held {} }
        return try state.withLock { (state) throws(StoreError) in
            guard !state.isAway else { throw .unavailable }
            let active = state.keys.first { $0.environmentID == key.environmentID && $0.state == .active }
            if let active { return active }
            state.keys.append(key)
            return key
        }
    }
}

/// Writes tokens piece by piece, true ones and others.
struct Forge {
    let world: IdentityWorld

    var header: String { header(alg: "\"EdDSA\"", kid: "\"\(world.own.kid)\"") }

    func header(alg: String, kid: String? = nil, typ: String = "\"at+jwt\"") -> String {
        "{\"alg\":\(alg),\"typ\":\(typ),\"kid\":\(kid ?? "\"\(world.own.kid)\"")}"
    }

    /// Claims that hold, with some of them replaced (JSON text) or, by nil, left out.
    func claims(_ changes: [String: String?] = [:]) -> String {
        let now = world.now.seconds
        var claims: [(String, String)] = [
            ("iss", "\"\(IdentityWorld.issuer)\""), ("aud", "\"sallyport\""), ("sub", "\"\(world.apiKeyID)\""),
            ("client_id", "\"\(world.apiKeyID)\""), ("env", "\"\(world.base.environment.id)\""),
            ("tid", "\"\(world.base.tenant.id)\""), ("scope", "\"proxy\""), ("iat", "\(now)"), ("nbf", "\(now)"),
            ("exp", "\(now + 300)"), ("jti", "\"AAAAAAAAAAAAAAAAAAAAAA\""),
        ]
        for (name, value) in changes.sorted(by: { $0.key < $1.key }) {
            claims.removeAll { $0.0 == name }
            if let value { claims.append((name, value)) }
        }
        return "{" + claims.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
    }

    func token(
        header: String? = nil, claims: String? = nil, key: Ed25519.PrivateKey? = nil
    ) -> [UInt8] {
        let input = signingInput(header: header, claims: claims)
        return input + Array(("." + Base64URL.encode((key ?? world.own.key).sign(input))).utf8)
    }

    func token(header: String, signature: ([UInt8]) -> [UInt8]) -> [UInt8] {
        let input = signingInput(header: header, claims: nil)
        return input + Array(("." + Base64URL.encode(signature(input))).utf8)
    }

    private func signingInput(header: String?, claims: String?) -> [UInt8] {
        let header = Base64URL.encode(Array((header ?? self.header).utf8))
        let claims = Base64URL.encode(Array((claims ?? self.claims()).utf8))
        return Array((header + "." + claims).utf8)
    }
}
