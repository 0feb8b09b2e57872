import Domain
import Foundation
import Logging
import Refresh
import Sodium
import Testing
import Vault

@Suite("Taking over the spool of an instance that ended")
struct SpoolAdoptionTests {
    private let bed: SpoolBed

    init() throws { bed = try SpoolBed() }

    /// A set with these answers whose owner is gone.
    private func leave(_ numbers: ClosedRange<UInt64>, instance: UInt64 = 1, roots: RootKeys? = nil) async throws {
        let spool = try await bed.open(instance, roots: roots)
        for number in numbers { try await spool.keep(.test(number)) }
        await spool.close()
    }

    @Test func `never touches what a living instance holds`() async throws {
        let first = try await bed.open(1)
        let second = try await bed.open(2)
        try await first.keep(.test(1))
        try await second.keep(.test(2))
        #expect(await first.adopt().isEmpty)
        #expect(await second.adopt().isEmpty)
        #expect(try bed.sets().count == 2)
        await first.close()
        let adopted = await second.adopt()
        #expect(adopted.numbers == [1])
        #expect(adopted.map(\.owner) == [SpoolBed.instance(1)])
        #expect(await second.adopt().isEmpty)
        await second.close()
    }

    @Test func `one of two that look at once gets it`() async throws {
        try await leave(1...3)
        let readers = [try await bed.open(2), try await bed.open(3), try await bed.open(4)]
        let numbers = await withTaskGroup(of: [UInt64].self) { group in
            for reader in readers { group.addTask { await reader.adopt().numbers } }
            return await group.reduce(into: []) { $0 += $1 }
        }
        #expect(numbers == [1, 2, 3])
        for reader in readers { await reader.close() }
    }

    @Test func `a set goes when its last answer is removed`() async throws {
        try await leave(1...3)
        let reader = try await bed.open(2)
        let answers = await reader.adopt().flatMap(\.answers)
        #expect(reader.status.adoptedRecords == 3)
        for (ticket, _) in answers.dropLast() { reader.remove(ticket) }
        await reader.probe()
        #expect(try bed.sets().count == 2)
        #expect(reader.status.adoptedRecords == 1)
        if let last = answers.last { reader.remove(last.ticket) }
        await reader.probe()
        #expect(try bed.sets().count == 1)
        #expect(reader.status.adoptedRecords == 0)
        await reader.close()
        #expect(try bed.sets().isEmpty)
    }

    @Test func `an adopter that ends leaves the rest to the next`() async throws {
        try await leave(1...2)
        let reader = try await bed.open(2)
        #expect(await reader.adopt().numbers == [1, 2])
        await reader.close()
        let next = try await bed.open(3)
        #expect(await next.adopt().numbers == [1, 2])
        await next.close()
    }

    @Test func `an empty set tells that its owner left nothing, and goes`() async throws {
        let spool = try await bed.open(1)
        let ticket = try await spool.keep(.test(1))
        spool.remove(ticket)
        await spool.probe()
        let reader = try await bed.open(2, in: bed.copy())
        let adopted = await reader.adopt()
        #expect(adopted.map(\.owner) == [SpoolBed.instance(1)])
        #expect(adopted.map(\.isWhole) == [true])
        #expect(adopted.numbers.isEmpty)
        #expect(await reader.adopt().isEmpty)
        await reader.close()
        await spool.close()
    }

    @Test func `hands out in parts, and says with the last that it was all`() async throws {
        try await leave(1...5)
        let reader = try await bed.open(2)
        var parts: [AdoptedSpool] = []
        while case let next = await reader.adopt(limit: 2), !next.isEmpty {
            #expect(next.flatMap(\.answers).count <= 2)
            parts += next
        }
        #expect(parts.numbers == [1, 2, 3, 4, 5])
        #expect(parts.filter(\.isWhole).count == 1)
        #expect(parts.last?.isWhole == true)
        for (ticket, _) in parts.flatMap(\.answers) { reader.remove(ticket) }
        await reader.close()
        #expect(try bed.sets().isEmpty)
    }

    @Test func `several sets of several instances are all taken`() async throws {
        for instance in 1...4 as ClosedRange<UInt64> {
            try await leave(instance * 10...instance * 10 + 2, instance: instance)
        }
        let reader = try await bed.open(9)
        let adopted = await reader.adopt()
        #expect(Set(adopted.map(\.owner)) == Set((1...4).map { SpoolBed.instance($0) }))
        #expect(adopted.numbers.count == 12)
        #expect(adopted.allSatisfy { $0.isWhole })
        await reader.close()
    }

