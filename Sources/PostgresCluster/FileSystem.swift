internal import Glibc

/// The few file operations that a cluster's directory needs.
enum FileSystem {
    /// Names in a directory, without `.` and `..`; none if it cannot be read.
    static func entries(_ path: String) -> [String] {
        guard let stream = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
                unsafe name.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// Makes a directory and those above it; fine if it exists.
    static func makeDirectory(_ path: String, mode: mode_t) throws(ClusterError) {
        if exists(path) { return }
        if let slash = path.lastIndex(of: "/"), slash != path.startIndex {
            try makeDirectory(String(path[..<slash]), mode: mode)
        }
        guard unsafe mkdir(path, mode) == 0 || errno == EEXIST else { throw .directoryUnusable(errno: errno) }
    }

    /// Owner and mode of a directory; throws if it is missing or something else, a symbolic link included.
    static func directoryAttributes(_ path: String) throws(ClusterError) -> (owner: uid_t, mode: mode_t) {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { throw .directoryUnusable(errno: errno) }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw .directoryUnusable(errno: ENOTDIR) }
        return (status.st_uid, status.st_mode & 0o7777)
    }

    static func exists(_ path: String) -> Bool {
        unsafe access(path, F_OK) == 0
    }

    /// The first 4 KiB of a file as text; `nil` if it cannot be read.
    static func head(_ path: String) -> String? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
        guard count >= 0 else { return nil }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    /// Where a symbolic link points.
    static func linkTarget(_ path: String) -> String? {
        var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe bytes.withUnsafeMutableBytes { buffer in
            unsafe buffer.withMemoryRebound(to: CChar.self) { text in
                unsafe text.baseAddress.map { unsafe readlink(path, $0, text.count) } ?? -1
            }
        }
        guard count > 0 else { return nil }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    /// The path without symbolic links.
    static func resolved(_ path: String) -> String? {
        guard let resolved = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }
}
