internal import Glibc

/// A refusal of the kernel.
package struct DiskError: Error, Hashable, Sendable {
    /// The `errno`.
    package let code: Int32

    package init(code: Int32) { self.code = code }

    static let exists = DiskError(code: EEXIST)
}

/// An open file or folder, closed with its last reference; a lock on it goes then too.
package final class DiskHandle: Sendable {
    package let descriptor: Int32

    package init(taking descriptor: Int32) { self.descriptor = descriptor }

    deinit { _ = close(descriptor) }
}

/// Port: what the spool does to the disk while it runs, so that tests can count it and make it fail. Every call may block.
package protocol SpoolDisk: Sendable {
    /// Makes a new file for the owner alone, on a file system that has at least so much room.
    func create(_ name: String, in folder: DiskHandle, room: Int) throws(DiskError) -> DiskHandle
    /// Writes at the end; a part may have been written where it throws.
    func write(_ bytes: [UInt8], to file: DiskHandle) throws(DiskError)
    /// On return what was written survives a loss of power. After an error nothing is known about the file any more.
    func sync(_ file: DiskHandle) throws(DiskError)
    /// On return new names in the folder survive a loss of power.
    func syncFolder(_ folder: DiskHandle) throws(DiskError)
    /// Part of a file, whole or not at all.
    func read(_ file: DiskHandle, at offset: Int, count: Int) throws(DiskError) -> [UInt8]
    /// Takes a name away; no harm where that fails.
    func remove(_ name: String, in folder: DiskHandle)
}

/// The kernel's files.
package struct SystemDisk: SpoolDisk {
    package init() {}

    package func create(_ name: String, in folder: DiskHandle, room: Int) throws(DiskError) -> DiskHandle {
        // Asked before, because a disk that fills up must be noticed before an answer needs it.
        var space = statvfs()
        if unsafe fstatvfs(folder.descriptor, &space) == 0,
            UInt64(space.f_bavail) * UInt64(space.f_frsize) < UInt64(room)
        {
            throw DiskError(code: ENOSPC)
        }
        let flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let descriptor = unsafe openat(folder.descriptor, name, flags, 0o600)
        guard descriptor >= 0 else { throw DiskError(code: errno) }
        return DiskHandle(taking: descriptor)
    }

    package func write(_ bytes: [UInt8], to file: DiskHandle) throws(DiskError) {
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { source in
                unsafe Glibc.write(
                    file.descriptor, UnsafeRawBufferPointer(rebasing: source[done...]).baseAddress, source.count - done)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw DiskError(code: count < 0 ? errno : EIO) }
            done += count
        }
    }

    package func sync(_ file: DiskHandle) throws(DiskError) {
        while fdatasync(file.descriptor) != 0 {
            guard errno == EINTR else { throw DiskError(code: errno) }
        }
    }

    package func syncFolder(_ folder: DiskHandle) throws(DiskError) {
        while fsync(folder.descriptor) != 0 {
            guard errno == EINTR else { throw DiskError(code: errno) }
        }
    }

    package func read(_ file: DiskHandle, at offset: Int, count: Int) throws(DiskError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let read = unsafe bytes.withUnsafeMutableBytes { target in
                unsafe pread(
                    file.descriptor, UnsafeMutableRawBufferPointer(rebasing: target[done...]).baseAddress,
                    count - done, offset + done)
            }
            if read < 0, errno == EINTR { continue }
            guard read > 0 else { throw DiskError(code: read < 0 ? errno : EIO) }
            done += read
        }
        return bytes
    }

    package func remove(_ name: String, in folder: DiskHandle) {
        _ = unsafe unlinkat(folder.descriptor, name, 0)
    }
}
