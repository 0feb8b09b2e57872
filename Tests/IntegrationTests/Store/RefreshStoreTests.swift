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
            let answers = try await withThrowingTaskGroup(of: LeaseAnswer.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        try await migrated.stores.refreshes.acquireLease(
                            on: world.connection.id, in: world.scope, owner: World.ids.next(), duration: .seconds(60))
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            var granted: [Lease] = []
            for answer in answers {
                switch answer {
                case .granted(let lease): granted.append(lease)
                case .held(let remaining):
                    #expect(remaining > .seconds(30))
                    #expect(remaining <= .seconds(60))
                case .backingOff: Issue.record("nothing failed yet")
                }
            }
            #expect(granted.count == 1)
            #expect(granted.first?.fence == 1)
            #expect(granted.first?.attempt == 1)
            #expect(try await attempts(migrated) == 1)
        }
    }

    @Test func `an expired lease is taken over with a larger fence, and the late writer writes nothing`() async throws {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            let late = try await migrated.stores.lease(world, for: .zero)
            let next = try await migrated.stores.lease(world)
            #expect(next.fence > late.fence)
            #expect(next.attempt == 2)
            let before = try await migrated.superuser.contentDigest()
            for result in [
                RefreshResult.obtained(World.sealed(2), World.times), .ended(.invalidGrant),
                .failed(.rateLimited, retryAfter: .seconds(60)),
            ] {
                await #expect(throws: StoreError.stale) {
                    try await migrated.stores.refreshes.complete(
                        late, with: result, audit: world.event(.credentialRefreshed))
                }
            }
            try await migrated.stores.refreshes.release(late)
            #expect(try await migrated.superuser.contentDigest() == before)
            try await migrated.stores.refreshes.complete(
                next, with: .obtained(World.sealed(2), World.times), audit: world.event(.credentialRefreshed))
        }
    }

    @Test func `a lease that expired but that nobody took over may still write`() async throws {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            let lease = try await migrated.stores.lease(world, for: .zero)
            let sealed = World.sealed(2)
            try await migrated.stores.refreshes.complete(
                lease, with: .obtained(sealed, World.times), audit: world.event(.credentialRefreshed))
            let stored = try await migrated.stores.connections.load(world.connection.id, in: world.readScope)
            #expect(stored?.tokenSet == sealed)
        }
    }

    @Test func `an outcome is written once`() async throws {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            let lease = try await migrated.stores.lease(world)
            try await migrated.stores.refreshes.complete(
                lease, with: .obtained(World.sealed(2), World.times), audit: world.event(.credentialRefreshed))
            await #expect(throws: StoreError.stale) {
                try await migrated.stores.refreshes.complete(
                    lease, with: .obtained(World.sealed(3), World.times), audit: world.event(.credentialRefreshed))
            }
        }
    }

    @Test func `a token set that doesn't follow the stored one is stale and leaves the lease`() async throws {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            let lease = try await migrated.stores.lease(world)
            let before = try await migrated.superuser.contentDigest()
            for version: Int64 in [1, 3, 9] {
                await #expect(throws: StoreError.stale) {
                    try await migrated.stores.refreshes.complete(
                        lease, with: .obtained(World.sealed(version), World.times),
                        audit: world.event(.credentialRefreshed))
                }
            }
            #expect(try await migrated.superuser.contentDigest() == before)
        }
    }

    @Test func `the first token set has record version 1`() async throws {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            try await migrated.superuser.script("DELETE FROM sallyport.credentials WHERE kind = 'token_set'")
            let lease = try await migrated.stores.lease(world)
            await #expect(throws: StoreError.stale) {
                try await migrated.stores.refreshes.complete(
                    lease, with: .obtained(World.sealed(2), World.times), audit: world.event(.credentialRefreshed))
            }
            try await migrated.stores.refreshes.complete(
                lease, with: .obtained(World.sealed(1), World.times), audit: world.event(.credentialRefreshed))
        }
    }

    @Test func `a failure backs off for everybody; a success starts anew`() async throws {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            let lease = try await migrated.stores.lease(world)
            try await migrated.stores.refreshes.complete(
                lease, with: .failed(.tokenEndpointUnreachable, retryAfter: .seconds(60)),
                audit: world.event(.credentialRefreshed))
            let answer = try await migrated.stores.refreshes.acquireLease(
                on: world.connection.id, in: world.scope, owner: World.ids.next(), duration: .seconds(60))
            guard case .backingOff(let remaining) = answer else { throw PostgresStores.NoLease() }
            #expect(remaining > .seconds(30))
            #expect(remaining <= .seconds(60))
            try await migrated.superuser.script("UPDATE sallyport.refresh_states SET not_before = now()")
            let second = try await migrated.stores.lease(world)
            #expect(second.attempt == 2)
            try await migrated.stores.refreshes.complete(
                second, with: .obtained(World.sealed(2), World.times), audit: world.event(.credentialRefreshed))
            #expect(try await attempts(migrated) == 0)
            #expect(try await migrated.stores.lease(world).attempt == 1)
        }
    }

    @Test func `giving a lease back uncounts the attempt and lets the next one in`() async throws {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            let lease = try await migrated.stores.lease(world)
            try await migrated.stores.refreshes.release(lease)
            try await migrated.stores.refreshes.release(lease)
            #expect(try await attempts(migrated) == 0)
            let next = try await migrated.stores.lease(world)
            #expect(next.fence == lease.fence + 1)
            #expect(next.attempt == 1)
        }
    }

    @Test func `writers of one connection that meet wait for each other and never deadlock`() async throws {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            let failures = await withTaskGroup(of: [StoreError].self) { group in
                for writer in 0..<8 {
                    group.addTask { await write(20, as: writer, to: world, in: migrated.stores) }
                }
                return await group.reduce(into: []) { $0 += $1 }
            }
            // A deadlock would be `unavailable`: the server ends one side and undoes it.
            #expect(failures.allSatisfy { $0 == .stale })
            try await migrated.stores.tenants.delete(world.scope, audit: world.event(.tenantDeleted))
        }
    }

    /// Refreshes and edits in turn; the errors that it met.
    private func write(
        _ times: Int, as writer: Int, to world: World, in stores: PostgresStores
    ) async -> [StoreError] {
        var failures: [StoreError] = []
        for turn in 0..<times {
            do throws(StoreError) {
                if (writer + turn).isMultiple(of: 2) {
                    try await refresh(world, in: stores)
                } else if let stored = try await stores.connections.load(world.connection.id, in: world.readScope) {
                    let version = (stored.entered?.recordVersion ?? 0) + 1
                    try await stores.connections.update(
                        stored.connection.changed(), entered: World.sealed(version), tokenSet: nil,
                        audit: world.event(.connectionUpdated))
                }
            } catch {
                failures.append(error)
            }
        }
        return failures
    }

    private func refresh(_ world: World, in stores: PostgresStores) async throws(StoreError) {
        let answer = try await stores.refreshes.acquireLease(
            on: world.connection.id, in: world.scope, owner: World.ids.next(), duration: .zero)
        guard case .granted(let lease) = answer else { return }
        let stored = try await stores.connections.load(world.connection.id, in: world.readScope)
        let version = (stored?.tokenSet?.recordVersion ?? 0) + 1
        let result: RefreshResult =
            lease.attempt.isMultiple(of: 3)
            ? .failed(.rateLimited, retryAfter: .zero) : .obtained(World.sealed(version), World.times)
        try await stores.refreshes.complete(lease, with: result, audit: world.event(.credentialRefreshed))
    }

    @Test func `a refresh moves the status among those that are its own`() async throws {
        try await MigratedDatabase.with { migrated in
            for move in Self.moves { try await expect(move, in: migrated) }
        }
    }

    private struct Move: CustomStringConvertible {
        let from: ConnectionStatus
        let result: RefreshResult
        var tokenIsValid = false
        let to: ConnectionStatus
        let reason: StatusReason?
        var description: String { "\(from.rawValue) to \(to.rawValue)" }
    }

    private func expect(_ move: Move, in migrated: MigratedDatabase) async throws {
        let world = try await World.make(in: migrated.stores)
        let times = TokenTimes(
            expiresAt: World.now + (move.tokenIsValid ? .seconds(60) : .seconds(-60)), refreshDueAt: World.now)
        try await migrated.stores.connections.update(
            world.connection.changed { $0.status = move.from }, entered: nil, tokenSet: (World.sealed(2), times),
            audit: world.event(.connectionUpdated))
        let lease = try await migrated.stores.lease(world)
        try await migrated.stores.refreshes.complete(
            lease, with: move.result, audit: world.event(.credentialRefreshed))
        let stored = try await migrated.stores.connections.find(world.connection.id, in: world.readScope)
        #expect(stored?.status == move.to, "\(move)")
        #expect(stored?.statusReason == move.reason, "\(move)")
        // Who edits a connection that has changed meanwhile must notice.
        #expect(stored?.version == (move.from == move.to ? 2 : 3), "\(move)")
    }

    private static let moves: [Move] = [
        Move(from: .active, result: .obtained(World.sealed(3), World.times), to: .active, reason: nil),
        Move(from: .backingOff, result: .obtained(World.sealed(3), World.times), to: .active, reason: nil),
        Move(from: .reauthRequired, result: .obtained(World.sealed(3), World.times), to: .active, reason: nil),
        Move(from: .pending, result: .obtained(World.sealed(3), World.times), to: .pending, reason: nil),
        Move(from: .suspended, result: .obtained(World.sealed(3), World.times), to: .suspended, reason: nil),
        Move(from: .active, result: .ended(.invalidGrant), to: .reauthRequired, reason: .invalidGrant),
        Move(from: .backingOff, result: .ended(.invalidGrant), to: .reauthRequired, reason: .invalidGrant),
        Move(from: .suspended, result: .ended(.invalidGrant), to: .suspended, reason: nil),
        Move(from: .pending, result: .ended(.invalidGrant), to: .pending, reason: nil),
        Move(
            from: .active, result: .failed(.rateLimited, retryAfter: .seconds(1)), to: .backingOff,
            reason: .rateLimited),
        Move(
            from: .active, result: .failed(.rateLimited, retryAfter: .seconds(1)), tokenIsValid: true, to: .active,
            reason: nil),
        Move(from: .suspended, result: .failed(.rateLimited, retryAfter: .seconds(1)), to: .suspended, reason: nil),
        Move(from: .pending, result: .failed(.rateLimited, retryAfter: .seconds(1)), to: .pending, reason: nil),
    ]

    private func attempts(_ migrated: MigratedDatabase) async throws -> Int64 {
        try await migrated.superuser.number(Statement("SELECT attempts FROM sallyport.refresh_states"))
    }
}
