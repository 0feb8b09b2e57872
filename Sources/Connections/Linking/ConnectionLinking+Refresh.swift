internal import Catalogue
package import Domain

extension ConnectionLinking {
    /// Obtains another token now, whatever is due. Needs `connections:write`.
    ///
    /// Joins a refresh that is under way. The connection's own back-off doesn't hold it; the cap on attempts, the token
    /// endpoint's limits and an attempt whose outcome nobody knows yet do.
    ///
    /// - Returns: the connection and how its refreshes stand, read after the refresh.
    /// - Throws: `.refreshFailed`, `.notFound(.connection)`, `.timedOut` (the refresh goes on), `.unavailable`,
    ///   `.envelopeRefused`.
    package func refresh(
        _ id: ConnectionID, _ context: CallContext
    ) async throws(UseCaseError) -> (Connection, RefreshState) {
        try await gate.require(.writeConnections, for: .credentialRefreshed, object: id.description, context)
        let stored = try await load(id, context)
        guard let provider = catalogue.provider(stored.integration.provider) else { throw .notFound(.provider) }
        guard provider.needsAccessToken else { throw .refreshFailed(.notRefreshable) }
        switch stored.connection.status {
        case .suspended: throw .refreshFailed(.suspended)
        case .reauthRequired: throw .refreshFailed(.reauthRequired(stored.connection.statusReason))
        case .pending, .active, .backingOff: break
        }
        do throws(RefreshError) {
            _ = try await refresher.refreshedTokenSet(of: stored, isForced: true, deadline: context.deadline)
        } catch {
            throw Self.useCaseError(error)
        }
        let connection = try await find(id, context)
        guard let state = try await refreshState(of: id, context) else { throw .notFound(.connection) }
        return (connection, state)
    }

    /// A connection and how its refreshes stand; no state where its provider has no token endpoint. Needs `connections:read`.
    package func readDetail(
        _ id: ConnectionID, _ context: CallContext
    ) async throws(UseCaseError) -> (Connection, RefreshState?) {
        try await gate.require(.readConnections, object: id.description, context)
        let stored = try await load(id, context)
        // A provider that left the catalogue is no reason to hide what is known.
        guard catalogue.provider(stored.integration.provider)?.needsAccessToken ?? true else {
            return (stored.connection, nil)
        }
        return (stored.connection, try await refreshState(of: id, context))
    }

    private func refreshState(
        of id: ConnectionID, _ context: CallContext
    ) async throws(UseCaseError) -> RefreshState? {
        try await gate.storing(.connection) { () async throws(StoreError) in
            try await connections.refreshState(of: id, in: context.principal.readScope)
        }
    }

    private static func useCaseError(_ error: RefreshError) -> UseCaseError {
        switch error {
        case .ended(let reason): .refreshFailed(.reauthRequired(reason))
        case .backingOff(let reason, let remaining): .refreshFailed(.backingOff(reason, remaining: remaining))
        case .overloaded: .refreshFailed(.backingOff(nil, remaining: .seconds(1)))
        case .timedOut: .timedOut
        case .storeUnavailable: .unavailable
        case .envelopeRefused: .envelopeRefused
        case .notFound: .notFound(.connection)
        case .internalFailure: .internalFailure
        }
    }
}

/// Why a refresh that somebody asked for brought no token.
package enum RefreshFailure: Hashable, Sendable {
    /// The provider has no token endpoint.
    case notRefreshable
    /// The account must be linked again, or verified.
    case reauthRequired(StatusReason?)
    /// Switched off by an operator.
    case suspended
    /// It failed for now, or may not be tried now; nobody tries before this time has passed. No reason: this instance has as
    /// much to do as it may.
    case backingOff(StatusReason?, remaining: Duration)
}
