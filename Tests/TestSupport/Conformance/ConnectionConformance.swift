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
                crossed, entered: entered, tokenSet: nil,
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
        try await ports.connections.update(second, entered: nil, tokenSet: nil, audit: audit)
        try require(try await ports.connections.find(second.id, in: rows.own) == second, "a change is stored")
        try await expect(.stale, "a change of an older version") { () async throws(StoreError) in
            try await ports.connections.update(
                second, entered: nil, tokenSet: nil,
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
                    foreign, entered: nil, tokenSet: nil,
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

    package static func leases(_ ports: StorePorts) async throws {
        let rows = try await rows(ports)
        let (id, scope) = (rows.connection.id, rows.scope)
        let (mine, theirs) = (ports.instance(), ports.instance())
        func acquire(_ owner: InstanceID) async throws(StoreError) -> LeaseAnswer {
            try await ports.refreshes.acquireLease(on: id, in: scope, owner: owner, duration: .seconds(2))
        }
        for foreign in rows.foreignTenants {
            try await expect(.notFound, "a lease through \(foreign)") { () async throws(StoreError) in
                _ = try await ports.refreshes.acquireLease(
                    on: id, in: foreign, owner: mine, duration: .seconds(2))
            }
        }
        guard case .granted(let first) = try await acquire(mine) else {
            throw ConformanceFailure("the first lease is granted")
        }
        try require(first.attempt == 1 && first.owner == mine, "the first attempt counts 1")
        guard case .held(let remaining) = try await acquire(theirs) else {
            throw ConformanceFailure("a second lease is refused while the first holds")
        }
        try require(remaining > .zero && remaining <= .seconds(2), "it says how long")
        try await ports.elapse(.milliseconds(2_100))
        guard case .granted(let second) = try await acquire(theirs) else {
            throw ConformanceFailure("a lease that ran out is taken over")
        }
        try require(second.fence > first.fence, "the fence grows")
        try require(second.attempt == 2, "attempts count on")
        let late = try await ports.tokenSet(rows.connection, 1)
        let times = ports.times(validFor: .seconds(600))
        let audit = ports.event(.credentialRefreshed, scope.environmentID, tenant: scope.tenantID)
        try await expect(.stale, "a late writer") { () async throws(StoreError) in
            try await ports.refreshes.complete(first, with: .obtained(late, times), audit: audit)
        }
        try require(try await ports.connections.load(id, in: rows.own)?.tokenSet == nil, "it wrote nothing")
        try await ports.refreshes.release(first)
        guard case .held = try await acquire(mine) else {
            throw ConformanceFailure("giving back an old lease doesn't free the new one")
        }
        let skipped = try await ports.tokenSet(rows.connection, 5)
        try await expect(.stale, "a record version that skips") { () async throws(StoreError) in
            try await ports.refreshes.complete(
                second, with: .obtained(skipped, times),
                audit: ports.event(.credentialRefreshed, scope.environmentID, tenant: scope.tenantID))
        }
        try await ports.refreshes.release(second)
        guard case .granted(let third) = try await acquire(mine) else {
            throw ConformanceFailure("a lease that was given back is free")
        }
        try require(third.attempt == 2, "an attempt that was given back doesn't count")
    }

    package static func completing(_ ports: StorePorts) async throws {
        let rows = try await rows(ports)
        let (id, scope) = (rows.connection.id, rows.scope)
        func acquire() async throws -> Lease {
            guard
                case .granted(let lease) = try await ports.refreshes.acquireLease(
                    on: id, in: scope, owner: ports.instance(), duration: .seconds(5))
            else { throw ConformanceFailure("a lease is granted") }
            return lease
        }
        func complete(_ lease: Lease, _ result: RefreshResult) async throws -> StoredConnection {
            try await ports.refreshes.complete(
                lease, with: result,
                audit: ports.event(.credentialRefreshed, scope.environmentID, tenant: scope.tenantID))
            guard let stored = try await ports.connections.load(id, in: rows.own) else {
                throw ConformanceFailure("the connection is there")
            }
            return stored
        }
        let failed = try await complete(acquire(), .failed(.rateLimited, retryAfter: .seconds(2)))
        try require(failed.connection.status == .backingOff, "a failure without a token backs off")
        try require(failed.connection.statusReason == .rateLimited, "and says why")
        try require(failed.connection.version > rows.connection.version, "a change of the status grows the version")
        guard
            case .backingOff(let remaining) = try await ports.refreshes.acquireLease(
                on: id, in: scope, owner: ports.instance(), duration: .seconds(5))
        else { throw ConformanceFailure("nobody tries while it backs off") }
        try require(remaining > .zero && remaining <= .seconds(2), "it says how long")
        try await ports.elapse(.milliseconds(2_100))
        let lease = try await acquire()
        try require(lease.attempt == 2, "attempts count on after a failure")
        let sealed = try await ports.tokenSet(rows.connection, 1)
        let times = ports.times(validFor: .seconds(600))
        let obtained = try await complete(lease, .obtained(sealed, times))
        try require(obtained.tokenSet == sealed && obtained.tokenTimes == times, "a token set is stored with its times")
        try require(obtained.connection.status == .active, "a token makes it active")
        try require(obtained.connection.statusReason == nil, "without a reason")
        let served = try await acquire()
        try require(served.attempt == 1, "attempts count anew after a success")
        let stillServed = try await complete(served, .failed(.outcomeUnknown, retryAfter: .milliseconds(1)))
        try require(stillServed.connection.status == .active, "a failure beside a valid token changes no status")
        try await ports.elapse(.milliseconds(10))
        let ended = try await complete(acquire(), .ended(.invalidClient))
        try require(ended.connection.status == .reauthRequired, "an end needs linking again")
        try require(ended.connection.statusReason == .invalidClient, "and says why")
        _ = try await acquire()
    }

    package static func relinking(_ ports: StorePorts) async throws {
        let rows = try await rows(ports)
        guard
            case .granted(let lease) = try await ports.refreshes.acquireLease(
                on: rows.connection.id, in: rows.scope, owner: ports.instance(), duration: .seconds(5))
        else { throw ConformanceFailure("a lease is granted") }
        var changed = rows.connection
        changed.version = 2
        try await ports.connections.update(
            changed, entered: try await ports.entered(changed, 2), tokenSet: nil,
            audit: ports.event(.connectionUpdated, rows.scope.environmentID, tenant: rows.scope.tenantID))
        let late = try await ports.tokenSet(changed, 1)
        let times = ports.times(validFor: nil)
        try await expect(.stale, "a flight of the old credential") { () async throws(StoreError) in
            try await ports.refreshes.complete(
                lease, with: .obtained(late, times),
                audit: ports.event(.credentialRefreshed, rows.scope.environmentID, tenant: rows.scope.tenantID))
        }
        let stored = try await ports.connections.load(rows.connection.id, in: rows.own)
        try require(stored?.entered?.recordVersion == 2 && stored?.tokenSet == nil, "the new credential stands alone")
        var suspended = changed
        suspended.version = 3
        suspended.status = .suspended
        try await ports.connections.update(
            suspended, entered: nil, tokenSet: nil,
            audit: ports.event(.connectionUpdated, rows.scope.environmentID, tenant: rows.scope.tenantID))
        guard
            case .granted(let next) = try await ports.refreshes.acquireLease(
                on: rows.connection.id, in: rows.scope, owner: ports.instance(), duration: .seconds(5))
        else { throw ConformanceFailure("a new credential outdates the old lease") }
        try await ports.refreshes.complete(
            next, with: .obtained(late, times),
            audit: ports.event(.credentialRefreshed, rows.scope.environmentID, tenant: rows.scope.tenantID))
        let kept = try await ports.connections.find(rows.connection.id, in: rows.own)
        try require(kept?.status == .suspended, "a refresh doesn't wake a suspended connection")
    }

    package static func announcing(_ ports: StorePorts) async throws {
        let rows = try await rows(ports)
        var announcements = ports.announcements.announcements().makeAsyncIterator()
        var changed = rows.connection
        func change() async throws {
            changed.version += 1
            try await ports.connections.update(
                changed, entered: nil, tokenSet: nil,
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

    /// Every check of every port, by name: what a test runs as its arguments.
    package static let all: [(name: String, check: @Sendable (StorePorts) async throws -> Void)] = [
        ("environments", AdministrationConformance.environments), ("tenants", AdministrationConformance.tenants),
        ("integrations", AdministrationConformance.integrations), ("API keys", AdministrationConformance.apiKeys),
        ("audit events", AdministrationConformance.audit), ("paging", AdministrationConformance.paging),
        ("reading connections", reading), ("references of connections", references),
        ("changing connections", changing), ("leases", leases), ("completing a refresh", completing),
        ("linking again", relinking), ("announcing changes", announcing),
    ]
}
