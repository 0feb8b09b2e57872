import Domain
import Foundation
import Refresh
import Sodium
import Synchronization
import Testing
import Vault

@Suite("Keeping an answer until the database has it")
struct RefreshSpoolTests {
    private let bed: SpoolBed

    init() throws { bed = try SpoolBed() }

    @Test func `an answer survives its process as soon as append returns`() async throws {
        let spool = try await bed.open()
        for number in 1...3 as ClosedRange<UInt64> {
            try await spool.keep(.test(number, isBare: number == 2))
            let left = try await bed.left()
            #expect(left.numbers == Array(1...number))
        }
        let left = try await bed.left()
        #expect(left.map(\.owner) == [SpoolBed.instance(1)])
        #expect(left.map(\.isWhole) == [true])
        let expected = try (1...3).map { try SpooledAnswer.test($0, isBare: $0 == 2).facts }
        #expect(left.flatMap(\.answers).map(\.answer.facts) == expected)
        await spool.close()
    }

    @Test func `a removed answer doesn't come back`() async throws {
        let spool = try await bed.open()
        var tickets: [SpoolTicket] = []
        for number in 1...4 as ClosedRange<UInt64> { tickets.append(try await spool.keep(.test(number))) }
        spool.remove(tickets[1])
        spool.remove(tickets[3])
        await spool.probe()
        #expect(try await bed.left().numbers == [1, 3])
        #expect(spool.status.pendingRecords == 2)
        spool.remove(tickets[1])
        spool.remove(tickets[0])
        spool.remove(tickets[2])
        await spool.probe()
        #expect(spool.status.pendingRecords == 0)
        #expect(try await bed.left().map(\.isWhole) == [true])
        #expect(try await bed.left().numbers == [])
        await spool.close()
        #expect(try bed.sets().isEmpty)
    }

    @Test func `many appends share one sync`() async throws {
        let disk = FaultyDisk()
        let spool = try await bed.open(disk: disk)
        let gate = DiskGate()
        disk.hold(at: gate)
        let before = disk.syncs
        try await withThrowingTaskGroup(of: SpoolTicket.self) { group in
            group.addImmediateTask { try await spool.keep(.test(0)) }
            await gate.untilReached()
            for number in 1...200 as ClosedRange<UInt64> {
                group.addImmediateTask { try await spool.keep(.test(number)) }
            }
            gate.open()
            var tickets: Set<SpoolTicket> = []
            for try await ticket in group { tickets.insert(ticket) }
            #expect(tickets.count == 201)
        }
        #expect(disk.syncs - before == 2)
        #expect(spool.status.syncs == 2)
        #expect(spool.status.appended == 201)
        disk.hold(at: nil)
        #expect(try await bed.left().numbers.sorted() == Array(0...200))
        await spool.close()
    }

    // MARK: Bounds

    @Test func `takes no more answers than it may keep`() async throws {
        let spool = try await bed.open(limits: .test(maxRecords: 3))
        let ticket = try await spool.keep(.test(1))
        let second = try spool.reserve()
        _ = try spool.reserve()
        #expect(throws: SpoolError.full) { try spool.reserve() }
        spool.cancel(second)
        #expect(spool.status.reservations == 1)
        try await spool.keep(.test(2))
        #expect(throws: SpoolError.full) { try spool.reserve() }
        spool.remove(ticket)
        await spool.probe()
        #expect(throws: Never.self) { try spool.reserve() }
        await spool.close()
    }

