import Connections
import Domain
import Postgres
import Store
import TestSupport
import Testing

@Suite("Leases on refreshing a credential")
struct RefreshStoreTests {
    @Test func `of many instances that ask at once one gets the lease, and the others learn how long it holds`()
        async throws
    {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            let answers = try await withThrowingTaskGroup(of: [LeaseAnswer].self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        try await migrated.stores.refreshes.acquireLeases([world.request], on: World.terms())
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            var granted: [Lease] = []
            for answer in answers {
                switch answer {
                case .granted(let lease, let stored):
                    granted.append(lease)
                    #expect(stored.tokenSet != nil)
                // Beside the one that is about to get it: look again soon.
                case .held(let remaining): #expect(remaining > .zero && remaining <= .seconds(60))
                default: Issue.record("\(answer)")
                }
            }
            #expect(granted.map(\.fence) == [1])
            #expect(granted.map(\.attempt) == [1])
            #expect(
                try await migrated.superuser.number(Statement("SELECT attempts FROM sallyport.refresh_states")) == 1)
        }
    }

    @Test func `instances that ask for the same many in another order take each once and wait for nobody`()
        async throws
    {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            let neighbour = try await World.make(in: migrated.stores, sharing: world.environment)
            let requests =
                try await add(40, to: world, in: migrated.stores) + add(40, to: neighbour, in: migrated.stores)
            let leases = try await withThrowingTaskGroup(of: [Lease].self) { group in
                for _ in 0..<6 {
                    let shuffled = requests.shuffled()
                    group.addTask {
                        let answers = try await migrated.stores.refreshes.acquireLeases(shuffled, on: World.terms())
                        return answers.compactMap { if case .granted(let lease, _) = $0 { lease } else { nil } }
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            // Whoever finds a row locked skips it, so that one who is refused all over may be the only one.
            #expect(Set(leases.map(\.connectionID)).count == leases.count)
            #expect(leases.allSatisfy { $0.fence == 1 && $0.attempt == 1 })
            #expect(leases.count == requests.count)
        }
    }

    @Test func `a row that somebody changes is skipped and not waited for`() async throws {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            let others = try await add(3, to: world, in: migrated.stores)
            try await migrated.database.withClient { editor in
                try await editor.withTransaction { transaction in
                    try await transaction.query(
                        Statement(
                            "SELECT FROM sallyport.refresh_states WHERE connection_id = $1 FOR UPDATE",
                            [world.connection.id.value]))
                    let answers = try await migrated.stores.refreshes.acquireLeases(
                        [others[0], world.request] + others.dropFirst(), on: World.terms())
                    guard case .held(let remaining) = answers[1] else { throw PostgresStores.NoLease() }
                    #expect(remaining > .zero && remaining <= .seconds(1))
                    for answer in [answers[0], answers[2], answers[3]] {
                        guard case .granted = answer else { throw PostgresStores.NoLease() }
                    }
                }
            }
            #expect(try await migrated.stores.lease(world).attempt == 1)
        }
    }

    @Test func `what an old lease offers changes nothing at all`() async throws {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            let late = try await migrated.stores.lease(world, for: .zero)
            let next = try await migrated.stores.lease(world)
            #expect(next.fence > late.fence)
            let before = try await migrated.superuser.contentDigest()
            for result in [
                World.obtained(2), .ended(.invalidGrant), .failed(.rateLimited, retryAfter: .seconds(60)),
            ] {
                #expect(try await migrated.stores.complete(result, under: late, of: world) == .stale)
            }
            for version: Int64 in [1, 3, 9] {
                #expect(try await migrated.stores.complete(World.obtained(version), under: next, of: world) == .stale)
            }
            try await migrated.stores.refreshes.release(late)
            #expect(try await migrated.superuser.contentDigest() == before)
            try await migrated.stores.write(World.obtained(2), under: next, of: world)
        }
    }

    @Test func `a refused one is refused alone, and the others of its batch are written`() async throws {
        try await MigratedDatabase.with { migrated in
            let worlds = [
                try await World.make(in: migrated.stores), try await World.make(in: migrated.stores),
                try await World.make(in: migrated.stores), try await World.make(in: migrated.stores),
            ]
            var completions: [RefreshCompletion] = []
            for world in worlds {
                completions.append(
                    RefreshCompletion(
                        lease: try await migrated.stores.lease(world), result: World.obtained(2),
                        audit: world.event(.credentialRefreshed)))
            }
            let bad = AuditEvent(
                id: World.ids.next(), environmentID: worlds[1].environment.id, tenantID: worlds[1].tenant.id,
                at: World.now, actor: "", action: .credentialRefreshed, outcome: .success, object: nil)
            completions[1] = RefreshCompletion(
                lease: completions[1].lease, result: completions[1].result, audit: bad)
            let unknownKey = SealedSecret(envelope: World.bytes(120), keyVersion: 7, recordVersion: 2)
            completions[3] = RefreshCompletion(
                lease: completions[3].lease, result: .obtained(unknownKey, World.times, World.facts),
                audit: completions[3].audit)
            let answers = try await migrated.stores.refreshes.complete(completions)
            #expect(answers == [.written, .failed, .written, .keyRetired])
            for (index, version) in [2, 1, 2, 1].enumerated() {
                let stored = try await migrated.stores.connections.load(
                    worlds[index].connection.id, in: worlds[index].readScope)
                #expect(stored?.tokenSet?.recordVersion == Int64(version))
            }
            // Both still hold their leases.
            try await migrated.stores.write(World.obtained(2), under: completions[1].lease, of: worlds[1])
            try await migrated.stores.write(World.obtained(2), under: completions[3].lease, of: worlds[3])
        }
    }

    @Test func `nothing of a batch is written when the server ends the session within it`() async throws {
        try await MigratedDatabase.with { migrated in
            let worlds = [try await World.make(in: migrated.stores), try await World.make(in: migrated.stores)]
            try await migrated.superuser.script(
                """
                CREATE FUNCTION public.die() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
                    $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$;
                CREATE TRIGGER die BEFORE INSERT ON sallyport.audit_events
                    FOR EACH ROW WHEN (NEW.actor = 'dying') EXECUTE FUNCTION public.die();
                """)
            var completions: [RefreshCompletion] = []
            for world in worlds {
                completions.append(
                    RefreshCompletion(
                        lease: try await migrated.stores.lease(world), result: World.obtained(2),
                        audit: world.event(.credentialRefreshed)))
            }
            let dying = AuditEvent(
                id: World.ids.next(), environmentID: worlds[1].environment.id, tenantID: worlds[1].tenant.id,
                at: World.now, actor: "dying", action: .credentialRefreshed, outcome: .success, object: nil)
            let fatal = [
                completions[0],
                RefreshCompletion(lease: completions[1].lease, result: completions[1].result, audit: dying),
            ]
            let before = try await migrated.superuser.contentDigest()
            await #expect(throws: StoreError.self) { _ = try await migrated.stores.refreshes.complete(fatal) }
            #expect(try await migrated.superuser.contentDigest() == before)
            #expect(try await migrated.stores.refreshes.complete(completions) == [.written, .written])
            #expect(try await migrated.stores.refreshes.complete(completions) == [.stale, .stale])
        }
    }

    @Test func `a whole batch is taken and written over several tenants and environments`() async throws {
        try await MigratedDatabase.with { migrated in
            var requests: [LeaseRequest] = []
            for _ in 0..<4 {
                let world = try await World.make(in: migrated.stores)
                requests += try await add(64, to: world, in: migrated.stores)
            }
            requests.shuffle()
            let answers = try await migrated.stores.refreshes.acquireLeases(requests, on: World.terms())
            let completions = try zip(requests, answers).map { request, answer in
                guard case .granted(let lease, let stored) = answer, lease.connectionID == request.connectionID,
                    stored.connection.id == request.connectionID
                else { throw PostgresStores.NoLease() }
                return RefreshCompletion(
                    lease: lease, result: World.obtained(stored.tokenSetVersion + 1),
                    audit: World.event(.credentialRefreshed, lease.scope.environmentID, lease.scope.tenantID))
            }
            let written = try await migrated.stores.refreshes.complete(completions)
            #expect(written.count == 256)
            #expect(written.allSatisfy { $0 == .written })
        }
    }

    @Test func `writers that meet wait for each other and never deadlock, and a tenant can be deleted among them`()
        async throws
    {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            let requests = try await add(6, to: world, in: migrated.stores) + [world.request]
            let failures = await withTaskGroup(of: [StoreError].self) { group in
                for writer in 0..<8 {
                    group.addTask { await write(15, as: writer, requests, of: world, in: migrated.stores) }
                }
                return await group.reduce(into: []) { $0 += $1 }
            }
            // A deadlock would be `unavailable`: the server ends one side and undoes it.
            #expect(failures.allSatisfy { $0 == .stale })
            async let late = write(15, as: 1, requests, of: world, in: migrated.stores)
            try await migrated.stores.tenants.delete(world.scope, audit: world.event(.tenantDeleted))
            #expect(await late.allSatisfy { $0 == .stale || $0 == .notFound })
            #expect(try await migrated.superuser.number(Statement("SELECT count(*) FROM sallyport.credentials")) == 0)
        }
    }

    /// Refreshes in batches and edits in turn; the errors that it met.
    private func write(
        _ times: Int, as writer: Int, _ requests: [LeaseRequest], of world: World, in stores: PostgresStores
    ) async -> [StoreError] {
        var failures: [StoreError] = []
        for turn in 0..<times {
            do throws(StoreError) {
                if (writer + turn).isMultiple(of: 2) {
                    try await refresh(requests.shuffled(), of: world, in: stores, fails: turn.isMultiple(of: 3))
                } else if let stored = try await stores.connections.load(world.connection.id, in: world.readScope) {
                    let version = (stored.entered?.recordVersion ?? 0) + 1
                    try await stores.connections.update(
                        stored.connection.changed(), entered: World.sealed(version), tokenSet: nil,
                        facts: World.facts, audit: world.event(.connectionUpdated))
                }
            } catch {
                failures.append(error)
            }
        }
        return failures
    }

    private func refresh(
        _ requests: [LeaseRequest], of world: World, in stores: PostgresStores, fails: Bool
    ) async throws(StoreError) {
        let answers = try await stores.refreshes.acquireLeases(requests, on: World.terms(for: .zero))
        let completions = answers.compactMap { answer -> RefreshCompletion? in
            guard case .granted(let lease, let stored) = answer else { return nil }
            return RefreshCompletion(
                lease: lease,
                result: fails
                    ? .failed(.rateLimited, retryAfter: .zero) : World.obtained(stored.tokenSetVersion + 1),
                audit: world.event(.credentialRefreshed))
        }
        _ = try await stores.refreshes.complete(completions.shuffled())
    }

    @Test func `what a program of the version before wrote is counted on from`() async throws {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            // It numbers by the stored token set alone.
            try await migrated.superuser.script(
                "UPDATE sallyport.credentials SET record_version = 2 WHERE kind = 'token_set'")
            let stored = try await migrated.stores.connections.load(world.connection.id, in: world.readScope)
            #expect(stored?.tokenSetVersion == 2)
            let lease = try await migrated.stores.lease(world)
            #expect(try await migrated.stores.complete(World.obtained(2), under: lease, of: world) == .stale)
            try await migrated.stores.write(World.obtained(3), under: lease, of: world)
            try await migrated.superuser.script(
                "UPDATE sallyport.credentials SET record_version = 4 WHERE kind = 'token_set'")
            try await migrated.stores.connections.update(
                world.connection.changed(), entered: World.sealed(2), tokenSet: nil, facts: nil,
                audit: world.event(.connectionUpdated))
            let relinked = try await migrated.stores.connections.load(world.connection.id, in: world.readScope)
            #expect(relinked?.tokenSetVersion == 4)
        }
    }

    @Test func `a connection that is gone is not found, and its results are stale`() async throws {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            let lease = try await migrated.stores.lease(world)
            try await migrated.stores.connections.delete(
                world.connection.id, in: world.scope, audit: world.event(.connectionDeleted))
            for result in [World.obtained(2), .ended(.invalidGrant), .failed(.rateLimited, retryAfter: .zero)] {
                #expect(try await migrated.stores.complete(result, under: lease, of: world) == .stale)
            }
            try await migrated.stores.refreshes.release(lease)
            let answers = try await migrated.stores.refreshes.acquireLeases([world.request], on: World.terms())
            guard case .notFound = answers.first else { throw PostgresStores.NoLease() }
        }
    }

    private func add(_ count: Int, to world: World, in stores: PostgresStores) async throws -> [LeaseRequest] {
        var requests: [LeaseRequest] = []
        for _ in 0..<count {
            let new = World.makeConnection(in: world.scope, on: world.integration.id)
            try await stores.connections.create(
                new, entered: World.sealed(1), tokenSet: (World.sealed(1), World.times), facts: World.facts,
                audit: world.event(.connectionCreated))
            requests.append(LeaseRequest(connectionID: new.id, scope: world.scope))
        }
        return requests
    }
}

extension World {
    fileprivate var request: LeaseRequest { LeaseRequest(connectionID: connection.id, scope: scope) }
}
