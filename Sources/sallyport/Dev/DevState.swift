#if canImport(Glibc)
    import Glibc
#endif

/// Where `dev` keeps what must survive a restart: the cluster, the root key, the API key, the
/// refresh spool.
struct DevState: Sendable {
    /// Absolute.
    let directory: String

    var rootKeyFile: String { directory + "/root.key" }
    var apiKeyFile: String { directory + "/api-key" }
    var spoolDirectory: String { directory + "/spool" }

    /// The directory that was asked for, or the usual one.
    ///
    /// As root it is below /var/lib, because PostgreSQL refuses to run as root and its own user can't pass through /root.
    init(_ given: String?, environment: [String: String]) throws(CommandFailure) {
        if let given {
            guard !given.isEmpty else { throw CommandFailure(.badData, "--state-directory is empty") }
            directory = given.hasPrefix("/") ? given : Self.workingDirectory + "/" + given
        } else if geteuid() == 0 {
            directory = "/var/lib/sallyport-dev"
        } else if let base = environment["XDG_STATE_HOME"], base.hasPrefix("/") {
            directory = base + "/sallyport-dev"
        } else if let home = environment["HOME"], home.hasPrefix("/") {
            directory = home + "/.local/state/sallyport-dev"
        } else {
            throw CommandFailure(.configuration, "HOME is not set: name a --state-directory")
        }
    }

    private static var workingDirectory: String {
        guard let path = unsafe getcwd(nil, 0) else { return "" }
        defer { unsafe free(path) }
        return unsafe String(cString: path)
    }

    func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }
}
