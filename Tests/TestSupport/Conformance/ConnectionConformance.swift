internal import Connections
internal import Domain

/// What ``ConnectionStore`` and ``RefreshStore`` promise.
package enum ConnectionConformance {
    struct Rows {
        let scope: TenantScope
        /// Every scope that must not see the connection.
        let foreign: [ReadScope]
        let foreignTenants: [TenantScope]
        let integration: Integration
        let connection: Connection

        var own: ReadScope { ReadScope(environmentID: scope.environmentID, tenantID: scope.tenantID) }
        var whole: ReadScope { ReadScope(environmentID: scope.environmentID, tenantID: nil) }
    }

    static func rows(_ ports: StorePorts) async throws -> Rows {
        let environment = try await ports.makeEnvironment().id
        let other = try await ports.makeEnvironment().id
        let tenant = try await ports.makeTenant(environment).id
        let neighbour = try await ports.makeTenant(environment).id
        let stranger = try await ports.makeTenant(other).id
        let integration = try await ports.makeIntegration(environment)
        let scope = TenantScope(environmentID: environment, tenantID: tenant)
        return Rows(
            scope: scope,
            foreign: [
                ReadScope(environmentID: environment, tenantID: neighbour),
                ReadScope(environmentID: other, tenantID: nil),
                ReadScope(environmentID: other, tenantID: stranger), ReadScope(environmentID: other, tenantID: tenant),
            ],
            foreignTenants: [
                TenantScope(environmentID: environment, tenantID: neighbour),
                TenantScope(environmentID: other, tenantID: stranger),
                TenantScope(environmentID: other, tenantID: tenant),
            ],
            integration: integration, connection: try await ports.makeConnection(scope, integration.id))
    }

    package static func reading(_ ports: StorePorts) async throws {
        let rows = try await rows(ports)
        let id = rows.connection.id
        guard let page = PageRequest<ConnectionKind>(limit: 200) else { return }
        for scope in [rows.own, rows.whole] {
            try require(try await ports.connections.find(id, in: scope) == rows.connection, "found in \(scope)")
            let loaded = try await ports.connections.load(id, in: scope)
            try require(loaded?.connection == rows.connection, "loaded in \(scope)")
            try require(loaded?.integration == rows.integration, "with its integration")
            try require(loaded?.entered?.recordVersion == 1 && loaded?.tokenSet == nil, "with its credential")
            let list = try await ports.connections.list(in: scope, integration: nil, status: .active, page: page)
            try require(list.elements == [rows.connection], "listed in \(scope)")
        }
        for scope in rows.foreign {
            try require(try await ports.connections.find(id, in: scope) == nil, "not found in \(scope)")
            try require(try await ports.connections.load(id, in: scope) == nil, "not loaded in \(scope)")
            let list = try await ports.connections.list(in: scope, integration: nil, status: nil, page: page)
            try require(!list.elements.contains { $0.id == id }, "not listed in \(scope)")
        }
        let pending = try await ports.connections.list(
            in: rows.own, integration: nil, status: .pending, page: page)
        try require(pending.elements.isEmpty, "a filter on the status holds")
        let unused = try await ports.makeIntegration(rows.scope.environmentID)
        let others = try await ports.connections.list(
            in: rows.own, integration: unused.id, status: nil, page: page)
        try require(others.elements.isEmpty, "a filter on the integration holds")
    }

    package static func references(_ ports: StorePorts) async throws {
        let rows = try await rows(ports)
        let foreignIntegration = try await ports.makeIntegration(rows.foreign[1].environmentID)
        let crossed = try ports.draftConnection(rows.scope, foreignIntegration.id)
        let entered = try await ports.entered(crossed, 1)
        try await expect(.notFound, "a connection on another environment's integration") {
            () async throws(StoreError) in
            try await ports.connections.create(
                crossed, entered: entered, tokenSet: nil, facts: nil,
                audit: ports.event(.connectionCreated, rows.scope.environmentID, tenant: rows.scope.tenantID))
        }
        try require(try await ports.connections.find(crossed.id, in: rows.whole) == nil, "nothing of it is stored")
    }

    package static func changing(_ ports: StorePorts) async throws {
        let rows = try await rows(ports)
        var changed = rows.connection
        changed.version = 2
        changed.displayName = nil
        changed.status = .suspended
        changed.statusReason = .byOperator
        let second = changed
        let audit = ports.event(.connectionUpdated, rows.scope.environmentID, tenant: rows.scope.tenantID)
        try await ports.connections.update(
            second, entered: nil, tokenSet: nil, facts: nil, audit: audit)
        try require(try await ports.connections.find(second.id, in: rows.own) == second, "a change is stored")
        try await expect(.stale, "a change of an older version") { () async throws(StoreError) in
            try await ports.connections.update(
                second, entered: nil, tokenSet: nil, facts: nil,
                audit: ports.event(.connectionUpdated, rows.scope.environmentID, tenant: rows.scope.tenantID))
        }
        for scope in rows.foreignTenants {
            var stolen = Connection(
                id: second.id, scope: scope, integrationID: second.integrationID, displayName: "Stolen",
                status: .active, statusReason: nil, origin: second.origin, fields: [:], version: 3,
                createdAt: second.createdAt, updatedAt: second.updatedAt, verifiedAt: nil)
            stolen.version = 3
            let foreign = stolen
            try await expect(.notFound, "a change through \(scope)") { () async throws(StoreError) in
                try await ports.connections.update(
                    foreign, entered: nil, tokenSet: nil, facts: nil,
                    audit: ports.event(.connectionUpdated, scope.environmentID, tenant: scope.tenantID))
            }
            try await expect(.notFound, "a deletion through \(scope)") { () async throws(StoreError) in
                try await ports.connections.delete(
                    second.id, in: scope,
                    audit: ports.event(.connectionDeleted, scope.environmentID, tenant: scope.tenantID))
            }
        }
        try await ports.connections.delete(
            second.id, in: rows.scope,
            audit: ports.event(.connectionDeleted, rows.scope.environmentID, tenant: rows.scope.tenantID))
        try require(try await ports.connections.load(second.id, in: rows.own) == nil, "a deleted one is gone")
    }

    package static func announcing(_ ports: StorePorts) async throws {
        let rows = try await rows(ports)
        var announcements = ports.announcements.announcements().makeAsyncIterator()
        var changed = rows.connection
        func change() async throws {
            changed.version += 1
            try await ports.connections.update(
                changed, entered: nil, tokenSet: nil, facts: nil,
                audit: ports.event(.connectionUpdated, rows.scope.environmentID, tenant: rows.scope.tenantID))
        }
        try await change()
        while let announcement = await announcements.next() {
            if announcement == .connectionChanged(changed.id) { return }
            // What came before a gap may be missed; what comes after it may not.
            if announcement == .gap { try await change() }
        }
        throw ConformanceFailure("a change is announced")
    }

    package static func telling(_ ports: StorePorts) async throws {
        let rows = try await rows(ports)
        for before in ConnectionStatus.allCases {
            for after in ConnectionStatus.allCases {
                try await tell(from: before, to: after, ports, rows)
            }
        }
        let id = rows.connection.id
        try await ports.connections.delete(
            id, in: rows.scope,
            audit: ports.event(.connectionDeleted, rows.scope.environmentID, tenant: rows.scope.tenantID))
        try require(try await ports.lifecycleEvents(id) == [.linked, .deleted], "a deletion is told")
    }

    /// An edit tells what ``ConnectionLifecycle`` says of the verification that it must come from.
    private static func tell(
        from before: ConnectionStatus, to after: ConnectionStatus, _ ports: StorePorts, _ rows: Rows
    ) async throws {
        var connection = try ports.draftConnection(rows.scope, rows.integration.id)
        connection.status = before
        try await ports.create(connection)
        let first = try await ports.lifecycleEvents(connection.id)
        try require(first == (before == .active ? [.linked] : []), "what is told of a new one that is \(before)")
        (connection.status, connection.version) = (after, 2)
        connection.statusReason = after == .reauthRequired ? .credentialRefused : nil
        try await ports.connections.update(
            connection, entered: nil, tokenSet: nil, facts: nil,
            audit: ports.event(.connectionUpdated, rows.scope.environmentID, tenant: rows.scope.tenantID))
        let standing = ConnectionLifecycle.Standing(before)
        let expected: [LifecycleEvent] =
            switch after {
            case .active: ConnectionLifecycle.told(of: .verified, from: standing, failures: 0)
            case .reauthRequired: ConnectionLifecycle.told(of: .credentialRefused, from: standing, failures: 0)
            case .pending, .backingOff, .suspended: []
            }
        let told = try await ports.lifecycleEvents(connection.id)
        try require(told == first + expected, "from \(before) to \(after): \(told)")
    }

    /// Every check of every port, by name: what a test runs as its arguments.
    package static let all: [(name: String, check: @Sendable (StorePorts) async throws -> Void)] =
        [
            ("environments", AdministrationConformance.environments), ("tenants", AdministrationConformance.tenants),
            ("integrations", AdministrationConformance.integrations), ("API keys", AdministrationConformance.apiKeys),
            ("audit events", AdministrationConformance.audit), ("paging", AdministrationConformance.paging),
            ("reading connections", reading), ("references of connections", references),
            ("changing connections", changing), ("announcing changes", announcing), ("telling of changes", telling),
        ] + LeaseConformance.all + CompletionConformance.all + DueConformance.all
}
