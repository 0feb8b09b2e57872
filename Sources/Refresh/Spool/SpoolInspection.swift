package import Domain
internal import Glibc
internal import Sodium

/// What lies in a spool directory, as `doctor` tells it.
package struct SpoolDirectoryReport: Hashable, Sendable {
    /// One set of files.
    package struct FileSet: Hashable, Sendable {
        package let owner: InstanceID
        /// A living instance writes it.
        package let isHeld: Bool
        /// Set aside: part of it could not be read.
        package let isDamaged: Bool
        package let files: Int
        package let bytes: Int
        /// The root keys that its files name; it opens with those alone. Not authenticated.
        package let rootIDs: [String]
        /// When the file that was left alone longest was last written.
        package let oldestAt: Timestamp?
    }

    /// Why the spool could not be opened there; nil where it could.
    package let problem: SpoolOpenError?
    /// A file could be made and removed.
    package let isWritable: Bool
    package let sets: [FileSet]

    package var bytes: Int { sets.reduce(0) { $0 + $1.bytes } }
    package var oldestAt: Timestamp? { sets.compactMap(\.oldestAt).min() }
}

extension RefreshSpool {
    /// Looks at a directory and changes nothing in it: no key, no directory that is missing is made, and who holds a set is
    /// found out with a shared lock of a moment. Blocks for a few system calls.
    package static func inspect(directory: String) -> SpoolDirectoryReport {
        let root: SpoolFolder
        do throws(SpoolOpenError) {
            root = try SpoolFolder(directory: directory, creating: false)
        } catch {
            return SpoolDirectoryReport(problem: error, isWritable: false, sets: [])
        }
        return SpoolDirectoryReport(
            problem: nil, isWritable: root.isWritable, sets: root.sets().compactMap { report($0, in: root) })
    }

    private static func report(_ name: SpoolSetName, in root: SpoolFolder) -> SpoolDirectoryReport.FileSet? {
        guard let folder = root.open(name.text) else { return nil }
        let files = folder.segments()
        let heads = files.compactMap { file in
            folder.read(file, maxBytes: SegmentHeader.length).flatMap { try? SegmentHeader(parsing: $0) }
        }
        return SpoolDirectoryReport.FileSet(
            owner: name.owner, isHeld: !folder.lock(exclusively: false), isDamaged: name.isDamaged, files: files.count,
            bytes: files.reduce(0) { $0 + $1.bytes }, rootIDs: Set(heads.map(\.rootID)).sorted(),
            oldestAt: files.map(\.modifiedAt).min())
    }
}

extension SpoolFolder {
    /// Whether a file can be made here; it is gone again.
    fileprivate var isWritable: Bool {
        let name = ".probe-" + Hex.encode(Random.bytes(8))
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let descriptor = unsafe openat(handle.descriptor, name, flags, 0o600)
        guard descriptor >= 0 else { return false }
        _ = close(descriptor)
        _ = unsafe unlinkat(handle.descriptor, name, 0)
        return true
    }
}
