/// Why a private cluster could not be made, started or stopped.
package enum ClusterError: Error, Sendable, Equatable, CustomStringConvertible {
    /// No PostgreSQL server programs: install PostgreSQL 14 or newer, or name their directory in
    /// `SALLYPORT_PG_BINDIR`.
    case binariesNotFound
    /// The process runs as root, which PostgreSQL refuses, and there is no `postgres` user or no `setpriv` to become
    /// it.
    case unprivilegedUserMissing
    /// The directory cannot be made or written; `errno` says why.
    case directoryUnusable(errno: Int32)
    /// As root: the `postgres` user cannot reach the directory, because one above it is closed to others. Choose
    /// another place, such as one below `/var/lib`.
    case directoryUnreachable
    /// Another process holds this cluster.
    case directoryInUse
    /// The data were made by another major version of PostgreSQL.
    case versionMismatch(data: String, server: String)
    /// `initdb` failed with that status; `server.log` has its words.
    case initialisationFailed(status: Int32)
    /// The server ended before it was ready; `server.log` says why.
    case startFailed(status: Int32)
    /// The server was neither ready nor gone within the time allowed.
    case timedOut
    /// A program could not be started; `errno` says why.
    case spawnFailed(errno: Int32)

    package var description: String {
        switch self {
        case .binariesNotFound: "cluster.binaries_not_found"
        case .unprivilegedUserMissing: "cluster.unprivileged_user_missing"
        case .directoryUnusable(let errno): "cluster.directory_unusable.\(errno)"
        case .directoryUnreachable: "cluster.directory_unreachable"
        case .directoryInUse: "cluster.directory_in_use"
        case .versionMismatch(let data, let server): "cluster.version_mismatch.\(data).\(server)"
        case .initialisationFailed(let status): "cluster.initialisation_failed.\(status)"
        case .startFailed(let status): "cluster.start_failed.\(status)"
        case .timedOut: "cluster.timed_out"
        case .spawnFailed(let errno): "cluster.spawn_failed.\(errno)"
        }
    }
}
