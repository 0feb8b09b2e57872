internal import Glibc
internal import Synchronization

/// A PostgreSQL cluster that belongs to one process: its own directory, a Unix socket only, gone with its owner.
///
/// Who may connect is decided by the socket's directory, which only the server's user can enter (and root); inside,
/// every user name is trusted. No network address is opened.
///
/// Started as root, it runs as the user `postgres`, because PostgreSQL refuses root. One task at a time may start and
/// stop it.
package final class PrivateCluster: Sendable {
    package struct Options: Sendable {
        /// `false` gives up durability for speed: tests alone.
        package var isDurable = true
        /// Stop the server when this process ends, even by a `SIGKILL`. Without it the server outlives the process,
        /// and the next ``PrivateCluster/start()`` adopts it.
        package var endsWithProcess = true
        /// Remove the directory too when this process ends: tests alone.
        package var removesDirectory = false
        /// Longest time to become ready, recovery after a crash included, or to stop.
        package var timeout: Duration = .seconds(60)
        /// Further server settings, by name.
        package var settings: [String: String] = [:]

        package init() {}
    }

    package enum StopMode: Sendable {
        /// Ends sessions, writes a checkpoint.
        case fast
        /// Ends at once, as after a crash; the next start recovers.
        case immediate

        fileprivate var signal: Int32 {
            switch self {
            case .fast: SIGINT
            case .immediate: SIGQUIT
            }
        }
    }

    private struct State {
        /// Started by this process.
        var child: ChildProcess?
        /// Found running.
        var adopted: pid_t?
        var watchdog: Watchdog?
        var lock: Int32 = -1
    }

    /// Absolute; holds `data`, `socket` (unless the path is too long for one) and `server.log`.
    package let directory: String
    private let options: Options
    private let binaries: ServerBinaries
    private let user: ServerUser
    private let socketDirectory: String
    private let state = Mutex(State())

    private var dataDirectory: String { directory + "/data" }

    /// Looks for the server's programs; makes nothing yet.
    ///
    /// - Parameter directory: absolute path; made if it doesn't exist.
    package init(directory: String, options: Options = Options()) throws(ClusterError) {
        self.directory = directory
        self.options = options
        binaries = try ServerBinaries.find()
        user = try ServerUser.find()
        let inside = directory + "/socket"
        // A socket's whole path must fit into 107 bytes (unix(7)).
        socketDirectory =
            inside.utf8.count <= 85 ? inside : "/tmp/sallyport-\(user.id)-\(PathHash.hexadecimal(directory))"
    }

    deinit {
        let lock = state.withLock { $0.lock }
        if lock >= 0 { close(lock) }
    }

    /// A libpq connection string for a database of the cluster. Its superuser is `postgres`, as is its first database.
    package func connectionString(database: String, user: String) -> String {
        let keywords = [("host", socketDirectory), ("port", "5432"), ("dbname", database), ("user", user)]
        return keywords.map { name, value in
            let quoted = value.flatMap { $0 == "'" || $0 == "\\" ? ["\\", $0] : [$0] }
            return "\(name)='\(String(quoted))'"
        }.joined(separator: " ")
    }

    /// Directory of the server's socket, for programs that take host and port (5432).
    package var socketPath: String { socketDirectory }

    /// The server's process while it runs under this object.
    package var processID: Int32? {
        state.withLock { $0.child?.id ?? $0.adopted }
    }

    // MARK: Making

    /// Makes the data directory, unless there is one. An attempt that was cut short leaves nothing behind that a
    /// later one could take for a cluster.
    package func initialize() async throws(ClusterError) {
        try prepareDirectories()
        guard !FileSystem.exists(dataDirectory + "/PG_VERSION") else { return }
        try await checkReach()
        let draft = directory + "/data.new"
        if FileSystem.exists(draft) { try await run(["/bin/rm", "-rf", "--", draft], as: nil) }
        try user.makePrivateDirectory(draft)
        var arguments = [
            binaries.initdb, "--pgdata=\(draft)", "--username=postgres", "--auth-local=trust", "--auth-host=reject",
            "--encoding=UTF8", "--locale=C", "--no-instructions",
        ]
        if !options.isDurable { arguments.append("--no-sync") }
        let status = try await run(arguments, as: user)
        guard status == 0 else { throw .initialisationFailed(status: status) }
        guard unsafe rename(draft, dataDirectory) == 0 else { throw .directoryUnusable(errno: errno) }
    }

    private func prepareDirectories() throws(ClusterError) {
        // Another user runs the server and must pass through; what matters is closed further down.
        try FileSystem.makeDirectory(directory, mode: user.isCaller ? 0o700 : 0o711)
        try user.makePrivateDirectory(socketDirectory)
        guard options.removesDirectory else { return }
        try DirectorySweeper.add(directory)
        try DirectorySweeper.add(socketDirectory)
    }

    /// As root: whether the server's user gets to the directory at all.
    private func checkReach() async throws(ClusterError) {
        guard !user.isCaller else { return }
        let status = try await run(["/usr/bin/test", "-x", directory], as: user)
        guard status == 0 else { throw .directoryUnreachable }
    }

    /// Runs a program to its end, its output to the log.
    @discardableResult
    private func run(_ arguments: [String], as user: ServerUser?) async throws(ClusterError) -> Int32 {
        let (input, output) = try openStreams()
        defer {
            close(input)
            close(output)
        }
        let child = try ChildProcess.spawn((user?.prefix ?? []) + arguments, input: input, output: output)
        guard let status = await child.wait(until: .now + options.timeout) else {
            _ = Glibc.kill(child.id, SIGKILL)
            _ = await child.wait(until: .now + .seconds(5))
            throw .timedOut
        }
        return status
    }

    private func openStreams() throws(ClusterError) -> (input: Int32, output: Int32) {
        let input = unsafe open("/dev/null", O_RDONLY | O_CLOEXEC)
        guard input >= 0 else { throw .directoryUnusable(errno: errno) }
        let output = unsafe open(directory + "/server.log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard output >= 0 else {
            close(input)
            throw .directoryUnusable(errno: errno)
        }
        return (input, output)
    }

    // MARK: Starting

    /// Starts the server and waits until it takes connections. A server that an owner without a watch left behind is
    /// adopted; one whose owner was killed is stopped first. Crash recovery happens here.
    ///
    /// - Throws: ``ClusterError/directoryInUse`` while another process owns it, ``ClusterError/versionMismatch``,
    ///   ``ClusterError/startFailed``, ``ClusterError/timedOut``.
    package func start() async throws(ClusterError) {
        guard processID == nil else { return }
        try prepareDirectories()
        try await checkReach()
        try checkVersion()
        try takeLock()
        do {
            if try await settleLeftover() { return }
            try await launch()
        } catch {
            releaseLock()
            throw error
        }
    }

    private func checkVersion() throws(ClusterError) {
        let data = FileSystem.head(dataDirectory + "/PG_VERSION")?.prefix { $0 != "\n" } ?? ""
        let parts = binaries.directory.split(separator: "/")
        // Only Debian's layout tells the version by the path; elsewhere the server itself refuses.
        guard parts.count >= 2, let server = Int(parts[parts.count - 2]), !data.isEmpty else { return }
        guard data == "\(server)" else { throw .versionMismatch(data: String(data), server: "\(server)") }
    }

    private func takeLock() throws(ClusterError) {
        let descriptor = unsafe open(directory + "/cluster.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .directoryUnusable(errno: errno) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw .directoryInUse
        }
        state.withLock { $0.lock = descriptor }
    }

    private func releaseLock() {
        state.withLock { state in
            if state.lock >= 0 { close(state.lock) }
            state.lock = -1
        }
    }

    /// Deals with a server or a file that somebody left; `true` if that server is adopted.
    private func settleLeftover() async throws(ClusterError) -> Bool {
        guard let file = PostmasterFile(dataDirectory: dataDirectory) else { return false }
        guard file.isServer(of: dataDirectory) else {
            // Some other process has that number now, and the server would take it for a living predecessor.
            if file.isSomethingAlive { unsafe unlink(dataDirectory + "/postmaster.pid") }
            return false
        }
        let deadline = ContinuousClock.now + options.timeout
        if !options.endsWithProcess {
            while let file = PostmasterFile(dataDirectory: dataDirectory), file.isServer(of: dataDirectory) {
                if file.isReady {
                    state.withLock { $0.adopted = file.processID }
                    return true
                }
                guard await Pause.untilNextLook(deadline) else { throw .timedOut }
            }
            return false
        }
        _ = Glibc.kill(file.processID, SIGINT)
        while file.isServer(of: dataDirectory) {
            guard await Pause.untilNextLook(deadline) else { throw .timedOut }
        }
        return false
    }

    private func launch() async throws(ClusterError) {
        var watchdog: Watchdog?
        if options.endsWithProcess {
            watchdog = try Watchdog(
                dataDirectory: dataDirectory, removing: options.removesDirectory ? directory : "")
        }
        let child: ChildProcess
        do {
            let (input, output) = try openStreams()
            defer {
                close(input)
                close(output)
            }
            child = try ChildProcess.spawn(user.prefix + serverArguments(), input: input, output: output)
        } catch {
            await watchdog?.dismiss()
            throw error
        }
        watchdog?.watch(child.id)
        state.withLock { state in
            state.child = child
            state.watchdog = watchdog
        }
        try await waitUntilReady(child)
    }

    private func waitUntilReady(_ child: ChildProcess) async throws(ClusterError) {
        let deadline = ContinuousClock.now + options.timeout
        while true {
            if let status = child.reap() {
                await forgetServer()
                throw .startFailed(status: status)
            }
            if let file = PostmasterFile(dataDirectory: dataDirectory), file.processID == child.id, file.isReady {
                return
            }
            guard await Pause.untilNextLook(deadline) else {
                try await stop(mode: .immediate)
                throw .timedOut
            }
        }
    }

    private func serverArguments() -> [String] {
        var settings = [
            "listen_addresses": "", "unix_socket_directories": socketDirectory, "unix_socket_permissions": "0700",
            "port": "5432", "max_connections": "100", "shared_buffers": "64MB", "logging_collector": "off",
            // Statements and values stay out of the log: terse messages carry neither DETAIL nor the statement.
            "log_error_verbosity": "terse", "log_min_error_statement": "panic", "log_statement": "none",
            "log_line_prefix": "%m [%p] ",
        ]
        if !options.isDurable {
            settings["fsync"] = "off"
            settings["synchronous_commit"] = "off"
            settings["full_page_writes"] = "off"
        }
        settings.merge(options.settings) { _, chosen in chosen }
        return [binaries.postgres, "-D", dataDirectory]
            + settings.sorted { $0.key < $1.key }.flatMap { ["-c", "\($0.key)=\($0.value)"] }
    }

    // MARK: Stopping

    /// Stops the server and waits until it is gone; fine if none runs.
    ///
    /// - Throws: ``ClusterError/timedOut``; the server then still runs.
    package func stop(mode: StopMode = .fast) async throws(ClusterError) {
        try await end(signal: mode.signal)
    }

    /// Kills the server as a power cut would, and waits until it is gone. For tests of recovery.
    package func kill() async throws(ClusterError) {
        try await end(signal: SIGKILL)
    }

    private func end(signal: Int32) async throws(ClusterError) {
        let (child, adopted) = state.withLock { ($0.child, $0.adopted) }
        let deadline = ContinuousClock.now + options.timeout
        if let child {
            _ = Glibc.kill(child.id, signal)
            guard await child.wait(until: deadline) != nil else { throw .timedOut }
        } else if let adopted {
            _ = Glibc.kill(adopted, signal)
            while FileSystem.linkTarget("/proc/\(adopted)/cwd") == FileSystem.resolved(dataDirectory) {
                guard await Pause.untilNextLook(deadline) else { throw .timedOut }
            }
        }
        await forgetServer()
        releaseLock()
    }

    private func forgetServer() async {
        let watchdog = state.withLock { state in
            defer {
                state.child = nil
                state.adopted = nil
                state.watchdog = nil
            }
            return state.watchdog
        }
        await watchdog?.dismiss()
    }
}

/// A short name for a long path: FNV-1a, 64 bits. Not for secrets.
enum PathHash {
    static func hexadecimal(_ text: String) -> String {
        let hash = text.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return String(hash, radix: 16)
    }
}
