import Domain
import Refresh
import Vault

#if canImport(Glibc)
    import Glibc
#endif

/// The bounds of refreshing, and the directory of the refresh spool.
struct SpoolChecks {
    let settings: Settings

    private static let check = "refresh spool"

    func run() -> [Finding] { [bounds()] + spool() }

    private func bounds() -> Finding {
        let faults = RefreshBounds(settings).faults
        guard faults.isEmpty else {
            return .failed("refresh settings", faults.joined(separator: "; "), mend: "change them: `sallyport config`")
        }
        return .ok("refresh settings", "leases outlast the requests that are made under them")
    }

    private func spool() -> [Finding] {
        let path = RefreshBounds(settings).spoolDirectory
        let report = RefreshSpool.inspect(directory: path)
        if let problem = report.problem {
            if problem == .missingParent, Self.canBeMade(path) {
                return [.ok(Self.check, "\(path) is not there yet; it is made at start")]
            }
            return [
                .failed(
                    Self.check, SpoolOpening.problem(problem, path), mend: SpoolOpening.mend(problem, path))
            ]
        }
        guard report.isWritable else {
            return [
                .failed(
                    Self.check, "no file can be made in \(path)",
                    mend: "a disk with room, mounted for writing, and this user's right to write there")
            ]
        }
        return [summary(report, path)] + leftBehind(report) + damaged(report, path) + foreign(report)
    }

    private func summary(_ report: SpoolDirectoryReport, _ path: String) -> Finding {
        let held = report.sets.count { $0.isHeld }
        let total = "\(report.sets.count) file sets, \(held) of them of running instances, \(report.bytes / 1_024) KiB"
        return .ok(Self.check, "\(path), writable; \(report.sets.isEmpty ? "empty" : total)")
    }

    /// Files of instances that ended without a word; what is in them may be the only copy.
    private func leftBehind(_ report: SpoolDirectoryReport) -> [Finding] {
        let left = report.sets.filter { !$0.isHeld && !$0.isDamaged }
        guard !left.isEmpty else { return [] }
        let since = left.compactMap(\.oldestAt).min().map { " since \($0.rfc3339)" } ?? ""
        return [
            .warning(
                Self.check, "\(left.count) file sets wait for an instance to read them\(since)",
                mend: "start an instance on this machine, with this directory and the same root key; delete nothing")
        ]
    }

    private func damaged(_ report: SpoolDirectoryReport, _ path: String) -> [Finding] {
        let damaged = report.sets.count { $0.isDamaged }
        guard damaged > 0 else { return [] }
        return [
            .warning(
                Self.check, "\(damaged) file sets were set aside: part of them could not be read",
                mend: "look at the disk; once the connections that are `reauth_required` are linked again, "
                    + "remove \(path)/damaged-*")
        ]
    }

    /// Sets that the configured root key can't open.
    private func foreign(_ report: SpoolDirectoryReport) -> [Finding] {
        // A key that can't be read is another check's finding.
        guard let path = settings.text("root_key.file"), let root = try? FileRootKeyProvider(path: path) else {
            return []
        }
        let foreign = report.sets.count { !$0.rootIDs.isEmpty && !$0.rootIDs.contains(root.id) }
        guard foreign > 0 else { return [] }
        return [
            .failed(
                Self.check, "\(foreign) file sets are of another root key than root_key.file",
                mend: "a directory for each installation; or start once with the root key that they were written under")
        ]
    }

    /// Whether this user may make the directory, with those above it that are missing.
    private static func canBeMade(_ path: String) -> Bool {
        var status = stat()
        // Something of that name that is no directory, or a link to nowhere.
        guard unsafe lstat(path, &status) != 0 else { return false }
        var parts = path.split(separator: "/").dropLast()
        while true {
            let parent = "/" + parts.joined(separator: "/")
            if unsafe stat(parent, &status) == 0 {
                let isWritable = unsafe access(parent, W_OK | X_OK) == 0
                return isWritable && status.st_mode & S_IFMT == S_IFDIR
            }
            guard !parts.isEmpty else { return false }
            parts.removeLast()
        }
    }
}
