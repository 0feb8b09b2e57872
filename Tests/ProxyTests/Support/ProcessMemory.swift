import Glibc
import Testing

/// What the kernel says of this process.
enum ProcessMemory {
    /// Second field of `/proc/self/statm`, in bytes.
    static func residentBytes() throws -> Int {
        let handle = try unsafe #require(fopen("/proc/self/statm", "r"))
        defer { unsafe fclose(handle) }
        var line = [CChar](repeating: 0, count: 128)
        _ = unsafe try #require(fgets(&line, 128, handle))
        let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let pages = try #require(Int(text.split(separator: " ")[1]))
        return pages * 4_096
    }
}
