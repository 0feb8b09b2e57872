import Dispatch
import Domain
import Foundation
import Logging
import Refresh
import Sodium
import Synchronization
import Testing
import Vault

/// A directory for spools, gone with the test.
final class SpoolBed {
    let directory: String
    let root: LocalRootKey
    let roots: RootKeys

    init() throws {
        directory = "/tmp/sallyport-spool-" + Hex.encode(Random.bytes(8))
        root = try #require(LocalRootKey(SecretBytes.random(count: 32)))
        roots = RootKeys(active: root)
    }

    deinit {
        for path in [directory] + copies { try? FileManager.default.removeItem(atPath: path) }
    }

    private var copies: [String] = []

    func open(
        _ number: UInt64 = 1, in directory: String? = nil, roots: RootKeys? = nil, limits: SpoolLimits = .test(),
        disk: any SpoolDisk = SystemDisk(), now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) async throws(SpoolOpenError) -> RefreshSpool {
        try await RefreshSpool.open(
            directory: directory ?? self.directory, instance: Self.instance(number), roots: roots ?? self.roots,
            limits: limits, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, disk: disk, now: now)
    }

    static func instance(_ number: UInt64) -> InstanceID { InstanceID(high: 0x0190, low: number) }

    /// What a loss of the process at this moment would leave: the files as they are, held by nobody.
    func copy() throws -> String {
        let path = directory + "-copy-\(copies.count)"
        try FileManager.default.copyItem(atPath: directory, toPath: path)
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: path)
        copies.append(path)
        return path
    }

    /// What another instance finds in a copy of the directory as it is now.
    func left(roots: RootKeys? = nil) async throws -> [AdoptedSpool] {
        let reader = try await open(99, in: copy(), roots: roots)
        let parts = await reader.adopt()
        await reader.close()
        return parts
    }

    /// Paths of all segments of all sets, in order.
    func segments(in directory: String? = nil) throws -> [String] {
        let directory = directory ?? self.directory
        return try FileManager.default.subpathsOfDirectory(atPath: directory).filter { $0.hasSuffix(".seg") }.sorted()
            .map { directory + "/" + $0 }
    }

    func sets(in directory: String? = nil) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory ?? self.directory).sorted()
    }

    static func read(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path))) }

    static func write(_ bytes: [UInt8], to path: String) throws { try Data(bytes).write(to: URL(filePath: path)) }
}

extension SpoolLimits {
    /// Patient, because the machine of a test may be busy.
    static func test(
        maxBytes: Int = 64 << 20, maxRecords: Int = 16_384, maxAnswerBytes: Int = 256 << 10,
        segmentBytes: Int = 4 << 20, appendTimeout: Duration = .seconds(60), retryInterval: Duration = .seconds(60)
    ) -> SpoolLimits {
        SpoolLimits(
            maxBytes: maxBytes, maxRecords: maxRecords, maxAnswerBytes: maxAnswerBytes, segmentBytes: segmentBytes,
            appendTimeout: appendTimeout, retryInterval: retryInterval)
    }
}

extension RefreshSpool {
    /// Reserves and appends.
    @discardableResult
    func keep(_ answer: SpooledAnswer) async throws(SpoolError) -> SpoolTicket {
        try await append(answer, reserve())
    }
}

extension SpooledAnswer {
    /// An answer that a number tells from others.
    static func test(_ number: UInt64, padding: Int = 0, isBare: Bool = false) throws -> SpooledAnswer {
        SpooledAnswer(
            connectionID: ConnectionID(high: 1, low: number),
            scope: TenantScope(
                environmentID: EnvironmentID(high: 2, low: number), tenantID: TenantID(high: 3, low: number)),
            owner: SpoolBed.instance(1), fence: Int64(number) + 40, attempt: 2, recordVersion: Int64(number) + 7,
            accessToken: SecretBytes(utf8: "canary-access-\(number)-" + String(repeating: "a", count: padding)),
            tokenType: "canary-type",
            refreshToken: isBare ? nil : SecretBytes(utf8: "canary-refresh-\(number)"),
            obtainedAt: Timestamp(seconds: 1_700_000_000),
            expiresAt: isBare ? nil : Timestamp(seconds: 1_700_000_600),
            refreshDueAt: isBare ? nil : Timestamp(seconds: 1_700_000_500),
            endpoint: try #require(TokenEndpointKey("https://canary.example.com/token")), spendsRefreshToken: !isBare,
            isScopeMissing: isBare, auditEventID: AuditEventID(high: 4, low: number),
            credentialVersion: isBare ? nil : Int64(number) + 3)
    }

