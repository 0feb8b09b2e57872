import Sodium

#if canImport(Glibc)
    import Glibc
#endif

/// Secrets come from files or standard input, never from arguments or the environment, which other users can read.
enum SecretInput {
    /// A secret of at most 64 KiB from a file; `-` is standard input. One trailing line break is not part of it.
    static func read(from path: String) throws(CommandFailure) -> SecretBytes {
        let descriptor = path == "-" ? 0 : unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw CommandFailure(.notFound, "the secret's file can't be read") }
        defer { if descriptor != 0 { close(descriptor) } }
        var length = 0
        var failed = false
        let whole = SecretBytes(capacity: limit + 1) { span in
            unsafe span.withUnsafeMutableBytes { buffer in
                while length < buffer.count {
                    let count = unsafe Glibc.read(
                        descriptor, buffer.baseAddress?.advanced(by: length), buffer.count - length)
                    if count < 0 { failed = true }
                    if count <= 0 { break }
                    length += count
                }
            }
            return length
        }
        guard !failed, length <= limit else { throw CommandFailure(.badData, "a secret is at most 64 KiB") }
        let endsWithLine = whole.withBytes { bytes in length > 0 && bytes[length - 1] == UInt8(ascii: "\n") }
        return endsWithLine ? whole.slice(0..<length - 1) : whole
    }

    private static let limit = 65_536
}
