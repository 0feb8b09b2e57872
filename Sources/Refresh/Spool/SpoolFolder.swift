internal import Domain
internal import Glibc
internal import Sodium

/// Names of the folders that hold one file set each: the instance, a hyphen, the set's number in hexadecimal.
struct SpoolSetName: Hashable, Sendable {
    private static let damagedPrefix = "damaged-"

    let text: String
    let owner: InstanceID
    /// Set aside, because part of it could not be read.
    let isDamaged: Bool

    init(owner: InstanceID, setID: [UInt8]) {
        self.owner = owner
        text = "\(owner)-\(Hex.encode(setID))"
        isDamaged = false
    }

    /// Nil for whatever else lies in the directory.
    init?(_ text: String) {
        isDamaged = text.hasPrefix(Self.damagedPrefix)
        let parts = text.dropFirst(isDamaged ? Self.damagedPrefix.count : 0).split(separator: "-")
        guard parts.count == 2, parts[1].utf8.count == 2 * SegmentHeader.setIDLength,
            Hex.decode(SecretBytes(utf8: String(parts[1]))) != nil, let owner = InstanceID(parts[0])
        else { return nil }
        self.owner = owner
        self.text = text
    }

    var setAside: String { Self.damagedPrefix + text }
}

/// The directory of all spools of a machine, and the folders in it. Every call may block.
struct SpoolFolder: Sendable {
    let handle: DiskHandle

    /// Opens the directory, which is made if it is missing; its last part must be no link, its owner this process's user or
    /// root, its mode closed to everybody else.
    init(directory path: String, creating: Bool) throws(SpoolOpenError) {
        let isNew = creating ? unsafe mkdir(path, 0o700) == 0 : false
        if creating, !isNew, errno != EEXIST {
            throw errno == ENOENT ? .missingParent : errno == ENOTDIR ? .notADirectory : .refused(code: errno)
        }
        let descriptor = unsafe Glibc.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.openingError(path) }
        handle = DiskHandle(taking: descriptor)
        var facts = stat()
        guard unsafe fstat(descriptor, &facts) == 0 else { throw .refused(code: errno) }
        guard facts.st_uid == geteuid() || facts.st_uid == 0 else { throw .foreignOwner }
        guard facts.st_mode & 0o077 == 0 else { throw .openToOthers }
        // Its name is durable when the directory is that it lies in.
        if isNew, let parent = self.open("..") { _ = try? SystemDisk().syncFolder(parent.handle) }
    }

    private init(_ handle: DiskHandle) { self.handle = handle }

    /// Why the path could not be opened as a directory.
    private static func openingError(_ path: String) -> SpoolOpenError {
        let code = errno
        var facts = stat()
        if unsafe lstat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFLNK { return .symbolicLink }
        switch code {
        case ENOENT: return .missingParent
        case ENOTDIR: return .notADirectory
        case ELOOP: return .symbolicLink
        default: return .refused(code: code)
        }
    }

    // MARK: Sets

    /// A new folder, locked; durable on return.
    ///
    /// Somebody who looks for what others have left may take and remove it between its making and its lock: `EEXIST` then,
    /// and the caller takes another name.
    func makeSet(_ name: SpoolSetName) throws(DiskError) -> SpoolFolder {
        guard unsafe mkdirat(handle.descriptor, name.text, 0o700) == 0 else { throw DiskError(code: errno) }
        guard let folder = takeSet(name.text) else { throw .exists }
        try SystemDisk().syncFolder(handle)
        return folder
    }

    /// The folder of that name under a lock that no living instance holds; nil where one holds it, or it is gone.
    func takeSet(_ name: String) -> SpoolFolder? {
        guard let folder = open(name), folder.lock(exclusively: true), isStill(name, folder) else { return nil }
        return folder
    }

    /// Whether the name leads there, and not to nothing because somebody removed it before the lock was taken.
    private func isStill(_ name: String, _ folder: SpoolFolder) -> Bool {
        var locked = stat()
        var named = stat()
        return unsafe fstat(folder.handle.descriptor, &locked) == 0
            && fstatat(handle.descriptor, name, &named, AT_SYMLINK_NOFOLLOW) == 0
            && locked.st_ino == named.st_ino && locked.st_dev == named.st_dev
    }

    /// The folder of that name as it is, unlocked.
    func open(_ name: String) -> SpoolFolder? {
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        let descriptor = unsafe openat(handle.descriptor, name, flags, 0)
        return descriptor >= 0 ? SpoolFolder(DiskHandle(taking: descriptor)) : nil
    }

    /// Takes the lock until it is given back or the last reference goes; false where somebody else has it.
    func lock(exclusively: Bool) -> Bool {
        flock(handle.descriptor, (exclusively ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0
    }

    func unlock() { _ = flock(handle.descriptor, LOCK_UN) }

    /// Removes a set with all its segments.
    func removeSet(_ name: String, _ folder: SpoolFolder) {
        for segment in folder.segments() { _ = unsafe unlinkat(folder.handle.descriptor, segment.name, 0) }
        _ = unsafe unlinkat(handle.descriptor, name, AT_REMOVEDIR)
    }

    func rename(_ name: String, to new: String) {
        _ = unsafe renameat(handle.descriptor, name, handle.descriptor, new)
    }

    // MARK: Contents

    struct SegmentFile: Hashable, Sendable {
        let name: String
        let number: UInt32
        let bytes: Int
        /// When it was last written.
        let modifiedAt: Timestamp
    }

    static func segmentName(_ number: UInt32) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 8 - digits.count)) + digits + ".seg"
    }

    /// In the order of their numbers.
    func segments() -> [SegmentFile] {
        names().compactMap { name -> SegmentFile? in
            guard name.hasSuffix(".seg"), let number = UInt32(name.dropLast(4)), Self.segmentName(number) == name
            else { return nil }
            var facts = stat()
            guard unsafe fstatat(handle.descriptor, name, &facts, AT_SYMLINK_NOFOLLOW) == 0,
                facts.st_mode & S_IFMT == S_IFREG
            else { return nil }
            let modifiedAt = Timestamp(
                microseconds: Int64(facts.st_mtim.tv_sec) * 1_000_000 + Int64(facts.st_mtim.tv_nsec) / 1_000)
            return SegmentFile(name: name, number: number, bytes: Int(facts.st_size), modifiedAt: modifiedAt)
        }.sorted { $0.number < $1.number }
    }

    /// The names of the sets in it, set-aside ones included.
    func sets() -> [SpoolSetName] { names().compactMap { SpoolSetName($0) }.sorted { $0.text < $1.text } }

    /// A whole file, of at most so many bytes from its start; nil where it can't be read.
    func read(_ file: SegmentFile, maxBytes: Int) -> [UInt8]? {
        let flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK
        let descriptor = unsafe openat(handle.descriptor, file.name, flags, 0)
        guard descriptor >= 0 else { return nil }
        let handle = DiskHandle(taking: descriptor)
        // Why it can't be read changes nothing: the caller counts it as unreadable.
        return try? SystemDisk().read(handle, at: 0, count: min(file.bytes, maxBytes))
    }

    private func names() -> [String] {
        // A description of its own, because the place in the listing belongs to it.
        let descriptor = unsafe openat(handle.descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
        guard descriptor >= 0 else { return [] }
        guard let stream = unsafe fdopendir(descriptor) else {
            _ = close(descriptor)
            return []
        }
        defer { _ = unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let name { names.append(name) }
        }
        return names
    }
}
