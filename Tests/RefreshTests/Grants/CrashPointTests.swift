import Connections
import Domain
import Foundation
import Sodium
import Testing
import TestSupport
import Vault

@testable import Refresh

@Suite("Whatever becomes of process and database, an answer that came is kept", .timeLimit(.minutes(1)))
struct CrashPointTests {
    private let flights: GrantFlights
    private let bed: SpoolBed
    private var world: FakeWorld { flights.world }

    init() async throws {
        flights = try await GrantFlights()
        bed = try SpoolBed()
    }

    /// An instance with a spool of its own, which dies when it is told to: its store is gone, and its files are as they were.
    private struct Instance {
        let engine: RefreshEngine
        let store: MortalRefreshStore
        let spool: RefreshSpool
        let clock: FakeClock

        func end() async {
            store.die()
            await engine.drain(until: clock.now)
            await spool.close()
        }
    }

    private func instance(
        _ number: UInt64, in directory: String? = nil, store: (any RefreshStore)? = nil,
        limits: SpoolLimits = SpoolLimits(), disk: any SpoolDisk = SystemDisk()
    ) async throws -> Instance {
        let spool = try await bed.open(number, in: directory, limits: limits, disk: disk)
        let mortal = MortalRefreshStore(store ?? FakeRefreshStore(world.database))
        let engine = world.engine(instance: SpoolBed.instance(number), spool: spool, refreshes: mortal)
        return Instance(engine: engine, store: mortal, spool: spool, clock: world.clock)
    }

    /// Runs an instance's engine, without a scheduler, as long as the body takes, and moves the clock meanwhile.
    private func running<T: Sendable>(
        _ instance: Instance, _ body: @escaping @Sendable () async throws -> T
    ) async throws -> T {
        let (engine, world) = (instance.engine, world)
        // Ended below.
        let running = Task { await engine.run(schedules: false) }
        defer { running.cancel() }
        let result = try await world.clock.moving(by: .milliseconds(200)) {
            #expect(await turns { world.database.subscriberCount > 0 })
            return try await body()
        }
        running.cancel()
        await running.value
        return result
    }

    private static func settled(_ instance: Instance) -> Bool {
        instance.engine.unwritten == 0 && instance.spool.status.adoptedRecords == 0
            && instance.spool.status.pendingRecords == 0
    }

    // MARK: Crash points

    @Test func `an answer that was spooled and not written is written by the next instance`() async throws {
        let left = try await leftBeforeWrite()
        let next = try await instance(2, in: left)
        try await running(next) { #expect(await turns { Self.settled(next) }) }
        let stored = try flights.stored()
        #expect(stored.tokenSet?.recordVersion == 2 && stored.connection.status == .active)
        #expect(try await flights.storedRefreshToken() == "rt-a-2")
        #expect(flights.server.sent == ["rt-a-0", "rt-a-1"], "nobody asked again")
        #expect(try await flights.refresh(next.engine) == .success("at-a-3"))
        #expect(flights.server.reuses == 0)
        #expect(successes == 2 + 1, "linking, the answer that was left, and the last one")
        await next.end()
    }

    @Test func `an instance that runs already finds what another one left`() async throws {
        let first = try await instance(1)
        let next = try await instance(2)
        try await running(next) { [world, flights] in
            world.database.fail(.leaseComplete, with: .unavailable)
            let outcome = try await flights.refresh(first.engine)
            #expect(outcome == .success("at-a-2"))
            await first.end()
            #expect(
                try await turns { try Self.settled(next) && flights.stored().tokenSet?.recordVersion == 2 })
        }
        #expect(try await flights.storedRefreshToken() == "rt-a-2")
        #expect(flights.server.sent == ["rt-a-0", "rt-a-1"])
        await next.end()
    }