    /// All that it holds, to be compared.
    var facts: [String] {
        [
            "\(connectionID)", "\(scope.environmentID)", "\(scope.tenantID)", "\(owner)", "\(fence)", "\(attempt)",
            "\(recordVersion)", accessToken.revealUTF8(for: .test) ?? "-", tokenType,
            refreshToken?.revealUTF8(for: .test) ?? "-", "\(obtainedAt)", "\(String(describing: expiresAt))",
            "\(String(describing: refreshDueAt))", endpoint.text, "\(spendsRefreshToken)", "\(isScopeMissing)",
            "\(auditEventID)", "\(String(describing: credentialVersion))",
        ]
    }

    /// The number that it was made with.
    var number: UInt64 { connectionID.low }
}

extension [AdoptedSpool] {
    var numbers: [UInt64] { flatMap(\.answers).map(\.answer.number) }
}

/// The kernel's files, counted, and failing or hanging on demand.
final class FaultyDisk: SpoolDisk {
    private struct State {
        var syncs = 0
        var created = 0
        var failingWrites = 0
        var failingSyncs = 0
        var failingCreates = 0
        var gate: DiskGate?
    }

    private let disk = SystemDisk()
    private let state = Mutex(State())

    /// Syncs of files, those of heads included.
    var syncs: Int { state.withLock { $0.syncs } }
    var created: Int { state.withLock { $0.created } }

    /// So many of the next calls are refused.
    func fail(writes: Int = 0, syncs: Int = 0, creates: Int = 0) {
        state.withLock { state in
            state.failingWrites = writes
            state.failingSyncs = syncs
            state.failingCreates = creates
        }
    }

    /// Every sync waits at the gate from now on.
    func hold(at gate: DiskGate?) { state.withLock { $0.gate = gate } }

    private func refuse(_ count: WritableKeyPath<State, Int>, _ code: Int32) throws(DiskError) {
        try state.withLock { state throws(DiskError) in
            guard state[keyPath: count] > 0 else { return }
            state[keyPath: count] -= 1
            throw DiskError(code: code)
        }
    }

    func create(_ name: String, in folder: DiskHandle, room: Int) throws(DiskError) -> DiskHandle {
        try refuse(\.failingCreates, ENOSPC)
        let file = try disk.create(name, in: folder, room: room)
        state.withLock { $0.created += 1 }
        return file
    }

    func write(_ bytes: [UInt8], to file: DiskHandle) throws(DiskError) {
        do throws(DiskError) {
            try refuse(\.failingWrites, ENOSPC)
        } catch {
            // As a disk that fills up: a part is written.
            try disk.write(Array(bytes.prefix(bytes.count / 2)), to: file)
            throw error
        }
        try disk.write(bytes, to: file)
    }

    func sync(_ file: DiskHandle) throws(DiskError) {
        state.withLock { $0.gate }?.wait()
        state.withLock { $0.syncs += 1 }
        try refuse(\.failingSyncs, EIO)
        try disk.sync(file)
    }

    func syncFolder(_ folder: DiskHandle) throws(DiskError) { try disk.syncFolder(folder) }

    func read(_ file: DiskHandle, at offset: Int, count: Int) throws(DiskError) -> [UInt8] {
        try disk.read(file, at: offset, count: count)
    }

    func remove(_ name: String, in folder: DiskHandle) { disk.remove(name, in: folder) }
}

/// Holds the spool's thread, and tells a test that it is held.
final class DiskGate: Sendable {
    private let opened = DispatchSemaphore(value: 0)
    private let arrivals: AsyncStream<Void>
    private let arrived: AsyncStream<Void>.Continuation

    init() { (arrivals, arrived) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1)) }

    /// At most ten seconds, so that a test that fails ends.
    func wait() {
        arrived.yield()
        _ = opened.wait(timeout: .now() + 10)
        opened.signal()
    }

    func untilReached() async { for await _ in arrivals { return } }

    func open() { opened.signal() }
}
