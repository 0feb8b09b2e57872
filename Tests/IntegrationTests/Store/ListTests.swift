import Connections
import Domain
import Store
import TestSupport
import Testing

@Suite("Paging through a list")
struct ListTests {
    @Test func `runs from the newest to the oldest and back, in the tenant and in the environment`() async throws {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            let ids = try await add(6, to: world, in: migrated.stores)
            let newestFirst = [world.connection.id] + ids
            let expected = newestFirst.sorted(by: >)
            for scope in [world.readScope, world.environmentScope] {
                let connections = migrated.stores.connections
                func page(_ start: PageStart<ConnectionKind>) async throws -> Page<Connection> {
                    try await connections.list(
                        in: scope, integration: nil, status: nil, page: .page(start, limit: 3))
                }
                let first = try await page(.first)
                #expect(first.elements.map(\.id) == Array(expected[0..<3]))
                #expect(!first.hasNewer && first.hasOlder)
                let second = try await page(.after(expected[2]))
                #expect(second.elements.map(\.id) == Array(expected[3..<6]))
                #expect(second.hasNewer && second.hasOlder)
                let last = try await page(.after(expected[5]))
                #expect(last.elements.map(\.id) == [expected[6]])
                #expect(last.hasNewer && !last.hasOlder)
                let back = try await page(.before(expected[6]))
                #expect(back.elements.map(\.id) == Array(expected[3..<6]))
                #expect(back.hasNewer && back.hasOlder)
                let start = try await page(.before(expected[2]))
                #expect(start.elements.map(\.id) == Array(expected[0..<2]))
                #expect(!start.hasNewer && start.hasOlder)
            }
        }
    }

    @Test func `shows each entry once though others are added and removed meanwhile`() async throws {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            let ids = try await add(8, to: world, in: migrated.stores)
            let expected = ([world.connection.id] + ids).sorted(by: >)
            var seen: [ConnectionID] = []
            var start = PageStart<ConnectionKind>.first
            var removed: ConnectionID?
            while true {
                let page = try await migrated.stores.connections.list(
                    in: world.readScope, integration: nil, status: nil, page: .page(start, limit: 2))
                seen += page.elements.map(\.id)
                guard page.hasOlder, let last = page.elements.last?.id else { break }
                start = .after(last)
                _ = try await add(1, to: world, in: migrated.stores)
                if removed == nil {
                    // The very entry that the cursor names.
                    try await migrated.stores.connections.delete(
                        last, in: world.scope, audit: world.event(.connectionDeleted))
                    removed = last
                }
            }
            #expect(seen == expected)
        }
    }

    @Test func `filters by integration and status`() async throws {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            let other = try await World.make(in: migrated.stores, sharing: world.environment)
            let connections = migrated.stores.connections
            try await connections.update(
                world.connection.changed { $0.status = .suspended }, entered: nil, tokenSet: nil, facts: nil,
                audit: world.event(.connectionUpdated))
            let ofIntegration = try await connections.list(
                in: world.environmentScope, integration: other.integration.id, status: nil, page: .page())
            #expect(ofIntegration.elements.map(\.id) == [other.connection.id])
            let suspended = try await connections.list(
                in: world.environmentScope, integration: nil, status: .suspended, page: .page())
            #expect(suspended.elements.map(\.id) == [world.connection.id])
            let none = try await connections.list(
                in: world.readScope, integration: other.integration.id, status: .suspended, page: .page())
            #expect(none.elements.isEmpty && !none.hasOlder && !none.hasNewer)
        }
    }

    @Test func `every list pages both ways`() async throws {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            _ = try await World.make(in: migrated.stores, sharing: world.environment)
            let (stores, scope, environment) = (migrated.stores, world.environmentScope, world.environment.id)
            try await expectTwoPages(\Tenant.id) { try await stores.tenants.list(in: scope, page: $0) }
            try await expectTwoPages(\Integration.id) {
                try await stores.integrations.list(in: environment, page: $0)
            }
            try await expectTwoPages(\APIKey.id) { try await stores.apiKeys.list(in: scope, page: $0) }
            try await expectTwoPages(\AuditEvent.id) {
                try await stores.audit.list(in: scope, action: .connectionCreated, page: $0)
            }
            try await stores.audit.append([world.event(.proxyUsed), world.event(.proxyUsed)])
            try await expectTwoPages(\AuditEvent.id) {
                try await stores.audit.list(in: world.readScope, action: .proxyUsed, page: $0)
            }
        }
    }

    /// A list of two entries, one a page.
    private func expectTwoPages<Element, Kind>(
        _ id: KeyPath<Element, EntityID<Kind>>,
        _ list: (PageRequest<Kind>) async throws -> Page<Element>
    ) async throws {
        let whole = try await list(.page())
        #expect(whole.elements.count == 2)
        let newer = try #require(whole.elements.first)
        let older = try #require(whole.elements.last)
        #expect(newer[keyPath: id] > older[keyPath: id])
        let first = try await list(.page(limit: 1))
        #expect(first.elements.map { $0[keyPath: id] } == [newer[keyPath: id]])
        #expect(first.hasOlder && !first.hasNewer)
        let second = try await list(.page(.after(newer[keyPath: id]), limit: 1))
        #expect(second.elements.map { $0[keyPath: id] } == [older[keyPath: id]])
        #expect(!second.hasOlder && second.hasNewer)
        let back = try await list(.page(.before(older[keyPath: id]), limit: 1))
        #expect(back.elements.map { $0[keyPath: id] } == [newer[keyPath: id]])
        #expect(back.hasOlder && !back.hasNewer)
    }

    private func add(_ count: Int, to world: World, in stores: PostgresStores) async throws -> [ConnectionID] {
        var ids: [ConnectionID] = []
        for _ in 0..<count {
            let new = World.makeConnection(in: world.scope, on: world.integration.id)
            try await stores.connections.create(
                new, entered: World.sealed(1), tokenSet: nil, facts: nil, audit: world.event(.connectionCreated))
            ids.append(new.id)
        }
        return ids
    }
}