    // MARK: Other keys

    @Test func `without its root key a set stays until the key is back`() async throws {
        let other = try #require(LocalRootKey(SecretBytes.random(count: 32)))
        try await leave(1...2, roots: RootKeys(active: other))
        let reader = try await bed.open(2)
        let refused = await reader.adopt()
        #expect(refused.map(\.owner) == [SpoolBed.instance(1)])
        #expect(refused.map(\.isWhole) == [false])
        #expect(refused.numbers.isEmpty)
        // Told of once.
        #expect(await reader.adopt().isEmpty)
        #expect(reader.status.unreadableSets == 1)
        #expect(try bed.sets().count == 2)
        await reader.close()
        let next = try await bed.open(3, roots: RootKeys(active: bed.root, openingOnly: [other]))
        #expect(await next.adopt().numbers == [1, 2])
        await next.close()
    }

    // MARK: Damage

    private func soleSegment() throws -> String {
        let segments = try bed.segments()
        #expect(segments.count == 1)
        return try #require(segments.first)
    }

    @Test func `cut at any place, all records before the cut are read`() async throws {
        try await leave(1...4)
        let path = try soleSegment()
        let set = (path as NSString).deletingLastPathComponent
        let whole = try SpoolBed.read(path)
        let step = (whole.count - 4_096) / 4
        let reader = try await bed.open(2)
        var counts: [Int] = []
        for length in [0, 1, 5, 4_095, 4_096, 4_097] + Array(stride(from: 4_100, through: whole.count, by: 97))
            + [whole.count]
        {
            try FileManager.default.createDirectory(
                atPath: set, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            try SpoolBed.write(Array(whole[..<length]), to: path)
            let adopted = await reader.adopt()
            #expect(adopted.numbers == Array([1, 2, 3, 4].prefix(max(0, length - 4_096) / step)), "cut at \(length)")
            #expect(adopted.allSatisfy { $0.isWhole })
            for (ticket, _) in adopted.flatMap(\.answers) { reader.remove(ticket) }
            await reader.probe()
            counts.append(adopted.numbers.count)
            #expect(!FileManager.default.fileExists(atPath: set))
        }
        #expect(Set(counts) == [0, 1, 2, 3, 4])
        #expect(reader.status.damagedRecords == 0)
        await reader.close()
    }

    @Test func `a damaged record costs itself, and the set is set aside when the others are written`() async throws {
        try await leave(1...4)
        let path = try soleSegment()
        var bytes = try SpoolBed.read(path)
        bytes[4_096 + (bytes.count - 4_096) / 4 + 100] ^= 4
        try SpoolBed.write(bytes, to: path)
        let reader = try await bed.open(2)
        let adopted = await reader.adopt()
        #expect(adopted.numbers == [1, 3, 4])
        #expect(adopted.map(\.isWhole) == [false])
        #expect(reader.status.damagedRecords == 1)
        for (ticket, _) in adopted.flatMap(\.answers) { reader.remove(ticket) }
        await reader.probe()
        #expect(await reader.adopt().isEmpty)
        await reader.close()
        #expect(try bed.sets().map { $0.hasPrefix("damaged-") } == [true])
        let report = RefreshSpool.inspect(directory: bed.directory)
        #expect(report.sets.map(\.isDamaged) == [true])
        #expect(report.sets.map(\.owner) == [SpoolBed.instance(1)])
        let next = try await bed.open(3)
        #expect(await next.adopt().isEmpty)
        await next.close()
    }

    @Test(arguments: [0, 4, 8, 30, 40, 50, 120, 2_000, 4_090])
    func `a damaged head gives no answer and no certainty`(offset: Int) async throws {
        try await leave(1...2)
        let path = try soleSegment()
        var bytes = try SpoolBed.read(path)
        bytes[offset] ^= 1
        try SpoolBed.write(bytes, to: path)
        let reader = try await bed.open(2)
        let adopted = await reader.adopt()
        #expect(adopted.numbers.isEmpty)
        #expect(adopted.map(\.isWhole) == [false])
        #expect(try bed.segments().count == 2)
        await reader.close()
    }

    @Test func `a file of another set is not read`() async throws {
        try await leave(1...1, instance: 1)
        let foreign = try SpoolBed.read(try soleSegment())
        try await leave(2...2, instance: 2)
        let sets = try bed.sets()
        let second = try #require(sets.first { $0.hasPrefix("\(SpoolBed.instance(2))") })
        try SpoolBed.write(foreign, to: bed.directory + "/" + second + "/00000002.seg")
        let reader = try await bed.open(3)
        let adopted = await reader.adopt()
        #expect(adopted.numbers.sorted() == [1, 2])
        let ofSecond = adopted.filter { $0.owner == SpoolBed.instance(2) }
        #expect(ofSecond.numbers == [2])
        #expect(ofSecond.map(\.isWhole) == [false])
        await reader.close()
    }

    @Test func `a file that was copied under another number is not read twice`() async throws {
        try await leave(1...2)
        let path = try soleSegment()
        let set = (path as NSString).deletingLastPathComponent
        try SpoolBed.write(try SpoolBed.read(path), to: set + "/00000002.seg")
        let reader = try await bed.open(2)
        let adopted = await reader.adopt()
        #expect(adopted.numbers == [1, 2])
        #expect(adopted.map(\.isWhole) == [false])
        await reader.close()
    }

    @Test func `what is no set is left alone`() async throws {
        try await leave(1...1)
        let names = ["inst_nothing-00", "notes", "damaged-\(SpoolBed.instance(1))", "\(SpoolBed.instance(5))"]
        for name in names {
            try FileManager.default.createDirectory(
                atPath: bed.directory + "/" + name, withIntermediateDirectories: false)
        }
        let reader = try await bed.open(2)
        #expect(await reader.adopt().numbers == [1])
        await reader.close()
        #expect(Set(try bed.sets()).isSuperset(of: names))
    }

    @Test func `instances that start while others look are not disturbed`() async throws {
        let bed = bed
        let looker = try await bed.open(1_000)
        let directory = bed.directory
        let roots = bed.roots
        try await withThrowingTaskGroup(of: Void.self) { group in
            for instance in 1...30 as ClosedRange<UInt64> {
                group.addTask {
                    let spool = try await RefreshSpool.open(
                        directory: directory, instance: SpoolBed.instance(instance), roots: roots,
                        logger: .init(label: "test"))
                    let ticket = try await spool.keep(.test(instance))
                    spool.remove(ticket)
                    await spool.close()
                }
            }
            group.addTask { for _ in 0..<100 { _ = await looker.adopt() } }
            try await group.waitForAll()
        }
        #expect(await looker.adopt().numbers.isEmpty)
        #expect(looker.status.unreadableSets == 0)
        await looker.close()
        #expect(try bed.sets().isEmpty)
    }
}

@Suite("Looking at a spool's directory")
struct SpoolInspectionTests {
    private let bed: SpoolBed

