import Glibc

/// Sample documents that stand beside the tests.
enum ClientSample {
    struct Missing: Error {}

    static func bytes(_ name: String) throws -> [UInt8] {
        let folder = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
        let descriptor = unsafe open("/" + folder + "/Samples/" + name, O_RDONLY)
        guard descriptor >= 0 else { throw Missing() }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { break }
            bytes += chunk[..<count]
        }
        return bytes
    }
}
