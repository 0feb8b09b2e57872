package import Connections
package import Domain
internal import Synchronization

/// An event as a product would be told it.
package struct ToldEvent: Hashable, Sendable {
    package let connectionID: ConnectionID
    package let scope: TenantScope
    package let type: LifecycleEvent
    package let reason: StatusReason?
    /// By the database's clock.
    package let at: Timestamp
}

/// A row of refresh states, as tests see it behind the ports; times by the database's clock.
package struct FakeRefreshRow: Sendable {
    package var fence: Int64 = 0
    package var owner: InstanceID?
    package var leaseEndsAt: Timestamp?
    package fileprivate(set) var dueAt: Timestamp?
    package var attempts = 0
    package var lastError: StatusReason?
    package var notBefore: Timestamp?
    package var endpoint: TokenEndpointKey?
    package var spendsRefreshToken = false
    package var isSending = false
    package var isScopeMissing = false
    package var tokenSetVersion: Int64 = 0
    package var failures = 0
    package var lastSuccessAt: Timestamp?
    package var hourBeganAt: Timestamp?
    package var hourAttempts = 0

    mutating func endLease() {
        owner = nil
        leaseEndsAt = nil
    }

    /// Everything anew but fence, version number, last success and due time.
    mutating func startAnew() {
        var anew = FakeRefreshRow()
        (anew.fence, anew.tokenSetVersion) = (fence + 1, tokenSetVersion)
        (anew.lastSuccessAt, anew.dueAt) = (lastSuccessAt, dueAt)
        self = anew
    }
}

extension FakeDatabase {
    struct ConnectionRow {
        var connection: Connection
        var entered: SealedSecret
        var tokenSet: SealedSecret?
        var tokenExpiresAt: Timestamp?
        var refresh = FakeRefreshRow()

        var tokenTimes: TokenTimes? {
            tokenSet == nil ? nil : TokenTimes(expiresAt: tokenExpiresAt, refreshDueAt: refresh.dueAt)
        }
    }

    /// A row as it lies in the tables, whoever it belongs to: for tests that look behind the ports.
    package func stored(_ id: ConnectionID) -> StoredConnection? {
        state.withLock { state in state.connections[id].flatMap(state.stored) }
    }

    package func refreshRow(_ id: ConnectionID) -> FakeRefreshRow? { state.withLock { $0.connections[id]?.refresh } }

    /// Overwrites stored envelopes, as somebody with access to the table might.
    package func tamper(
        _ id: ConnectionID, entered: SealedSecret? = nil, tokenSet: SealedSecret? = nil, times: TokenTimes? = nil
    ) {
        state.withLock { state in
            if let entered { state.connections[id]?.entered = entered }
            if let tokenSet { state.connections[id]?.tokenSet = tokenSet }
            if let times {
                state.connections[id]?.tokenExpiresAt = times.expiresAt
                state.setDue(id, at: times.refreshDueAt)
            }
        }
    }

    /// Changes a row of refresh states behind the ports' back; its due time stays.
    package func changeRefreshRow(_ id: ConnectionID, _ change: (inout FakeRefreshRow) -> Void) {
        state.withLock { state in
            guard var row = state.connections[id] else { return }
            change(&row.refresh)
            state.connections[id] = row
        }
    }

    package func setDue(_ id: ConnectionID, at instant: Timestamp?) {
        state.withLock { $0.setDue(id, at: instant) }
    }

    /// Plans the answers of a connection's next completions; none of them is written.
    package func answerCompletions(of id: ConnectionID, with answer: CompletionAnswer, times: Int = 1) {
        state.withLock { $0.completionAnswers[id, default: []] += Array(repeating: answer, count: times) }
    }

    package var connectionCount: Int { state.withLock { $0.connections.count } }
}

extension FakeDatabase.State {
    func row(_ id: ConnectionID, in scope: ReadScope) -> FakeDatabase.ConnectionRow? {
        connections[id].flatMap {
            scope.covers($0.connection.scope.environmentID, $0.connection.scope.tenantID) ? $0 : nil
        }
    }

    func stored(_ row: FakeDatabase.ConnectionRow) -> StoredConnection? {
        guard let integration = integrations[row.connection.integrationID] else { return nil }
        return StoredConnection(
            connection: row.connection, integration: integration, entered: row.entered, tokenSet: row.tokenSet,
            tokenTimes: row.tokenTimes, tokenSetVersion: row.refresh.tokenSetVersion)
    }

    /// Stores a row; its due time is set by ``setDue(_:at:)`` alone, which keeps the index.
    mutating func put(_ row: FakeDatabase.ConnectionRow, dueAt: Timestamp?) {
        connections[row.connection.id] = row
        setDue(row.connection.id, at: dueAt)
    }

    mutating func setDue(_ id: ConnectionID, at instant: Timestamp?) {
        guard let before = connections[id]?.refresh, before.dueAt != instant else { return }
        if let dueAt = before.dueAt { due.remove(DuePosition(dueAt: dueAt, connectionID: id)) }
        if let instant { due.insert(DuePosition(dueAt: instant, connectionID: id)) }
        connections[id]?.refresh.dueAt = instant
    }

    mutating func remove(_ id: ConnectionID, at now: Timestamp) {
        guard let row = connections[id] else { return }
        setDue(id, at: nil)
        connections[id] = nil
        tell(.deleted, of: row.connection, at: now)
    }

    mutating func tell(
        _ event: LifecycleEvent, of connection: Connection, reason: StatusReason? = nil, at now: Timestamp
    ) {
        lifecycleEvents.append(
            ToldEvent(connectionID: connection.id, scope: connection.scope, type: event, reason: reason, at: now))
    }
}
