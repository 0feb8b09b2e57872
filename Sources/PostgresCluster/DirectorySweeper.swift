internal import CLinux
internal import Glibc
internal import Synchronization

/// Removes directories after this process has ended, however it ended: a shell collects their names from a pipe that
/// only this process holds. A directory whose server still runs is left to its ``Watchdog``.
struct DirectorySweeper {
    private static let script = """
        set --
        while read -r directory; do set -- "$@" "$directory"; done
        for directory; do
            [ -e "$directory/data/postmaster.pid" ] || rm -rf -- "$directory"
        done
        """

    /// Started with the first directory; lives as long as the process.
    private static let shared = Mutex<DirectorySweeper?>(nil)

    private let pipe: Int32

    /// Notes a directory, an absolute path without a line break.
    static func add(_ directory: String) throws(ClusterError) {
        guard !directory.contains("\n") else { throw .directoryUnusable(errno: EINVAL) }
        try shared.withLock { sweeper throws(ClusterError) in
            if sweeper == nil { sweeper = try DirectorySweeper() }
            guard let pipe = sweeper?.pipe else { return }
            let line = Array("\(directory)\n".utf8)
            // If the shell has gone, the directory stays; nothing else depends on it.
            _ = unsafe line.withUnsafeBytes { unsafe write(pipe, $0.baseAddress, $0.count) }
        }
    }

    private init() throws(ClusterError) {
        var ends: [Int32] = [0, 0]
        guard unsafe linux_pipe(&ends) == 0 else { throw .spawnFailed(errno: errno) }
        let null = unsafe open("/dev/null", O_WRONLY | O_CLOEXEC)
        defer {
            close(ends[0])
            close(null)
        }
        do {
            _ = try ChildProcess.spawn(
                ["/bin/sh", "-c", Self.script, "sallyport-cluster-sweeper"], input: ends[0], output: null)
        } catch {
            close(ends[1])
            throw error
        }
        pipe = ends[1]
    }
}