    init() throws { bed = try SpoolBed() }

    @Test func `tells what lies there and who holds it, and changes nothing`() async throws {
        let ended = try await bed.open(1)
        try await ended.keep(.test(1))
        await ended.close()
        let living = try await bed.open(2)
        try await living.keep(.test(2))
        let report = RefreshSpool.inspect(directory: bed.directory)
        #expect(report.problem == nil)
        #expect(report.isWritable)
        #expect(report.sets.map(\.owner) == [SpoolBed.instance(1), SpoolBed.instance(2)])
        #expect(report.sets.map(\.isHeld) == [false, true])
        #expect(report.sets.map(\.files) == [1, 1])
        #expect(report.sets.allSatisfy { $0.rootIDs == [bed.root.id] && !$0.isDamaged })
        let onDisk = try bed.segments().reduce(0) { $0 + (try SpoolBed.read($1).count) }
        #expect(report.bytes == onDisk)
        #expect(report.oldestAt != nil)
        #expect(try bed.sets().count == 2)
        #expect(await living.adopt().numbers == [1])
        await living.close()
    }

    @Test func `tells why a spool could not be opened`() throws {
        #expect(RefreshSpool.inspect(directory: bed.directory).problem == .missingParent)
        #expect(!FileManager.default.fileExists(atPath: bed.directory))
        try FileManager.default.createDirectory(
            atPath: bed.directory, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o755])
        #expect(RefreshSpool.inspect(directory: bed.directory).problem == .openToOthers)
        #expect(!RefreshSpool.inspect(directory: bed.directory).isWritable)
    }
}