    @Test func `one that died with the answer in its hands costs the wait and the grant, and is told apart`()
        async throws
    {
        let first = try await instance(1)
        let sent = world.outbound.sent.count
        world.outbound.hold()
        let seen = try flights.stored()
        let deadline = world.clock.now.advanced(by: .seconds(15))
        // Ends with its deadline.
        let waiter = Task { await first.engine.coordinator.outcome(of: seen, deadline: deadline) }
        await world.outbound.waitForRequests(sent + 1)
        let engine = world.engine()
        for seconds in [0, 100, 100, 100, 39] {
            world.clock.advance(by: .seconds(seconds))
            await engine.touch()
        }
        #expect(await waiter.value == .failure(.timedOut))
        first.store.die()
        #expect(try await flights.refresh(engine).backOff?.reason == .outcomeUnknown)
        #expect(flights.server.sent == ["rt-a-0"], "the server has it and hasn't answered")
        world.outbound.release()
        #expect(await turns { flights.server.sent.count == 2 })
        world.clock.advance(by: .seconds(1))
        #expect(try await flights.refresh(engine) == .failure(.ended(.answerLost)))
        #expect(flights.server.sent == ["rt-a-0", "rt-a-1", "rt-a-1"])
        await first.end()
    }

    @Test func `a database that is away for longer than a flight gets the answer when it returns`() async throws {
        let only = try await instance(1)
        world.database.fail(.leaseComplete, with: .unavailable, times: 100)
        try await running(only) { [flights] () async throws in
            #expect(try await flights.refresh(only.engine) == .success("at-a-2"))
            #expect(await turns { only.engine.inFlight == 0 })
            #expect(only.engine.unwritten == 1 && only.spool.status.pendingRecords == 1)
            #expect(try flights.stored().tokenSet?.recordVersion == 1)
            let meanwhile = try await flights.refresh(only.engine, isForced: true)
            #expect(meanwhile == .failure(.storeUnavailable), "the old token isn't sent meanwhile")
            #expect(await turns { Self.settled(only) })
        }
        #expect(try flights.stored().tokenSet?.recordVersion == 2)
        #expect(flights.server.sent == ["rt-a-0", "rt-a-1"])
        #expect(try await flights.refresh(only.engine) == .success("at-a-3"))
        await only.end()
    }

