internal import Glibc
package import PostgresCluster

/// PgBouncer in transaction mode before a cluster, on a Unix socket. It ends with ``stop()`` or with the process.
package final class PgBouncer: Sendable {
    package enum Failure: Error {
        case notInstalled
        case file(Int32)
        case notReady
    }

    private let directory: String
    private let shell: ChildProcess
    /// The shell waits for its other end to close.
    private let tether: Int32

    /// - Parameter poolSize: server connections per database and user.
    package init(before cluster: PrivateCluster, poolSize: Int = 2) async throws {
        guard unsafe access("/usr/sbin/pgbouncer", X_OK) == 0 else { throw Failure.notInstalled }
        directory = TestDirectory.makePath()
        let user = try ServerUser.find()
        try user.makePrivateDirectory(directory)
        try Self.write(
            """
            [databases]
            * = host=\(cluster.socketPath) port=5432
            [pgbouncer]
            listen_addr =
            listen_port = 5432
            unix_socket_dir = \(directory)
            auth_type = trust
            auth_file = \(directory)/users
            pool_mode = transaction
            default_pool_size = \(poolSize)
            logfile = \(directory)/log
            """, to: directory + "/configuration")
        try Self.write("\"postgres\" \"\"\n\"service\" \"\"\n", to: directory + "/users")
        let null = unsafe open("/dev/null", O_WRONLY | O_CLOEXEC)
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw Failure.file(errno) }
        _ = fcntl(ends[1], F_SETFD, FD_CLOEXEC)
        defer {
            close(ends[0])
            close(null)
        }
        tether = ends[1]
        let script = """
            /usr/sbin/pgbouncer -q "$1/configuration" &
            server=$!
            read -r word
            kill "$server"
            wait "$server"
            rm -rf -- "$1"
            """
        shell = try ChildProcess.spawn(
            user.prefix + ["/bin/sh", "-c", script, "pgbouncer-tether", directory], input: ends[0], output: null)
        try await waitUntilReady()
    }

    package func connectionString(database: String, user: String = "postgres") -> String {
        "host='\(directory)' port=5432 dbname='\(database)' user='\(user)'"
    }

    package func stop() async {
        close(tether)
        _ = await shell.wait(until: .now + .seconds(10))
        unsafe rmdir(directory)
    }

    private func waitUntilReady() async throws {
        let socket = directory + "/.s.PGSQL.5432"
        try await eventually { unsafe access(socket, F_OK) == 0 }
    }

    private static func write(_ text: String, to path: String) throws {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Failure.file(errno) }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard unsafe Glibc.write(descriptor, bytes, bytes.count) == bytes.count else { throw Failure.file(errno) }
    }
}
