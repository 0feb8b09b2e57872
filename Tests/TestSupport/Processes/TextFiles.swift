internal import Glibc

/// Small files that tests write and read.
package enum TextFiles {
    /// The whole file; empty where it can't be read.
    package static func read(_ path: String) -> String {
        String(decoding: bytes(path), as: UTF8.self)
    }

    package static func bytes(_ path: String) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { return all }
            all += buffer[..<count]
        }
    }

    /// Makes or replaces a file.
    package static func write(_ text: String, to path: String, mode: UInt32 = 0o600) throws {
        unsafe unlink(path)
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw ProcessFailure("\(path) can't be written", errno) }
        defer { close(descriptor) }
        fchmod(descriptor, mode)
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw ProcessFailure("\(path) can't be written", errno) }
            rest = rest.dropFirst(count)
        }
    }

    package static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    /// The permission bits of a file.
    package static func mode(_ path: String) -> UInt32? {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? status.st_mode & 0o7777 : nil
    }

    package static func setMode(_ path: String, _ mode: UInt32) { unsafe chmod(path, mode) }
}

extension TestDirectory {
    /// A new directory that is removed when the test process ends. Other users may pass through it.
    package static func make() throws -> String {
        let path = makePath()
        guard unsafe mkdir(path, 0o711) == 0 else { throw ProcessFailure("\(path) can't be made", errno) }
        ProcessReaper.shared.watch(directory: path)
        return path
    }

    /// Runs `body` with a new directory that is removed afterwards.
    package static func with<Result>(_ body: (String) async throws -> Result) async throws -> Result {
        let path = try make()
        do {
            let result = try await body(path)
            try await remove(path)
            return result
        } catch {
            try await remove(path)
            throw error
        }
    }

    private static func remove(_ path: String) async throws {
        _ = try await TestProcess.run("/bin/rm", ["-rf", "--", path])
        ProcessReaper.shared.forget(directory: path)
    }
}
