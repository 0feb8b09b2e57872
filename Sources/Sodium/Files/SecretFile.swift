internal import Glibc

/// Why a file with a secret was refused. The path is the caller's to name.
package enum SecretFileError: Error, Equatable, Sendable {
    case missing
    /// A directory, device, pipe or socket.
    case notRegular
    /// The last part of the path is a symbolic link.
    case symbolicLink
    /// The group or others may read or write it; `chmod 600` mends it.
    case openToOthers
    /// It belongs to somebody who is neither root nor this process's user.
    case foreignOwner
    /// Longer than the caller takes, or empty.
    case wrongSize
    /// Creating found it there already.
    case exists
    /// Any other refusal of the kernel, with its `errno`.
    case refused(code: Int32)
}

/// Files that hold a secret: read straight into secret memory, written for the owner alone.
package enum SecretFile {
    /// Reads a whole file.
    ///
    /// Symbolic links, other users' files and files that the group or others may touch are refused, and so is anything
    /// that is no regular file; all is checked on the opened file, so nothing can be exchanged in between.
    ///
    /// - Parameter maxBytes: at most so long, and at least one byte.
    package static func read(_ path: String, maxBytes: Int) throws(SecretFileError) -> SecretBytes {
        // Without O_NONBLOCK a pipe would keep the process waiting for a writer.
        let descriptor = unsafe open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw openingError() }
        defer { _ = close(descriptor) }
        let size = try checkedSize(descriptor)
        guard size > 0, size <= maxBytes else { throw .wrongSize }
        return try SecretBytes(count: size) { (output) throws(SecretFileError) in
            var done = 0
            while done < size {
                let count = unsafe output.withMutableOctets { target, _ in
                    unsafe Glibc.read(descriptor, target + done, size - done)
                }
                if count < 0, errno == EINTR { continue }
                guard count >= 0 else { throw .refused(code: errno) }
                // Shorter than a moment ago: somebody is writing it.
                guard count > 0 else { throw .wrongSize }
                done += count
            }
        }
    }

    /// Writes a new file of mode 0600; once this returns, it survives a crash of the machine.
    ///
    /// The name appears when the contents are whole: a process killed half way leaves at most a second file of that mode
    /// beside it, named after it with `.new-` and digits. A failure leaves neither. An existing file is never touched.
    package static func create(_ path: String, contents: SecretBytes) throws(SecretFileError) {
        let draft = path + ".new-" + Hex.encode(Random.bytes(8))
        let descriptor = unsafe open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .refused(code: errno) }
        try finish(descriptor, draft, as: path, contents)
        do throws(SecretFileError) {
            try syncDirectory(of: path)
        } catch {
            _ = unsafe unlink(path)
            throw error
        }
    }

    /// Fills a draft, gives it its name and takes away the first one.
    private static func finish(
        _ descriptor: Int32, _ draft: String, as path: String, _ contents: SecretBytes
    ) throws(SecretFileError) {
        defer {
            _ = close(descriptor)
            _ = unsafe unlink(draft)
        }
        // The mode that it was opened with is subject to the umask, which may have taken the owner's bits.
        try check(fchmod(descriptor, 0o600))
        try write(contents, to: descriptor)
        try check(fsync(descriptor))
        // A second name for the same file: unlike a renaming it never replaces one that is there.
        guard unsafe link(draft, path) == 0 else { throw errno == EEXIST ? .exists : .refused(code: errno) }
    }

    private static func openingError() -> SecretFileError {
        switch errno {
        case ENOENT, ENOTDIR: .missing
        case ELOOP: .symbolicLink
        case ENXIO: .notRegular
        default: .refused(code: errno)
        }
    }

    private static func checkedSize(_ descriptor: Int32) throws(SecretFileError) -> Int {
        var facts = stat()
        try check(unsafe fstat(descriptor, &facts))
        guard facts.st_mode & S_IFMT == S_IFREG else { throw .notRegular }
        guard facts.st_uid == geteuid() || facts.st_uid == 0 else { throw .foreignOwner }
        guard facts.st_mode & 0o077 == 0 else { throw .openToOthers }
        return facts.st_size
    }

    private static func write(_ contents: SecretBytes, to descriptor: Int32) throws(SecretFileError) {
        var done = 0
        while done < contents.count {
            let count = unsafe contents.withOctets { source, length in
                unsafe Glibc.write(descriptor, source + done, length - done)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .refused(code: errno) }
            done += count
        }
    }

    /// A new name is durable only when its directory is.
    private static func syncDirectory(of path: String) throws(SecretFileError) {
        let end = path.lastIndex(of: "/")
        let directory = end.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .refused(code: errno) }
        defer { _ = close(descriptor) }
        try check(fsync(descriptor))
    }

    private static func check(_ result: Int32) throws(SecretFileError) {
        guard result == 0 else { throw .refused(code: errno) }
    }
}
