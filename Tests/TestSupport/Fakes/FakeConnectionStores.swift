package import Connections
package import Domain
internal import Synchronization

package struct FakeConnectionStore: ConnectionStore {
    private let database: FakeDatabase
    package init(_ database: FakeDatabase) { self.database = database }

    package func create(
        _ connection: Connection, entered: SealedSecret, tokenSet: (SealedSecret, TokenTimes)?, audit: AuditEvent
    ) async throws(StoreError) {
        try database.perform(.connectionCreate) { (state) throws(StoreError) in
            let environment = connection.scope.environmentID
            guard state.tenants[connection.scope.tenantID]?.environmentID == environment,
                state.integrations[connection.integrationID]?.environmentID == environment
            else { throw .notFound }
            state.connections[connection.id] = FakeDatabase.ConnectionRow(
                connection: connection, entered: entered, tokenSet: tokenSet?.0, tokenTimes: tokenSet?.1)
            state.events.append(audit)
        }
    }

    package func find(_ id: ConnectionID, in scope: ReadScope) async throws(StoreError) -> Connection? {
        try database.perform(.connectionFind) { state in state.row(id, in: scope)?.connection }
    }

    package func load(_ id: ConnectionID, in scope: ReadScope) async throws(StoreError) -> StoredConnection? {
        try database.perform(.connectionLoad) { state in
            guard let row = state.row(id, in: scope), let integration = state.integrations[row.connection.integrationID]
            else { return nil }
            return StoredConnection(
                connection: row.connection, integration: integration, entered: row.entered, tokenSet: row.tokenSet,
                tokenTimes: row.tokenTimes)
        }
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

    package func update(
        _ connection: Connection, entered: SealedSecret?, tokenSet: (SealedSecret, TokenTimes)?, audit: AuditEvent
    ) async throws(StoreError) {
        try database.perform(.connectionUpdate) { (state) throws(StoreError) in
            guard var row = state.connections[connection.id], row.connection.scope == connection.scope else {
                throw .notFound
            }
            guard row.connection.version == connection.version - 1 else { throw .stale }
            row.connection = connection
            if let entered {
                row.entered = entered
                row.tokenSet = nil
                row.tokenTimes = nil
                row.refresh = FakeDatabase.RefreshRow(fence: row.refresh.fence + 1)
            }
            if let tokenSet { (row.tokenSet, row.tokenTimes) = tokenSet }
            state.connections[connection.id] = row
            state.events.append(audit)
            state.pendingAnnouncements.append(.connectionChanged(connection.id))
        }
    }

    package func delete(_ id: ConnectionID, in scope: TenantScope, audit: AuditEvent) async throws(StoreError) {
        try database.perform(.connectionDelete) { (state) throws(StoreError) in
            guard state.connections[id]?.connection.scope == scope else { throw .notFound }
            state.connections[id] = nil
            state.events.append(audit)
            state.pendingAnnouncements.append(.connectionChanged(id))
        }
    }
}

package struct FakeRefreshStore: RefreshStore {
    private let database: FakeDatabase
    package init(_ database: FakeDatabase) { self.database = database }

    package func acquireLease(
        on connection: ConnectionID, in scope: TenantScope, owner: InstanceID, duration: Duration
    ) async throws(StoreError) -> LeaseAnswer {
        let now = database.clock.now
        return try database.perform(.leaseAcquire) { (state) throws(StoreError) in
            guard var row = state.connections[connection], row.connection.scope == scope else { throw .notFound }
            if let endsAt = row.refresh.leaseEndsAt, endsAt > now { return .held(remaining: endsAt - now) }
            if let notBefore = row.refresh.notBefore, notBefore > now { return .backingOff(remaining: notBefore - now) }
            row.refresh.fence += 1
            row.refresh.attempts += 1
            row.refresh.owner = owner
            row.refresh.leaseEndsAt = now.advanced(by: duration)
            state.connections[connection] = row
            return .granted(
                Lease(
                    connectionID: connection, scope: scope, owner: owner, fence: row.refresh.fence,
                    attempt: row.refresh.attempts, remaining: duration))
        }
    }

    package func complete(
        _ lease: Lease, with result: RefreshResult, audit: AuditEvent
    ) async throws(StoreError) {
        let now = database.clock.now
        let wallNow = database.clock.wall.now()
        try database.perform(.leaseComplete) { (state) throws(StoreError) in
            guard var row = state.connections[lease.connectionID], row.connection.scope == lease.scope,
                row.refresh.fence == lease.fence, row.refresh.owner == lease.owner
            else { throw .stale }
            switch result {
            case .obtained(let sealed, let times):
                guard sealed.recordVersion == (row.tokenSet?.recordVersion ?? 0) + 1 else { throw .stale }
                (row.tokenSet, row.tokenTimes) = (sealed, times)
                row.refresh.attempts = 0
                row.refresh.notBefore = nil
                row.move(to: .active, nil, at: wallNow)
            case .ended(let reason):
                row.refresh.notBefore = nil
                row.move(to: .reauthRequired, reason, at: wallNow)
            case .failed(let reason, let retryAfter):
                row.refresh.notBefore = now.advanced(by: retryAfter)
                let isServed = row.tokenSet != nil && (row.tokenTimes?.expiresAt.map { $0 > wallNow } ?? true)
                if !isServed { row.move(to: .backingOff, reason, at: wallNow) }
            }
            row.refresh.owner = nil
            row.refresh.leaseEndsAt = nil
            state.connections[lease.connectionID] = row
            state.events.append(audit)
            state.pendingAnnouncements.append(.connectionChanged(lease.connectionID))
        }
    }

    package func release(_ lease: Lease) async throws(StoreError) {
        try database.perform(.leaseRelease) { state in
            guard var row = state.connections[lease.connectionID], row.connection.scope == lease.scope,
                row.refresh.fence == lease.fence, row.refresh.owner == lease.owner
            else { return }
            row.refresh.owner = nil
            row.refresh.leaseEndsAt = nil
            row.refresh.attempts -= 1
            state.connections[lease.connectionID] = row
            state.pendingAnnouncements.append(.connectionChanged(lease.connectionID))
        }
    }
}

extension FakeDatabase {
    /// A row as it lies in the tables, whoever it belongs to: for tests that look behind the ports.
    package func stored(_ id: ConnectionID) -> StoredConnection? {
        state.withLock { state in
            guard let row = state.connections[id], let integration = state.integrations[row.connection.integrationID]
            else { return nil }
            return StoredConnection(
                connection: row.connection, integration: integration, entered: row.entered, tokenSet: row.tokenSet,
                tokenTimes: row.tokenTimes)
        }
    }

    /// Overwrites stored envelopes, as somebody with access to the table might.
    package func tamper(
        _ id: ConnectionID, entered: SealedSecret? = nil, tokenSet: SealedSecret? = nil, times: TokenTimes? = nil
    ) {
        state.withLock { state in
            if let entered { state.connections[id]?.entered = entered }
            if let tokenSet { state.connections[id]?.tokenSet = tokenSet }
            if let times { state.connections[id]?.tokenTimes = times }
        }
    }

    package var connectionCount: Int { state.withLock { $0.connections.count } }
}

extension FakeDatabase.State {
    func row(_ id: ConnectionID, in scope: ReadScope) -> FakeDatabase.ConnectionRow? {
        connections[id].flatMap {
            scope.covers($0.connection.scope.environmentID, $0.connection.scope.tenantID) ? $0 : nil
        }
    }
}

extension FakeDatabase.ConnectionRow {
    /// A refresh moves the status among the three that are its own; the version grows where something changes.
    mutating func move(to status: ConnectionStatus, _ reason: StatusReason?, at now: Timestamp) {
        switch connection.status {
        case .pending, .suspended: return
        case .active, .backingOff, .reauthRequired: break
        }
        guard connection.status != status || connection.statusReason != reason else { return }
        connection.status = status
        connection.statusReason = reason
        connection.version += 1
        connection.updatedAt = now
    }
}
