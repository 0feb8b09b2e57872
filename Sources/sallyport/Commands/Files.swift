import Sodium

#if canImport(Glibc)
    import Glibc
#endif

/// Small text files that hold no secret.
enum TextFile {
    static func read(_ path: String, limit: Int) throws(CommandFailure) -> String {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw CommandFailure(.notFound, "\(path) can't be read") }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: limit + 1)
        var length = 0
        while length < bytes.count {
            let count = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe Glibc.read(descriptor, buffer.baseAddress?.advanced(by: length), buffer.count - length)
            }
            guard count >= 0 else { throw CommandFailure(.notFound, "\(path) can't be read") }
            if count == 0 { break }
            length += count
        }
        guard length <= limit, let text = String(validating: bytes[..<length], as: UTF8.self) else {
            throw CommandFailure(.badData, "\(path) is not text of at most \(limit) bytes")
        }
        return text
    }
}

/// Files that nobody but their owner may read.
enum PrivateFile {
    /// Writes a new file, mode 0600, on the disk before it returns; refuses a path that exists.
    static func create(_ path: String, holding secret: SecretBytes) throws(CommandFailure) {
        do throws(SecretFileError) {
            try SecretFile.create(path, contents: secret)
        } catch {
            throw CommandFailure(.failed, "\(path) can't be created (\(error)); it must not exist yet")
        }
    }
}