    @Test func `promises no more bytes than it may write`() async throws {
        let limits = SpoolLimits.test(maxBytes: 1 << 20, maxAnswerBytes: 256 << 10)
        let spool = try await bed.open(limits: limits)
        let reservations = try (0..<3).map { _ in try spool.reserve() }
        // Three of 256 KiB and the head of the first file leave no room for a fourth.
        #expect(throws: SpoolError.full) { try spool.reserve() }
        var tickets: [SpoolTicket] = []
        for (number, reservation) in reservations.enumerated() {
            tickets.append(
                try await spool.append(.test(UInt64(number), padding: 200 << 10), reservation))
        }
        #expect(spool.status.diskBytes > 600 << 10)
        #expect(spool.status.diskBytes <= 1 << 20)
        try await spool.keep(.test(8))
        _ = try spool.reserve()
        #expect(throws: SpoolError.full) { try spool.reserve() }
        for ticket in tickets { spool.remove(ticket) }
        await spool.probe()
        #expect(throws: Never.self) { try spool.reserve() }
        await spool.close()
    }

    @Test func `a reservation is good for one answer of its size`() async throws {
        let spool = try await bed.open(limits: .test(maxAnswerBytes: 4_096))
        let used = try spool.reserve()
        _ = try await spool.append(.test(1), used)
        await #expect(throws: SpoolError.full) { try await spool.append(.test(2), used) }
        let cancelled = try spool.reserve()
        spool.cancel(cancelled)
        spool.cancel(cancelled)
        await #expect(throws: SpoolError.full) { try await spool.append(.test(3), cancelled) }
        await #expect(throws: SpoolError.full) { try await spool.keep(.test(4, padding: 4_096)) }
        #expect(spool.status.reservations == 0)
        #expect(try await bed.left().numbers == [1])
        await spool.close()
    }

    @Test func `gives files back as their answers go, and a few that stay keep few of them`() async throws {
        let spool = try await bed.open(limits: .test(segmentBytes: 16 << 10))
        var tickets: [SpoolTicket] = []
        for number in 0..<300 as Range<UInt64> {
            tickets.append(try await spool.keep(.test(number)))
            // One in fifty stays.
            if number >= 5, (number - 5) % 50 != 0 { spool.remove(tickets[Int(number) - 5]) }
        }
        await spool.probe()
        let stay: [UInt64] = [0, 50, 100, 150, 200, 250, 295, 296, 297, 298, 299]
        #expect(try await bed.left().numbers == stay)
        #expect(try bed.segments().count <= 5)
        #expect(spool.status.diskBytes <= 5 * (16 << 10))
        let onDisk = try bed.segments().reduce(0) { $0 + (try SpoolBed.read($1).count) }
        #expect(spool.status.diskBytes == onDisk)
        for number in stay { spool.remove(tickets[Int(number)]) }
        await spool.probe()
        #expect(try bed.segments().count == 1)
        await spool.close()
        #expect(try bed.sets().isEmpty)
    }

    @Test func `tells how long the oldest answer has waited`() async throws {
        let start = ContinuousClock.now
        let passed = Mutex(Duration.zero)
        let spool = try await bed.open(now: { start + passed.withLock { $0 } })
        #expect(spool.status.oldestAge == nil)
        let first = try await spool.keep(.test(1))
        passed.withLock { $0 = .seconds(30) }
        try await spool.keep(.test(2))
        passed.withLock { $0 = .seconds(50) }
        #expect(spool.status.oldestAge == .seconds(50))
        spool.remove(first)
        await spool.probe()
        #expect(spool.status.oldestAge == .seconds(20))
        await spool.close()
    }

    // MARK: Secrets

    @Test func `no secret stands in its files or descriptions`() async throws {
        let spool = try await bed.open()
        let answer = try SpooledAnswer.test(1)
        let ticket = try await spool.keep(answer)
        spool.remove(ticket)
        try await spool.keep(.test(2))
        for path in try bed.segments() {
            let text = String(decoding: try SpoolBed.read(path), as: Unicode.ASCII.self)
            #expect(!text.contains("canary"))
        }
        #expect("\(answer)" == "<redacted>")
        #expect(String(reflecting: answer) == "<redacted>")
        var dumped = ""
        dump(answer, to: &dumped)
        #expect(!dumped.contains("canary"))
        await spool.close()
    }

