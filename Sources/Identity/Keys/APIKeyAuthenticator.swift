package import Connections
package import Domain
package import Sodium

/// Tells who presents an API key.
///
/// Keys are read once and kept for ``memory``, at most `capacity` of them, and looked at again whenever a key was revoked
/// or announcements were missed: a revocation ends a key here as fast as it ends caller tokens.
package final class APIKeyAuthenticator: Sendable {
    package static let memory = Duration.seconds(60)

    private let store: any APIKeyStore
    private let revocations: Revocations
    private let clock: any WallClock
    private let cache: APIKeyCache

    package init(store: any APIKeyStore, revocations: Revocations, clock: any WallClock, capacity: Int = 4_096) {
        self.store = store
        self.revocations = revocations
        self.clock = clock
        self.cache = APIKeyCache(capacity: capacity)
    }

    /// - Parameters:
    ///   - presented: the whole text of the key, as the caller sent it.
    ///   - claimedID: the id that came with it (`client_id`), which must then be the key's own.
    /// - Returns: the key as principal: its environment, its tenant if it is bound to one, and its permissions.
    package func authenticate(
        _ presented: SecretBytes, claimedID: APIKeyID? = nil
    ) async throws(AuthenticationError) -> Principal {
        guard let key = APIKeySecret(presented), claimedID == nil || claimedID == key.id else { throw .refused }
        let stored = try await read(key.id)
        // Compared in any case, so that an unknown id takes the time of a wrong secret.
        let isRight = ConstantTime.equals(key.hash, stored?.secretHash ?? Self.noHash)
        guard let stored, isRight, isLive(stored) else { throw .refused }
        return Principal(
            identity: .apiKey(stored.id), environmentID: stored.environmentID, tenantID: stored.tenantID,
            permissions: stored.permissions)
    }

    private static let noHash = [UInt8](repeating: 0, count: 32)

    private func isLive(_ key: APIKey) -> Bool {
        guard key.revokedAt == nil, !revocations.isRevoked(key.id) else { return false }
        return key.expiresAt.map { clock.now() < $0 } ?? true
    }

    private func read(_ id: APIKeyID) async throws(AuthenticationError) -> APIKey? {
        let now = clock.now()
        // Read before the database is: a revocation in between leaves the entry outdated, never fresh.
        let epoch = revocations.epoch.value
        if let key = cache.key(id, now: now, epoch: epoch) { return key }
        let key: APIKey?
        do {
            key = try await store.findForAuthentication(id)
        } catch {
            throw .storeUnavailable
        }
        if let key { cache.insert(key, until: now + Self.memory, epoch: epoch) }
        return key
    }
}
