package import Connections
package import Domain

package struct FakeConnectionStore: ConnectionStore {
    private let database: FakeDatabase
    package init(_ database: FakeDatabase) { self.database = database }

    package func create(
        _ connection: Connection, entered: SealedSecret, tokenSet: (SealedSecret, TokenTimes)?, facts: TokenSetFacts?,
        audit: AuditEvent
    ) async throws(StoreError) {
        let now = database.clock.wall.now()
        try database.perform(.connectionCreate) { (state) throws(StoreError) in
            let environment = connection.scope.environmentID
            guard state.tenants[connection.scope.tenantID]?.environmentID == environment,
                state.integrations[connection.integrationID]?.environmentID == environment
            else { throw .notFound }
            try checkKeys(entered, tokenSet, connection.scope)
            var row = FakeDatabase.ConnectionRow(connection: connection, entered: entered)
            row.put(tokenSet, facts, at: now)
            state.put(row, dueAt: tokenSet?.1.refreshDueAt)
            if connection.status == .active { state.tell(.linked, of: connection, at: now) }
            if row.refresh.isScopeMissing { state.tell(.scopeMissing, of: connection, at: now) }
            state.events.append(audit)
            state.pendingAnnouncements.append(.connectionChanged(connection.id))
        }
    }

    package func find(_ id: ConnectionID, in scope: ReadScope) async throws(StoreError) -> Connection? {
        try database.perform(.connectionFind) { state in state.row(id, in: scope)?.connection }
    }

    package func load(_ id: ConnectionID, in scope: ReadScope) async throws(StoreError) -> StoredConnection? {
        try database.perform(.connectionLoad) { state in state.row(id, in: scope).flatMap(state.stored) }
    }

    package func list(
        in scope: ReadScope, integration: IntegrationID?, status: ConnectionStatus?, page: PageRequest<ConnectionKind>
    ) async throws(StoreError) -> Page<Connection> {
        try database.perform(.connectionList) { state in
            let seen = state.connections.values.map(\.connection).filter {
                scope.covers($0.scope.environmentID, $0.scope.tenantID)
                    && (integration == nil || integration == $0.integrationID)
                    && (status == nil || status == $0.status)
            }
            return Page.cut(seen, page) { $0.id }
        }
    }

    package func refreshState(of id: ConnectionID, in scope: ReadScope) async throws(StoreError) -> RefreshState? {
        try database.perform(.connectionRefreshState) { state in
            guard let row = state.row(id, in: scope) else { return nil }
            return RefreshState(
                tokenExpiresAt: row.tokenSet == nil ? nil : row.tokenExpiresAt,
                lastSuccessAt: row.refresh.lastSuccessAt, nextRefreshAt: row.refresh.dueAt,
                consecutiveFailures: row.refresh.failures, lastError: row.refresh.lastError,
                isScopeMissing: row.refresh.isScopeMissing)
        }
    }

    package func update(
        _ connection: Connection, entered: SealedSecret?, tokenSet: (SealedSecret, TokenTimes)?, facts: TokenSetFacts?,
        audit: AuditEvent
    ) async throws(StoreError) {
        let now = database.clock.wall.now()
        try database.perform(.connectionUpdate) { (state) throws(StoreError) in
            guard var row = state.connections[connection.id], row.connection.scope == connection.scope else {
                throw .notFound
            }
            guard row.connection.version == connection.version - 1 else { throw .stale }
            if let entered, entered.recordVersion <= row.entered.recordVersion { throw .stale }
            if let tokenSet, tokenSet.0.recordVersion != row.refresh.tokenSetVersion + 1 { throw .stale }
            try checkKeys(entered, tokenSet, connection.scope)
            let before = row
            row.connection = connection
            if let entered {
                row.entered = entered
                (row.tokenSet, row.tokenExpiresAt) = (nil, nil)
            }
            if entered == nil, tokenSet == nil {
                state.put(row, dueAt: before.refresh.dueAt)
            } else {
                row.refresh.startAnew()
                row.put(tokenSet, facts, at: now)
                state.put(row, dueAt: tokenSet?.1.refreshDueAt)
                if row.refresh.isScopeMissing, !before.refresh.isScopeMissing {
                    state.tell(.scopeMissing, of: connection, at: now)
                }
            }
            for event in Self.told(from: before.connection, to: connection) {
                let reason = event == .reauthRequired ? connection.statusReason : nil
                state.tell(event, of: connection, reason: reason, at: now)
            }
            state.events.append(audit)
            state.pendingAnnouncements.append(.connectionChanged(connection.id))
        }
    }

    package func delete(_ id: ConnectionID, in scope: TenantScope, audit: AuditEvent) async throws(StoreError) {
        let now = database.clock.wall.now()
        try database.perform(.connectionDelete) { (state) throws(StoreError) in
            guard state.connections[id]?.connection.scope == scope else { throw .notFound }
            state.remove(id, at: now)
            state.events.append(audit)
            state.pendingAnnouncements.append(.connectionChanged(id))
        }
    }

    private func checkKeys(
        _ entered: SealedSecret?, _ tokenSet: (SealedSecret, TokenTimes)?, _ scope: TenantScope
    ) throws(StoreError) {
        for sealed in [entered, tokenSet?.0] {
            if let sealed, !database.holdsKey(sealed, of: scope) { throw .stale }
        }
    }

    /// An edit reaches `active` by a verification that succeeded, and `reauth_required` by one that was refused.
    private static func told(from before: Connection, to after: Connection) -> [LifecycleEvent] {
        let standing = ConnectionLifecycle.Standing(before.status, before.statusReason)
        return switch after.status {
        case .active: ConnectionLifecycle.told(of: .verified, from: standing, failures: 0)
        case .reauthRequired: ConnectionLifecycle.told(of: .credentialRefused, from: standing, failures: 0)
        case .pending, .backingOff, .suspended: []
        }
    }
}

extension FakeDatabase.ConnectionRow {
    fileprivate mutating func put(
        _ tokenSet: (SealedSecret, TokenTimes)?, _ facts: TokenSetFacts?, at now: Timestamp
    ) {
        refresh.endpoint = facts?.endpoint
        refresh.spendsRefreshToken = facts?.spendsRefreshToken ?? false
        guard let (sealed, times) = tokenSet else { return }
        (self.tokenSet, tokenExpiresAt) = (sealed, times.expiresAt)
        refresh.tokenSetVersion = sealed.recordVersion
        refresh.isScopeMissing = facts?.isScopeMissing ?? false
        refresh.lastSuccessAt = now
    }
}
