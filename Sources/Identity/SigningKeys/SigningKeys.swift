package import Connections
package import Domain
package import Logging
internal import Observability
internal import Sodium
internal import Synchronization
package import Vault

/// The caller-token signing keys of every environment, in memory.
///
/// A stored public key is believed only where its seed opens under the environment's key, in its place, and gives that
/// very public key: who can write to the table but not to the vault can't add a key of his own.
package final class SigningKeys: Sendable {
    /// Shortest time between two readings that unknown `kid`s ask for.
    package static let reloadInterval = Duration.seconds(30)
    /// How often they are read anyway.
    package static let refreshInterval = Duration.seconds(60)

    private let store: any SigningKeyStore
    private let vault: Vault
    private let epoch: RevocationEpoch
    private let clock: any WallClock
    private let timer: any Clock<Duration>
    private let logger: Logger
    private let snapshot = Mutex(SigningKeySnapshot())
    private let requests: AsyncStream<Void>
    private let request: AsyncStream<Void>.Continuation

    /// - Parameters:
    ///   - epoch: advanced when a key is withdrawn.
    ///   - timer: measures the pauses between readings.
    package init(
        store: any SigningKeyStore, vault: Vault, epoch: RevocationEpoch, clock: any WallClock,
        timer: any Clock<Duration> = ContinuousClock(), logger: Logger
    ) {
        self.store = store
        self.vault = vault
        self.epoch = epoch
        self.clock = clock
        self.timer = timer
        self.logger = logger
        (requests, request) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Reads all keys; call once before serving.
    ///
    /// - Throws: `.storeUnavailable`: what was known stays. A key whose seed doesn't open is left out and logged.
    package func reload() async throws(SigningKeysError) {
        // Several may be under way; the one that began last counts, whichever ends last.
        let reading = snapshot.withLock { $0.beginReading() }
        let stored: [StoredSigningKey]
        do {
            stored = try await store.all()
        } catch {
            throw .storeUnavailable
        }
        var trusted: [String: TrustedSigningKey] = [:]
        for key in stored {
            do throws(SigningKeysError) {
                trusted[key.kid] = try await trust(key)
            } catch {
                logger.error(
                    "signing key not usable",
                    metadata: .facts([.environment: key.environmentID.description, .reason: "\(error)"]))
            }
        }
        if snapshot.withLock({ $0.apply(trusted, reading: reading) }) { epoch.advance() }
    }

    /// Makes the first key of an environment, where it has none. The environment's key in the vault must be there.
    package func prepare(_ environment: EnvironmentID) async throws(SigningKeysError) {
        if signer(of: environment) != nil { return }
        try await reload()
        if signer(of: environment) == nil { try await createFirst(environment) }
    }

    /// Follows requests to read again, until the task is cancelled: at most one reading in ``reloadInterval``.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.followRequests() }
            group.addTask { await self.requestRegularly() }
            await group.waitForAll()
        }
    }

    /// The public keys as a JWK set (RFC 7517 §5, RFC 8037 §2): next, active and verifying ones, no private member.
    package func jwks() -> [UInt8] { snapshot.withLock { $0.jwks } }

    /// The key that verifies tokens of this `kid` now; nil for unknown ones and for those that don't sign yet. A look-up
    /// in memory. An unknown one asks for a reading, which happens elsewhere and not more often than it should.
    func verificationKey(_ kid: String) -> TrustedSigningKey? {
        let key = snapshot.withLock { $0.keys[kid] }
        guard let key else {
            request.yield()
            return nil
        }
        return key.verifies ? key : nil
    }

    /// Whether the key of a cached token still verifies.
    func verifies(_ kid: String) -> Bool { snapshot.withLock { $0.keys[kid]?.verifies ?? false } }

    /// The key that signs for an environment; read, or made, where it isn't in memory.
    func signingKey(for environment: EnvironmentID) async throws(SigningKeysError) -> TrustedSigningKey {
        if let key = signer(of: environment) { return key }
        try await prepare(environment)
        guard let key = signer(of: environment) else { throw .noUsableKey }
        return key
    }

    private func signer(of environment: EnvironmentID) -> TrustedSigningKey? {
        snapshot.withLock { $0.signers[environment] }
    }

    private func createFirst(_ environment: EnvironmentID) async throws(SigningKeysError) {
        let seed = SecretBytes.random(count: Ed25519.seedLength)
        let now = clock.now()
        let privateKey = try SigningKeyMaterial.privateKey(seed)
        let kid = SigningKeyMaterial.thumbprint(privateKey.publicKey)
        let sealed: Sealed
        do {
            sealed = try await vault.seal(
                seed, owner: .environment(environment),
                aad: SigningKeyMaterial.place(environment, kid: kid, notBefore: now))
        } catch {
            throw error.isTransient ? .vaultUnavailable : .seedRefused
        }
        let key = StoredSigningKey(
            environmentID: environment, kid: kid, state: .active, publicKey: privateKey.publicKey,
            seed: SealedSecret(envelope: sealed.bytes, keyVersion: sealed.keyVersion, recordVersion: 1),
            notBefore: now, createdAt: now)
        let winner: StoredSigningKey
        do {
            winner = try await store.insertFirst(key)
        } catch {
            throw .storeUnavailable
        }
        let trusted = try await trust(winner)
        snapshot.withLock { $0.insert(trusted) }
    }

    /// Opens the seed and holds the public key to it; a key that was opened before, and hasn't changed, isn't again.
    private func trust(_ key: StoredSigningKey) async throws(SigningKeysError) -> TrustedSigningKey {
        if let known = snapshot.withLock({ $0.keys[key.kid] }), known.isSameKey(as: key) {
            return TrustedSigningKey(stored: key, privateKey: known.privateKey)
        }
        let seed: SecretBytes
        do {
            seed = try await vault.open(
                key.seed.envelope, owner: .environment(key.environmentID),
                aad: SigningKeyMaterial.place(key.environmentID, kid: key.kid, notBefore: key.notBefore),
                purpose: .callerTokenSigning)
        } catch {
            throw error.isTransient ? .vaultUnavailable : .seedRefused
        }
        let privateKey = try SigningKeyMaterial.privateKey(seed)
        guard privateKey.publicKey == key.publicKey, SigningKeyMaterial.thumbprint(key.publicKey) == key.kid else {
            throw .seedRefused
        }
        return TrustedSigningKey(stored: key, privateKey: privateKey)
    }

    private func followRequests() async {
        for await _ in requests {
            do throws(SigningKeysError) {
                try await reload()
            } catch {
                logger.warning("signing keys not read", metadata: .facts([.reason: "\(error)"]))
            }
            do {
                try await timer.sleep(for: Self.reloadInterval)
            } catch {
                // Cancelled: the service ends.
                return
            }
        }
    }

    private func requestRegularly() async {
        while !Task.isCancelled {
            do {
                try await timer.sleep(for: Self.refreshInterval)
            } catch {
                // Cancelled: the service ends.
                return
            }
            request.yield()
        }
    }
}

/// Why signing keys can't be read or used.
package enum SigningKeysError: Error, Hashable, Sendable {
    case storeUnavailable
    /// The root key can't be reached now.
    case vaultUnavailable
    /// A seed doesn't open, or isn't the public key's: changed by somebody, or sealed for another place.
    case seedRefused
    /// The environment has keys, and none that signs.
    case noUsableKey
}