    @Test func `its files are for the owner alone`() async throws {
        let spool = try await bed.open()
        try await spool.keep(.test(1))
        let paths = try [bed.directory] + bed.sets().map { bed.directory + "/" + $0 } + bed.segments()
        #expect(paths.count == 3)
        for path in paths {
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == (path.hasSuffix(".seg") ? 0o600 : 0o700))
        }
        await spool.close()
    }

    // MARK: The end

    @Test func `a closed spool takes nothing and leaves what waits`() async throws {
        let spool = try await bed.open()
        let kept = try await spool.keep(.test(1))
        let reservation = try spool.reserve()
        await spool.close()
        #expect(throws: SpoolError.closed) { try spool.reserve() }
        await #expect(throws: SpoolError.closed) { try await spool.append(.test(2), reservation) }
        spool.remove(kept)
        #expect(await spool.adopt().isEmpty)
        #expect(await !spool.probe())
        await spool.close()
        #expect(!spool.status.isUsable)
        #expect(try await bed.left().numbers == [1])
    }

    @Test func `a spool that is let go ends and gives its lock back`() async throws {
        var spool: RefreshSpool? = try await bed.open()
        try await spool?.keep(.test(1))
        spool = nil
        let other = try await bed.open(2)
        // The thread ends by itself; it holds its lock until then.
        var numbers: [UInt64] = []
        let end = ContinuousClock.now + .seconds(10)
        while numbers.isEmpty, ContinuousClock.now < end { numbers = await other.adopt().numbers }
        #expect(numbers == [1])
        await other.close()
    }

    // MARK: The directory

    private func refusal(_ path: String) async -> SpoolOpenError? {
        do throws(SpoolOpenError) {
            await (try bed.open(in: path)).close()
            return nil
        } catch {
            return error
        }
    }

    @Test func `refuses a directory that others may enter, a link, a file, and nothing at all`() async throws {
        let files = FileManager.default
        #expect(await refusal(bed.directory) == nil)
        for mode in [0o750, 0o705, 0o701, 0o777, 0o710] {
            try files.setAttributes([.posixPermissions: mode], ofItemAtPath: bed.directory)
            #expect(await refusal(bed.directory) == .openToOthers)
        }
        try files.setAttributes([.posixPermissions: 0o700], ofItemAtPath: bed.directory)
        let inside = bed.directory + "/inside"
        try files.createSymbolicLink(atPath: inside, withDestinationPath: bed.directory)
        #expect(await refusal(inside) == .symbolicLink)
        try files.removeItem(atPath: inside)
        try SpoolBed.write([1], to: inside)
        #expect(await refusal(inside) == .notADirectory)
        #expect(await refusal(inside + "/below") == .notADirectory)
        #expect(await refusal(bed.directory + "/no/where") == .missingParent)
        #expect(await refusal("") == .missingParent)
        // What else lies there is left alone.
        #expect(await refusal(bed.directory) == nil)
        #expect(try bed.sets() == ["inside"])
    }

    @Test func `a root key that doesn't answer opens nothing`() async throws {
        let roots = RootKeys(active: SilentRootKey())
        await #expect(throws: SpoolOpenError.rootKey) { try await bed.open(roots: roots) }
        #expect(!FileManager.default.fileExists(atPath: bed.directory))
    }
}

/// A holder of a root key that is away.
struct SilentRootKey: RootKeyProvider {
    let id = "silent"

    func wrap(_ key: SecretBytes, owner: KeyOwner, version: Int32) async throws(VaultError) -> [UInt8] {
        throw .rootKeyUnreachable
    }
    func unwrap(_ wrapped: [UInt8], owner: KeyOwner, version: Int32) async throws(VaultError) -> SecretBytes {
        throw .rootKeyUnreachable
    }
    func wrap(_ key: SecretBytes, for use: LocalUse) async throws(VaultError) -> [UInt8] {
        throw .rootKeyUnreachable
    }
    func unwrap(_ wrapped: [UInt8], for use: LocalUse) async throws(VaultError) -> SecretBytes {
        throw .rootKeyUnreachable
    }
}
