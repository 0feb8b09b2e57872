internal import CLinux
internal import Glibc

/// Stops the server when this process ends, however it ends.
///
/// A shell waits at a pipe whose other end only this process holds; the kernel closes it even after a `SIGKILL`. A
/// parent-death signal would not do: it follows the thread that started the child, and threads come and go.
struct Watchdog {
    private let process: ChildProcess
    private let pipe: Int32

    /// The shell reads the server's number, then waits: a second line means that the server was stopped in order.
    private static let script = """
        read -r server || server=
        read -r word && exit 0
        if [ -n "$server" ] && [ "$(head -n 1 "$1/postmaster.pid" 2>/dev/null)" = "$server" ]; then
            kill -INT "$server"
            tries=0
            while kill -0 "$server" 2>/dev/null && [ "$tries" -lt 300 ]; do
                sleep 0.1
                tries=$((tries + 1))
            done
            kill -QUIT "$server" 2>/dev/null
        fi
        if [ -n "$2" ]; then rm -rf -- "$2"; fi
        """

    /// - Parameter removing: a directory to remove after the server has stopped; empty for none.
    init(dataDirectory: String, removing: String) throws(ClusterError) {
        var ends: [Int32] = [0, 0]
        guard unsafe linux_pipe(&ends) == 0 else { throw .spawnFailed(errno: errno) }
        defer { close(ends[0]) }
        let null = unsafe open("/dev/null", O_WRONLY | O_CLOEXEC)
        defer { close(null) }
        do {
            process = try ChildProcess.spawn(
                ["/bin/sh", "-c", Self.script, "sallyport-cluster-watchdog", dataDirectory, removing],
                input: ends[0], output: null)
        } catch {
            close(ends[1])
            throw error
        }
        pipe = ends[1]
    }

    /// Names the server to stop.
    func watch(_ server: pid_t) {
        say("\(server)\n")
    }

    /// Ends the watch: the server has stopped.
    func dismiss() async {
        say("\ndone\n")
        close(pipe)
        _ = await process.wait(until: .now + .seconds(5))
    }

    private func say(_ line: String) {
        let bytes = Array(line.utf8)
        // A shell that is gone already cannot be told anything; the write then fails, and nothing follows from it.
        _ = unsafe bytes.withUnsafeBytes { unsafe write(pipe, $0.baseAddress, $0.count) }
    }
}
