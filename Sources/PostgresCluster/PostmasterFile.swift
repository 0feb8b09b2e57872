internal import Glibc

/// What a running server says of itself in `postmaster.pid` (PostgreSQL documentation, "Database File Layout").
struct PostmasterFile {
    let processID: pid_t
    /// `starting`, `stopping`, `ready` or `standby`; empty while the server writes it.
    let status: String

    /// `nil` when there is no such file or it is not complete.
    init?(dataDirectory: String) {
        guard let text = FileSystem.head(dataDirectory + "/postmaster.pid") else { return nil }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard let first = lines.first, let number = pid_t(first), abs(number) > 1 else { return nil }
        processID = abs(number)
        status = lines.count > 7 ? String(lines[7].prefix { $0 != " " }) : ""
    }

    var isReady: Bool { status == "ready" || status == "standby" }

    /// Whether a process of that number runs: the server itself, or after its end some other.
    var isSomethingAlive: Bool { Glibc.kill(processID, 0) == 0 || errno == EPERM }

    /// Whether that process is the server of this directory: it is the server's working directory.
    func isServer(of dataDirectory: String) -> Bool {
        guard isSomethingAlive, let directory = FileSystem.linkTarget("/proc/\(processID)/cwd") else { return false }
        return directory == FileSystem.resolved(dataDirectory)
    }
}
