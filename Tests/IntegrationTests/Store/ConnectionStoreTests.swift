import Connections
import Domain
import Postgres
import Store
import TestSupport
import Testing

@Suite("Storing a connection and its credentials")
struct ConnectionStoreTests {
    @Test func `gives back what was stored, within the tenant and across the environment`() async throws {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            for scope in [world.readScope, world.environmentScope] {
                #expect(try await migrated.stores.connections.find(world.connection.id, in: scope) == world.connection)
                let stored = try await migrated.stores.connections.load(world.connection.id, in: scope)
                #expect(stored?.connection == world.connection)
                #expect(stored?.integration == world.integration)
                #expect(stored?.entered?.recordVersion == 1)
                #expect(stored?.tokenSet?.envelope.count == 120)
                #expect(stored?.tokenTimes?.expiresAt != nil)
                #expect(stored?.tokenTimes?.refreshDueAt != nil)
            }
        }
    }

    @Test func `nothing is stored when a part of it is refused`() async throws {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            let before = try await migrated.superuser.contentDigest()
            let new = World.makeConnection(in: world.scope, on: world.integration.id)
            let short = SealedSecret(envelope: World.bytes(80), keyVersion: 1, recordVersion: 1)
            let unknownKey = SealedSecret(envelope: World.bytes(120), keyVersion: 7, recordVersion: 1)
            await #expect(throws: StoreError.failed) {
                try await migrated.stores.connections.create(
                    new, entered: short, tokenSet: nil, facts: nil, audit: world.event(.connectionCreated))
            }
            await #expect(throws: StoreError.stale) {
                try await migrated.stores.connections.create(
                    new, entered: unknownKey, tokenSet: nil, facts: nil, audit: world.event(.connectionCreated))
            }
            let badEvent = AuditEvent(
                id: World.ids.next(), environmentID: world.environment.id, tenantID: world.tenant.id, at: World.now,
                actor: "", action: .connectionCreated, outcome: .success, object: nil)
            await #expect(throws: StoreError.failed) {
                try await migrated.stores.connections.create(
                    new, entered: World.sealed(1), tokenSet: nil, facts: nil, audit: badEvent)
            }
            #expect(try await migrated.superuser.contentDigest() == before)
        }
    }

    @Test func `nothing is half stored when the server ends the session in between`() async throws {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            try await migrated.superuser.script(
                """
                CREATE FUNCTION public.die() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
                    $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$;
                CREATE TRIGGER die BEFORE INSERT ON sallyport.audit_events
                    FOR EACH ROW WHEN (NEW.actor = 'dying') EXECUTE FUNCTION public.die();
                """)
            let before = try await migrated.superuser.contentDigest()
            let event = AuditEvent(
                id: World.ids.next(), environmentID: world.environment.id, tenantID: world.tenant.id, at: World.now,
                actor: "dying", action: .connectionUpdated, outcome: .success, object: nil)
            await #expect(throws: StoreError.self) {
                try await migrated.stores.connections.update(
                    world.connection.changed(), entered: World.sealed(2), tokenSet: nil, facts: nil, audit: event)
            }
            await #expect(throws: StoreError.self) {
                try await migrated.stores.tenants.delete(world.scope, audit: event)
            }
            #expect(try await migrated.superuser.contentDigest() == before)
        }
    }

    @Test func `the second of two writers that read the same version is stale`() async throws {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            let outcomes = await withTaskGroup(of: StoreError?.self) { group in
                for name in ["first", "second", "third"] {
                    group.addTask {
                        do throws(StoreError) {
                            try await migrated.stores.connections.update(
                                world.connection.changed { $0.displayName = name }, entered: nil, tokenSet: nil,
                                facts: nil,
                                audit: world.event(.connectionUpdated))
                            return nil
                        } catch {
                            return error
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.count { $0 == nil } == 1)
            #expect(outcomes.count { $0 == .stale } == 2)
            let stored = try await migrated.stores.connections.find(world.connection.id, in: world.readScope)
            #expect(stored?.version == 2)
            let events = try await migrated.stores.audit.list(
                in: world.readScope, action: .connectionUpdated, page: .page())
            #expect(events.elements.count == 1)
        }
    }

    @Test func `a connection that is gone is not found, not stale`() async throws {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            try await migrated.stores.connections.delete(
                world.connection.id, in: world.scope, audit: world.event(.connectionDeleted))
            #expect(try await migrated.stores.connections.load(world.connection.id, in: world.readScope) == nil)
            await #expect(throws: StoreError.notFound) {
                try await migrated.stores.connections.update(
                    world.connection.changed(), entered: World.sealed(2), tokenSet: nil, facts: nil,
                    audit: world.event(.connectionUpdated))
            }
            await #expect(throws: StoreError.notFound) {
                try await migrated.stores.connections.delete(
                    world.connection.id, in: world.scope, audit: world.event(.connectionDeleted))
            }
            let left = Statement(
                "SELECT (SELECT count(*) FROM sallyport.credentials) + (SELECT count(*) FROM sallyport.refresh_states)")
            #expect(try await migrated.superuser.number(left) == 0)
        }
    }

    @Test func `a new entered credential removes the token set and ends the refresh under way`() async throws {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            let lease = try await migrated.stores.lease(world)
            try await migrated.stores.connections.update(
                world.connection.changed { $0.fields = ["host": "new.example"] }, entered: World.sealed(2),
                tokenSet: nil, facts: nil, audit: world.event(.connectionUpdated))
            let stored = try await migrated.stores.connections.load(world.connection.id, in: world.readScope)
            #expect(stored?.entered?.recordVersion == 2)
            #expect(stored?.tokenSet == nil)
            #expect(stored?.tokenTimes == nil)
            #expect(stored?.connection.fields == ["host": "new.example"])
            #expect(try await migrated.stores.complete(World.obtained(2), under: lease, of: world) == .stale)
            let after = try await migrated.stores.connections.load(world.connection.id, in: world.readScope)
            #expect(after?.tokenSet == nil)
            // The lease went with the old credential: nobody waits for it.
            #expect(try await migrated.stores.lease(world).fence > lease.fence + 1)
        }
    }

    @Test func `an entered credential with its token set replaces both`() async throws {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            let (entered, tokenSet) = (World.sealed(2), World.sealed(2))
            try await migrated.stores.connections.update(
                world.connection.changed(), entered: entered, tokenSet: (tokenSet, World.times), facts: World.facts,
                audit: world.event(.connectionUpdated))
            let stored = try await migrated.stores.connections.load(world.connection.id, in: world.environmentScope)
            #expect(stored?.entered == entered)
            #expect(stored?.tokenSet == tokenSet)
        }
    }

    @Test func `an envelope of an older record version doesn't come back`() async throws {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            let before = try await migrated.superuser.contentDigest()
            await #expect(throws: StoreError.stale) {
                try await migrated.stores.connections.update(
                    world.connection.changed(), entered: World.sealed(1), tokenSet: nil, facts: nil,
                    audit: world.event(.connectionUpdated))
            }
            #expect(try await migrated.superuser.contentDigest() == before)
        }
    }

    @Test func `a row that doesn't fit the types is corrupt`() async throws {
        try await MigratedDatabase.with { migrated in
            for sql in Self.corruptions {
                let world = try await World.make(in: migrated.stores)
                try await migrated.superuser.script(sql)
                await #expect(throws: StoreError.corrupt, "\(sql)") {
                    _ = try await migrated.stores.connections.load(world.connection.id, in: world.readScope)
                }
            }
        }
    }

    private static let corruptions = [
        "UPDATE sallyport.connections SET status_reason = 'from_the_future'",
        "UPDATE sallyport.connections SET origin = 'https://user name/x'",
        "UPDATE sallyport.connections SET fields = '{\"host\": 1}'",
        "UPDATE sallyport.integrations SET settings = settings || '{\"unknown\": true}'",
        "UPDATE sallyport.integrations SET settings = settings || '{\"allowed_networks\": [\"10.0.0.1/8\"]}'",
        "UPDATE sallyport.integrations SET settings = settings || '{\"allows_plain_http\": \"yes\"}'",
    ]
}