    @Test func `an answer that was written and not removed changes nothing when it comes back`() async throws {
        let left = try await leftBeforeWrite(andWrites: true)
        let before = try flights.stored()
        #expect(before.tokenSet?.recordVersion == 2)
        let next = try await instance(2, in: left)
        try await running(next) { #expect(await turns { Self.settled(next) }) }
        #expect(try flights.stored().tokenSet == before.tokenSet)
        #expect(try flights.stored().connection == before.connection)
        #expect(successes == 2)
        #expect(next.engine.unwritten == 0)
        await next.end()
    }

    @Test func `an answer that others were written after is dropped when it comes back`() async throws {
        let left = try await leftBeforeWrite(andWrites: true)
        let engine = world.engine()
        #expect(try await flights.refresh(engine) == .success("at-a-3"))
        let before = try flights.stored()
        let next = try await instance(2, in: left)
        try await running(next) { #expect(await turns { Self.settled(next) }) }
        #expect(try flights.stored().tokenSet == before.tokenSet)
        #expect(try await flights.storedRefreshToken() == "rt-a-3")
        #expect(flights.server.reuses == 0)
        await next.end()
    }

    @Test func `an account that was linked again meanwhile keeps its new credential`() async throws {
        let left = try await leftBeforeWrite()
        try await flights.relink("rt-b-0")
        let next = try await instance(2, in: left)
        try await running(next) { #expect(await turns { Self.settled(next) }) }
        #expect(try flights.stored().tokenSet == nil)
        #expect(try await flights.refresh(next.engine) == .success("at-b-1"))
        #expect(try flights.stored().connection.status == .active)
        await next.end()
    }

    @Test func `a connection that was deleted meanwhile stays deleted`() async throws {
        let left = try await leftBeforeWrite()
        try await world.linking().delete(flights.connection.id, world.context())
        let next = try await instance(2, in: left)
        try await running(next) { #expect(await turns { Self.settled(next) }) }
        #expect(world.database.stored(flights.connection.id) == nil)
        await next.end()
    }

    @Test func `an older answer that another instance left doesn't take the place of a newer one`() async throws {
        flights.server.stopRotating()
        _ = try await leftBeforeWrite()
        let elsewhere = try SpoolBed()
        let next = try await instance(2, in: elsewhere.directory)
        for seconds in [0, 100, 100, 100, 100] {
            world.clock.advance(by: .seconds(seconds))
            await next.engine.touch()
        }
        world.database.fail(.leaseComplete, with: .unavailable, times: 60)
        try await running(next) { [flights] () async throws in
            #expect(try await flights.refresh(next.engine) == .success("at-a-3"))
            #expect(await turns { next.engine.inFlight == 0 })
        }
        #expect(next.engine.unwritten == 1)
        try elsewhere.move(setsOf: bed.directory)
        try await running(next) { #expect(await turns { Self.settled(next) }) }
        let stored = try flights.stored()
        let opened = try await CredentialSealer(vault: world.vault).openTokenSet(of: stored, for: .tokenRequest)
        #expect(opened?.accessToken.revealUTF8(for: .test) == "at-a-3" && stored.tokenSet?.recordVersion == 2)
        await next.end()
    }

    @Test func `a spool that can't be read whole ends no wait, because nobody knows what it held`() async throws {
        let left = try await leftBeforeWrite()
        for path in try bed.segments(in: left) {
            var bytes = try SpoolBed.read(path)
            bytes[bytes.count - 20] ^= 1
            try SpoolBed.write(bytes, to: path)
        }
        let next = try await instance(2, in: left)
        let outcome = try await running(next) { [flights] in
            try await flights.refresh(next.engine, within: .seconds(60))
        }
        #expect(outcome.backOff?.reason == .outcomeUnknown)
        #expect(flights.server.sent == ["rt-a-0", "rt-a-1"])
        await next.end()
    }

    // MARK: Writing

    @Test func `a key version that was retired meanwhile has the answer sealed again`() async throws {
        let only = try await instance(1)
        world.database.answerCompletions(of: flights.connection.id, with: .keyRetired, times: 2)
        #expect(try await flights.refresh(only.engine) == .success("at-a-2"))
        #expect(try flights.stored().tokenSet?.recordVersion == 2)
        #expect(only.engine.unwritten == 0)
        await only.end()
    }

    @Test func `keys that are away keep the answer, and callers have the token`() async throws {
        let only = try await instance(1)
        world.database.answerCompletions(of: flights.connection.id, with: .keyRetired, times: 7)
        try await running(only) { [flights] () async throws in
            #expect(try await flights.refresh(only.engine) == .success("at-a-2"))
            #expect(await turns { Self.settled(only) })
        }
        #expect(try await flights.storedRefreshToken() == "rt-a-2")
        await only.end()
    }

    @Test func `a write whose answer was lost is found to be written`() async throws {
        let only = try await instance(1)
        world.database.fail(.leaseComplete, with: .outcomeUnknown, afterEffect: true)
        try await running(only) { [flights] () async throws in
            #expect(try await flights.refresh(only.engine) == .success("at-a-2"))
            #expect(await turns { Self.settled(only) })
        }
        #expect(try flights.stored().tokenSet?.recordVersion == 2)
        #expect(successes == 2)
        await only.end()
    }

    // MARK: Without room, without disk

    @Test func `without room in the spool nothing is sent, and the connection is as it was`() async throws {
        let only = try await instance(1, limits: SpoolLimits(maxRecords: 1))
        let taken = try only.spool.reserve()
        let before = try flights.row()
        #expect(try await flights.refresh(only.engine) == .failure(.overloaded))
        #expect(only.engine.statistics.spoolFullCount == 1)
        let after = try flights.row()
        #expect(flights.server.sent == ["rt-a-0"])
        #expect(after.owner == nil && !after.isSending && after.attempts == before.attempts)
        #expect(after.failures == 0 && after.notBefore == nil)
        only.spool.cancel(taken)
        #expect(try await flights.refresh(only.engine) == .success("at-a-2"))
        await only.end()
    }

    @Test func `a row that was given up for want of room is refreshed when there is some`() async throws {
        let only = try await instance(1, limits: SpoolLimits(maxRecords: 1))
        let taken = try only.spool.reserve()
        world.database.setDue(flights.connection.id, at: world.clock.wall.now())
        let engine = only.engine
        // Ended below.
        let running = Task { await engine.run() }
        func pass(_ duration: Duration) async {
            await world.clock.drive(
                for: duration, isBusy: { Fleet.isBusy([engine], on: world.clock) },
                activity: { world.database.calls(of: .leaseAcquire) + world.database.calls(of: .refreshDue) })
        }
        await pass(.seconds(20))
        #expect(flights.server.sent == ["rt-a-0"])
        #expect(world.database.calls(of: .leaseAcquire) <= 25, "it is tried once a second at most")
        only.spool.cancel(taken)
        await pass(.seconds(3))
        #expect(flights.server.sent == ["rt-a-0", "rt-a-1"])
        running.cancel()
        await running.value
        await only.end()
    }

    @Test func `a disk that refuses the answer doesn't keep it from the database`() async throws {
        let disk = FaultyDisk()
        let only = try await instance(1, disk: disk)
        disk.fail(writes: 100, syncs: 100)
        #expect(try await flights.refresh(only.engine) == .success("at-a-2"))
        #expect(try await flights.storedRefreshToken() == "rt-a-2")
        #expect(only.engine.unwritten == 0)
        disk.fail()
        #expect(await only.spool.probe())
        #expect(try await flights.refresh(only.engine) == .success("at-a-3"))
        await only.end()
    }

    @Test func `reservations that brought no answer are given back`() async throws {
        let only = try await instance(1)
        flights.server.fail(
            .before(.unreachable), .answer(.test(503)), .answer(.test(404)), .before(.outcomeUnknown))
        for _ in 0..<4 {
            let backOff = try #require(try await flights.refresh(only.engine).backOff)
            world.clock.advance(by: backOff.remaining)
        }
        #expect(only.spool.status.reservations == 0)
        #expect(try await flights.refresh(only.engine) == .success("at-a-2"))
        await only.spool.probe()
        #expect(only.spool.status.reservations == 0 && only.spool.status.pendingRecords == 0)
        await only.end()
    }

    @Test func `client credentials need no spool`() async throws {
        let others = try await Flights()
        let spool = try await bed.open(1, limits: SpoolLimits(maxRecords: 1))
        _ = try spool.reserve()
        #expect(try await others.refresh(others.engine(spool: spool).coordinator) == .success("fresh-1"))
        #expect(spool.status.appended == 0)
        await spool.close()
    }

    // MARK: Helpers

    private var successes: Int {
        world.database.events.count { $0.action == .credentialRefreshed && $0.outcome == .success }
    }

    /// An instance receives `at-a-2`, has it on its disk, and is killed as it writes it to the database.
    ///
    /// - Parameter andWrites: the write still arrives; the removal of what is on the disk is lost.
    /// - Returns: the directory as it was at that moment.
    private func leftBeforeWrite(andWrites: Bool = false) async throws -> String {
        let gate = Gate()
        let watched = WatchedRefreshStore(
            base: FakeRefreshStore(world.database), onComplete: { if $0 == 1 { await gate.pass() } })
        let first = try await instance(1, store: watched)
        if !andWrites { world.database.fail(.leaseComplete, with: .unavailable) }
        let seen = try flights.stored()
        let deadline = world.clock.now.advanced(by: .seconds(15))
        // Ends with its deadline.
        let waiter = Task { await first.engine.coordinator.outcome(of: seen, deadline: deadline) }
        await gate.waitForArrivals(1)
        let left = try bed.copy()
        gate.open()
        #expect(await waiter.value == .success("at-a-2"))
        await first.end()
        #expect(try flights.stored().tokenSet?.recordVersion == (andWrites ? 2 : 1))
        return left
    }
}

extension SpoolBed {
    /// Puts what an instance left beside the sets that are here.
    fileprivate func move(setsOf directory: String) throws {
        for set in try sets(in: directory) {
            try FileManager.default.moveItem(atPath: directory + "/" + set, toPath: self.directory + "/" + set)
        }
    }
}
