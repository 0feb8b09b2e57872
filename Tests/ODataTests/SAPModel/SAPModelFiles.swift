import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Recorded documents of the folder `Samples`.
enum SAPModelFiles {
    struct Missing: Error {}

    /// - Parameter name: a path below `Samples`.
    static func bytes(_ name: String) throws -> [UInt8] {
        let folder = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
        guard let file = unsafe fopen("/\(folder)/Samples/\(name)", "rb") else { throw Missing() }
        defer { unsafe fclose(file) }
        var all: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = unsafe fread(&chunk, 1, chunk.count, file)
            if count == 0 { return all }
            all += chunk[..<count]
        }
    }
}
