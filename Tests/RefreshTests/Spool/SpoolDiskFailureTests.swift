import Domain
import Foundation
import Refresh
import Sodium
import Testing

@Suite("A spool on a disk that fails")
struct SpoolDiskFailureTests {
    private let bed: SpoolBed
    private let disk = FaultyDisk()

    init() throws { bed = try SpoolBed() }

    @Test func `tells who appends, refuses who comes after, and goes on when the disk does`() async throws {
        let spool = try await bed.open(disk: disk)
        try await spool.keep(.test(1))
        let promised = try spool.reserve()
        disk.fail(writes: 1_000, creates: 1_000)
        await #expect(throws: SpoolError.unusable) { try await spool.keep(.test(2)) }
        #expect(!spool.status.isUsable)
        #expect(spool.status.diskFailures > 0)
        #expect(throws: SpoolError.unusable) { try spool.reserve() }
        // What is on its way already is tried all the same.
        await #expect(throws: SpoolError.unusable) { try await spool.append(.test(3), promised) }
        #expect(await !spool.probe())
        disk.fail()
        #expect(await spool.probe())
        #expect(spool.status.reservations == 0)
        try await spool.keep(.test(4))
        #expect(spool.status.pendingRecords == 2)
        let left = try await bed.left()
        #expect(left.numbers == [1, 4])
        #expect(left.map(\.isWhole) == [true])
        await spool.close()
    }

    @Test func `tries a failed disk again by itself`() async throws {
        let spool = try await bed.open(limits: .test(retryInterval: .milliseconds(5)), disk: disk)
        disk.fail(writes: 2, creates: 3)
        await #expect(throws: SpoolError.unusable) { try await spool.keep(.test(1)) }
        let end = ContinuousClock.now + .seconds(10)
        while !spool.status.isUsable, ContinuousClock.now < end { await Task.yield() }
        try await spool.keep(.test(2))
        #expect(try await bed.left().numbers == [2])
        await spool.close()
    }

    @Test func `a file whose sync failed is never written to again, and its answer goes to another`() async throws {
        let spool = try await bed.open(disk: disk)
        try await spool.keep(.test(1))
        disk.fail(syncs: 1)
        try await spool.keep(.test(2))
        #expect(disk.created == 2)
        try await spool.keep(.test(3))
        #expect(disk.created == 2)
        #expect(spool.status.isUsable)
        #expect(spool.status.diskFailures == 1)
        let left = try await bed.left()
        #expect(left.numbers == [1, 2, 3])
        #expect(left.map(\.isWhole) == [true])
        await spool.close()
    }

    @Test func `an answer that was half written is written whole elsewhere`() async throws {
        let spool = try await bed.open(disk: disk)
        try await spool.keep(.test(1))
        disk.fail(writes: 1)
        let ticket = try await spool.keep(.test(2))
        let left = try await bed.left()
        #expect(left.numbers == [1, 2])
        #expect(left.map(\.isWhole) == [true])
        spool.remove(ticket)
        await spool.probe()
        #expect(try await bed.left().numbers == [1])
        await spool.close()
    }

    @Test func `a disk that hangs counts as one that fails, and what it stores late is forgotten`() async throws {
        let spool = try await bed.open(limits: .test(appendTimeout: .milliseconds(30)), disk: disk)
        let gate = DiskGate()
        disk.hold(at: gate)
        await #expect(throws: SpoolError.unusable) { try await spool.keep(.test(1)) }
        #expect(!spool.status.isUsable)
        #expect(throws: SpoolError.unusable) { try spool.reserve() }
        disk.hold(at: nil)
        gate.open()
        #expect(await spool.probe())
        // Its removal is written in the turn after.
        await spool.probe()
        #expect(spool.status.pendingRecords == 0)
        #expect(spool.status.reservations == 0)
        #expect(try await bed.left().numbers == [])
        #expect(throws: Never.self) { try spool.reserve() }
        await spool.close()
    }

    @Test(arguments: [0, 1, 2])
    func `a disk that fails at the start opens nothing and leaves nothing`(step: Int) async throws {
        disk.fail(writes: step == 0 ? 1 : 0, syncs: step == 1 ? 1 : 0, creates: step == 2 ? 1 : 0)
        let code = step == 1 ? EIO : ENOSPC
        await #expect(throws: SpoolOpenError.refused(code: code)) { try await bed.open(disk: disk) }
        #expect(try bed.sets().isEmpty)
    }

    @Test func `a removal that can't be written loses nothing`() async throws {
        let spool = try await bed.open(disk: disk)
        let first = try await spool.keep(.test(1))
        try await spool.keep(.test(2))
        disk.fail(writes: 1_000, creates: 1_000)
        spool.remove(first)
        #expect(await !spool.probe())
        #expect(spool.status.pendingRecords == 1)
        // It comes back once more; the database refuses it then.
        #expect(try await bed.left().numbers == [1, 2])
        disk.fail()
        #expect(await spool.probe())
        #expect(try await bed.left().numbers.contains(2))
        await spool.close()
    }

    @Test func `concurrent appends on a disk that fails now and then are each told the truth`() async throws {
        let spool = try await bed.open(limits: .test(segmentBytes: 16 << 10), disk: disk)
        var stored: Set<UInt64> = []
        for round in 0..<20 as Range<UInt64> {
            disk.fail(writes: round % 3 == 0 ? 3 : 0, syncs: round % 4 == 0 ? 2 : 0, creates: round % 5 == 0 ? 1 : 0)
            await withTaskGroup(of: UInt64?.self) { group in
                for number in (round * 10)..<(round * 10 + 10) {
                    group.addTask { (try? await spool.keep(.test(number))) == nil ? nil : number }
                }
                for await number in group { if let number { stored.insert(number) } }
            }
            disk.fail()
            #expect(await spool.probe())
        }
        let left = try await bed.left()
        #expect(stored.isSubset(of: left.numbers))
        #expect(left.map(\.isWhole) == [true])
        #expect(spool.status.pendingRecords == stored.count)
        #expect(stored.count > 60)
        await spool.close()
    }
}
