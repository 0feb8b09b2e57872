internal import CLinux
internal import Glibc

/// Programs started without a shell, in a session of their own, with `/` as working directory and an environment of
/// two variables.
package struct ChildProcess: Sendable {
    package let id: Int32

    /// Starts a program; its descriptors beside the three given are closed if they are marked so.
    ///
    /// - Parameters:
    ///   - arguments: the program's absolute path first.
    ///   - input, output: open descriptors, which the caller closes afterwards.
    package static func spawn(
        _ arguments: [String], input: Int32, output: Int32
    ) throws(ClusterError) -> ChildProcess {
        let environment = ["PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL=C"]
        var id = pid_t()
        let failure = unsafe withCStrings(arguments) { arguments in
            unsafe withCStrings(environment) { environment in
                unsafe linux_spawn(&id, arguments, environment, input, output)
            }
        }
        guard failure == 0 else { throw .spawnFailed(errno: failure) }
        return ChildProcess(id: id)
    }

    /// Its exit status once it has ended, 128 and the number for one ended by a signal; `nil` while it runs.
    package func reap() -> Int32? {
        var status: Int32 = 0
        let result = unsafe waitpid(id, &status, WNOHANG)
        guard result != 0 else { return nil }
        guard result == id else { return 0 }
        let signal = status & 0x7f
        return signal == 0 ? (status >> 8) & 0xff : 128 + signal
    }

    /// Waits until it has ended; `nil` if it still runs at the deadline.
    package func wait(until deadline: ContinuousClock.Instant) async -> Int32? {
        while true {
            if let status = reap() { return status }
            guard await Pause.untilNextLook(deadline) else { return reap() }
        }
    }

    /// Null-terminated lists of strings for C, valid while `body` runs.
    private static func withCStrings<Result>(
        _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>?) -> Result
    ) -> Result {
        var copies = unsafe strings.map { unsafe strdup($0) }
        unsafe copies.append(nil)
        defer { unsafe copies.forEach { unsafe free($0) } }
        return unsafe copies.withUnsafeBufferPointer { unsafe body($0.baseAddress) }
    }
}

/// How a cluster waits for what it cannot be told of.
enum Pause {
    /// Waits 5 ms; `false` at the deadline. A cancelled task waits too: what it waits for must be brought to an end.
    static func untilNextLook(_ deadline: ContinuousClock.Instant) async -> Bool {
        guard ContinuousClock.now < deadline else { return false }
        // A task of its own, awaited here, because a cancelled one doesn't sleep; nothing cancels this one, so it can't fail.
        await Task { try? await Task.sleep(for: .milliseconds(5)) }.value
        return true
    }
}
