import Glibc

/// What of the OData client reads bytes that a peer made.
private enum FuzzTarget: String, CaseIterable {
    case metadata, json, batch, query

    /// Ends by returning, whatever the bytes are; a crash, a hang or a broken promise of a reader is what is looked for.
    func run(_ bytes: [UInt8]) {
        switch self {
        case .metadata: fuzzMetadata(bytes)
        case .json: fuzzJSON(bytes)
        case .batch: fuzzBatch(bytes)
        case .query: fuzzQuery(bytes)
        }
    }
}

#if FUZZING
    internal import CLibFuzzer

    /// libFuzzer has the arguments, so the target comes by the environment.
    private let chosen =
        unsafe getenv("ODATA_FUZZ").flatMap { unsafe FuzzTarget(rawValue: String(cString: $0)) } ?? .json

    @_cdecl("LLVMFuzzerTestOneInput")
    public func fuzzOne(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
        unsafe chosen.run(Array(UnsafeBufferPointer(start: data, count: count)))
        return 0
    }

    // The package manager makes this the program's entry, so libFuzzer's own is called from here.
    @_cdecl("ODataFuzz_main")
    public func fuzzMain(_ count: Int32, _ values: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> Int32 {
        var (count, values) = unsafe (count, values)
        return unsafe LLVMFuzzerRunDriver(&count, &values, { unsafe fuzzOne($0, Int($1)) })
    }
#else
    /// Without libFuzzer: runs every file of a corpus once.
    ///
    ///     ODataFuzz TARGET FILE…
    @main
    private struct Replay {
        static func main() {
            let arguments = CommandLine.arguments.dropFirst()
            guard let name = arguments.first, let target = FuzzTarget(rawValue: name) else {
                print("usage: ODataFuzz \(FuzzTarget.allCases.map(\.rawValue).joined(separator: "|")) FILE…")
                exit(64)
            }
            for path in arguments.dropFirst() {
                guard let bytes = read(path) else {
                    print("can't read \(path)")
                    exit(66)
                }
                target.run(bytes)
            }
            print("\(arguments.count - 1) files, target \(name)")
        }

        private static func read(_ path: String) -> [UInt8]? {
            guard let file = unsafe fopen(path, "rb") else { return nil }
            defer { unsafe fclose(file) }
            var bytes: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = unsafe fread(&chunk, 1, chunk.count, file)
                if count == 0 { return bytes }
                bytes += chunk[..<count]
            }
        }
    }
#endif
