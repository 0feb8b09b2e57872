import Connections
import Postgres

/// Whether a failed call may have changed something.
enum PostgresEffect: Sendable { case read, write }

extension SQLState {
    /// Raised by `sallyport.require_change`: the row is there, but not as the writer knew it.
    fileprivate static let stale = SQLState("SY409")
    /// Raised by `sallyport.require_change`: there is no such row in this scope.
    fileprivate static let notFound = SQLState("SY404")
}

extension StoreError {
    /// - Parameter brokenReference: what a violated foreign key means to the caller: the object that it refers to is
    ///   absent, or the object that it deletes is still referred to.
    init(_ error: PostgresError, effect: PostgresEffect, brokenReference: StoreError) {
        self =
            switch error {
            case .unavailable, .queueFull, .cancelled, .shutdown: .unavailable
            case .deadlineExceeded(let sent): sent && effect == .write ? .outcomeUnknown : .unavailable
            case .outcomeUnknown: effect == .write ? .outcomeUnknown : .unavailable
            case .decoding, .rowCount: .corrupt
            case .server(let state, let constraint):
                Self.answer(to: state, constraint: constraint, brokenReference: brokenReference)
            }
    }

    private static func answer(
        to state: SQLState, constraint: String?, brokenReference: StoreError
    ) -> StoreError {
        switch state {
        case .stale: .stale
        case .notFound: .notFound
        case .uniqueViolation: constraint.flatMap(conflict).map(StoreError.conflict) ?? .failed
        // The key version that the value was sealed under is retired: seal again under the active one.
        case .foreignKeyViolation where constraint.map(isKeyFence) ?? false: .stale
        case .foreignKeyViolation: brokenReference
        case _ where state.isTransient: .unavailable
        default: .failed
        }
    }

    private static func conflict(on constraint: String) -> StoreConflict? {
        switch constraint {
        case "environments_name_key": .environmentName
        case "tenants_external_id_key": .tenantExternalID
        case "integrations_name_key": .integrationName
        default: nil
        }
    }

    private static func isKeyFence(_ constraint: String) -> Bool {
        [
            "credentials_tenant_key_fkey", "integrations_client_secret_key_fkey", "signing_keys_seed_key_fkey",
        ].contains(constraint)
    }
}
