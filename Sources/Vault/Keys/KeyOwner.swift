package import Domain

/// Whose data a key encrypts.
package enum KeyOwner: Hashable, Sendable {
    /// Secrets of the environment itself: client secrets, signing keys.
    case environment(EnvironmentID)
    /// Credentials of one tenant.
    case tenant(EnvironmentID, TenantID)

    package init(_ scope: TenantScope) {
        self = .tenant(scope.environmentID, scope.tenantID)
    }

    package var environmentID: EnvironmentID {
        switch self {
        case .environment(let environment), .tenant(let environment, _): environment
        }
    }

    /// Nil for an environment's own keys.
    package var tenantID: TenantID? {
        switch self {
        case .environment: nil
        case .tenant(_, let tenant): tenant
        }
    }
}

/// What a key version may still be used for.
package enum KeyState: String, Sendable, CaseIterable {
    /// Seals and opens; one version of an owner at a time. Becomes `decrypt`.
    case active
    /// Only opens, until nothing refers to it. Becomes `retiring`.
    case decrypt
    /// Being counted for removal; still opens.
    case retiring
}

/// A tenant or environment key as it is stored: sealed under a root key.
package struct WrappedKey: Hashable, Sendable {
    package let owner: KeyOwner
    /// Counts from 1; never reused.
    package let version: Int32
    /// Which root key wraps it: `RootKeyProvider.id`.
    package let rootID: String
    package let wrapped: [UInt8]
    package let state: KeyState

    package init(owner: KeyOwner, version: Int32, rootID: String, wrapped: [UInt8], state: KeyState) {
        self.owner = owner
        self.version = version
        self.rootID = rootID
        self.wrapped = wrapped
        self.state = state
    }
}

/// Port: where wrapped keys are kept. Any error counts as "did not answer"; absence is nil.
package protocol WrappedKeyStore: Sendable {
    /// The version that seals, nil if the owner has none.
    func activeKey(for owner: KeyOwner) async throws -> WrappedKey?
    /// One version in any state.
    func key(for owner: KeyOwner, version: Int32) async throws -> WrappedKey?
    /// Inserts version 1 if the owner has none; returns the row that is stored then, this one or an earlier.
    func insertFirstKey(_ key: WrappedKey) async throws -> WrappedKey
}
