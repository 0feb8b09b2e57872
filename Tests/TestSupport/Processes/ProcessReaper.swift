internal import Glibc
internal import PostgresCluster
internal import Synchronization

/// Kills the programs that tests left running when the test process ends, even by a SIGKILL, and removes their files.
///
/// A shell reads their numbers and directories from a pipe whose other end only this process holds; the kernel closes that. A
/// parent-death signal would not do: it follows the thread that started the child, and threads come and go.
final class ProcessReaper: Sendable {
    static let shared = ProcessReaper()

    /// The shell's end of the pipe is closed by the kernel; -1 where there is no shell.
    private let pipe: Int32
    private let lock = Mutex(())

    private static let script = """
        list=" "
        files=" "
        while read -r sign word; do
            case "$sign" in
            +) list="$list$word " ;;
            -) list=$(printf '%s' "$list" | sed "s/ $word / /") ;;
            keep) files="$files$word " ;;
            drop) files=$(printf '%s' "$files" | sed "s| $word | |") ;;
            esac
        done
        for number in $list; do kill -9 "$number" 2>/dev/null; done
        for directory in $files; do rm -rf -- "$directory"; done
        """

    private init() {
        var ends: [Int32] = [-1, -1]
        guard unsafe Glibc.pipe(&ends) == 0 else {
            pipe = -1
            return
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let null = unsafe open("/dev/null", O_WRONLY | O_CLOEXEC)
        defer {
            close(ends[0])
            close(null)
        }
        do {
            _ = try ChildProcess.spawn(
                ["/bin/sh", "-c", Self.script, "sallyport-test-reaper"], input: ends[0], output: null)
            pipe = ends[1]
        } catch {
            close(ends[1])
            pipe = -1
        }
    }

    func watch(_ id: Int32) { say("+ \(id)\n") }
    func forget(_ id: Int32) { say("- \(id)\n") }
    /// - Parameter directory: of ``TestDirectory/makePath()``, which makes no spaces.
    func watch(directory: String) { say("keep \(directory)\n") }
    func forget(directory: String) { say("drop \(directory)\n") }

    private func say(_ line: String) {
        let bytes = Array(line.utf8)
        lock.withLock { _ in
            guard pipe >= 0 else { return }
            _ = unsafe write(pipe, bytes, bytes.count)
        }
    }
}
