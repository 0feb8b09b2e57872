import Glibc
import OData

/// Measures the OData readers on files, one measurement a run, so that memory is that of the measurement alone.
///
///     ODataBench metadata FILE ROUNDS
///     ODataBench tree FILE ROUNDS
///     ODataBench entities FILE METADATA TYPE VERSION ROUNDS
///     ODataBench stream FILE METADATA TYPE VERSION
///
/// Prints one line of JSON: `seconds` (CPU time of all rounds, without reading files but for `stream`), `bytes` and
/// `entities` (of all rounds), `rss_kib` (the highest resident memory of the process), `held_kib` (of `metadata`: what
/// reading took at its height, the model included, without program and file; true with one round, if the
/// allocator gives nothing back: MALLOC_TRIM_THRESHOLD_, MALLOC_MMAP_THRESHOLD_).
@main
struct ODataBench {
    private struct Failure: Error { var text: String }

    private static let smallDocument = """
        <edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>
        <Schema Namespace="N" xmlns="http://docs.oasis-open.org/odata/ns/edm"><EntityType Name="T"><Key><PropertyRef Name="K"/>
        </Key><Property Name="K" Type="Edm.String" Nullable="false"><Annotation Term="Core.Description" String="x"/></Property>
        </EntityType><EntityContainer Name="C"><EntitySet Name="S" EntityType="N.T"/></EntityContainer></Schema>
        </edmx:DataServices></edmx:Edmx>
        """

    private struct Outcome {
        var seconds = 0.0
        var bytes = 0
        var entities = 0
        var heldMemory = 0
    }

    static func main() {
        do {
            let outcome = try run(Array(CommandLine.arguments.dropFirst()))
            print(
                "{\"seconds\":\(outcome.seconds),\"bytes\":\(outcome.bytes),\"entities\":\(outcome.entities),"
                    + "\"rss_kib\":\(try memory("VmHWM:")),\"held_kib\":\(outcome.heldMemory)}")
        } catch {
            print("ODataBench: \(error)")
            exit(1)
        }
    }

    private static func run(_ arguments: [String]) throws -> Outcome {
        switch (arguments.first, arguments.count) {
        case ("metadata", 3):
            let bytes = try contents(arguments[1])
            // What the libraries need once is no part of a document's cost.
            var kept = try Metadata(xml: Array(Self.smallDocument.utf8))
            let before = try memory("RssAnon:")
            var outcome = try measured(rounds(arguments[2]), bytes.count) {
                kept = try Metadata(xml: bytes)
                return 0
            }
            outcome.heldMemory = try memory("RssAnon:") - before
            withExtendedLifetime(kept) {}
            return outcome
        case ("tree", 3):
            let bytes = try contents(arguments[1])
            return try measured(rounds(arguments[2]), bytes.count) {
                _ = try JSONNode(parsing: bytes)
                return 0
            }
        case ("entities", 6):
            let bytes = try contents(arguments[1])
            let decoder = try decoder(arguments)
            return try measured(rounds(arguments[5]), bytes.count) { try decoder.collection(bytes).entities.count }
        case ("stream", 5): return try stream(arguments[1], try decoder(arguments))
        default:
            throw Failure(text: "usage: metadata|tree FILE ROUNDS, entities|stream FILE METADATA TYPE VERSION [ROUNDS]")
        }
    }

    private static func rounds(_ text: String) throws -> Int {
        guard let rounds = Int(text), rounds > 0 else { throw Failure(text: "no number of rounds") }
        return rounds
    }

    private static func decoder(_ arguments: [String]) throws -> EntityDecoder {
        let metadata = try Metadata(xml: try contents(arguments[2]))
        guard let type = QualifiedName(arguments[3]), let version = ODataVersion(rawValue: arguments[4]) else {
            throw Failure(text: "TYPE is a qualified name, VERSION 2.0, 4.0 or 4.01")
        }
        return EntityDecoder(metadata: metadata, type: type, version: version)
    }

    private static func measured(_ rounds: Int, _ bytes: Int, _ body: () throws -> Int) throws -> Outcome {
        var outcome = Outcome()
        for _ in 0..<rounds {
            let start = cpuSeconds()
            outcome.entities += try body()
            outcome.seconds += cpuSeconds() - start
            outcome.bytes += bytes
        }
        return outcome
    }

    /// Reads the file in pieces as a transport would deliver it, and keeps no entity. Reading the file is measured too.
    private static func stream(_ path: String, _ decoder: EntityDecoder) throws -> Outcome {
        let file = try open(path)
        defer { close(file) }
        var outcome = Outcome()
        var reader = FeedReader(decoder: decoder)
        let start = cpuSeconds()
        while case let chunk = try read(file, atMost: 64 << 10), !chunk.isEmpty {
            outcome.bytes += chunk.count
            try reader.append(chunk)
            while try reader.next() != nil { outcome.entities += 1 }
        }
        try reader.finish()
        outcome.seconds = cpuSeconds() - start
        return outcome
    }

    /// Of the process, so that neighbours don't count.
    private static func cpuSeconds() -> Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    // MARK: Files

    private static func open(_ path: String) throws -> Int32 {
        let file = unsafe Glibc.open(path, O_RDONLY)
        guard file >= 0 else { throw Failure(text: "can't open \(path)") }
        return file
    }

    private static func read(_ file: Int32, atMost size: Int) throws -> [UInt8] {
        var failed = false
        let chunk = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            let read = unsafe Glibc.read(file, buffer.baseAddress, size)
            failed = read < 0
            count = max(read, 0)
        }
        if failed { throw Failure(text: "can't read") }
        return chunk
    }

    private static func contents(_ path: String) throws -> [UInt8] {
        let file = try open(path)
        defer { close(file) }
        var bytes: [UInt8] = []
        while case let chunk = try read(file, atMost: 1 << 20), !chunk.isEmpty { bytes += chunk }
        return bytes
    }

    /// A line of the process's status, in KiB: `VmHWM:` is the high-water mark of resident memory.
    private static func memory(_ name: String) throws -> Int {
        let status = String(decoding: try contents("/proc/self/status"), as: UTF8.self)
        let line = status.split(separator: "\n").first { $0.hasPrefix(name) }
        guard
            let number = line?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap({ Int($0) })
        else { throw Failure(text: "no \(name)") }
        return number
    }
}
