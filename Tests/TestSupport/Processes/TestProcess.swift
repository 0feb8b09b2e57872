internal import Glibc
internal import Synchronization

/// A program that a test runs: its output goes to files, its input is empty, a text or a pipe. It is killed with the
/// object, and with the test process, however that ends (``ProcessReaper``).
package final class TestProcess: Sendable {
    package enum Input: Sendable {
        case nothing
        case text(String)
        /// Stays open until ``closeInput()``; written with ``write(_:)``.
        case pipe
    }

    private struct State {
        /// Exit status, 128 and the number for one ended by a signal.
        var status: Int32?
        var input: Int32
    }

    package let id: Int32
    private let files: String
    private let state: Mutex<State>

    /// Starts a program; nothing but the variables given, PATH and locale is in its environment.
    ///
    /// - Parameters:
    ///   - program: an absolute path, or a name on PATH.
    ///   - directory: working directory.
    package init(
        _ program: String, _ arguments: [String] = [], environment: [String: String] = [:], directory: String = "/",
        input: Input = .nothing
    ) throws {
        let path = try ProgramPath.find(program)
        let files = TestDirectory.makePath()
        self.files = files
        guard unsafe mkdir(files, 0o700) == 0 else {
            throw ProcessFailure("no directory for a program's output", errno)
        }
        ProcessReaper.shared.watch(directory: files)
        let streams = try ChildStreams(files: files, input: input)
        defer { streams.closeChildEnds() }
        var variables = ["PATH": ProgramPath.variable, "LC_ALL": "C.UTF-8", "SWIFT_BACKTRACE": "enable=no"]
        variables.merge(environment) { $1 }
        id = try ChildSpawn.run(
            [path] + arguments, environment: variables.map { "\($0.key)=\($0.value)" }.sorted(), directory: directory,
            streams: streams)
        state = Mutex(State(input: streams.parentInput))
        ProcessReaper.shared.watch(id)
    }

    deinit {
        kill(SIGKILL)
        if running() {
            var status: Int32 = 0
            unsafe waitpid(id, &status, 0)
            ProcessReaper.shared.forget(id)
        }
        closeInput()
        for name in ["out", "err", "in"] { unsafe unlink("\(files)/\(name)") }
        unsafe rmdir(files)
        ProcessReaper.shared.forget(directory: files)
    }

    /// What it wrote so far.
    package var output: String { TextFiles.read(files + "/out") }
    package var errors: String { TextFiles.read(files + "/err") }

    /// Whether it has not ended yet.
    package func running() -> Bool { reap() == nil }

    /// Sends a signal, unless it has ended.
    package func kill(_ signal: Int32) {
        state.withLock { state in
            if state.status == nil { _ = Glibc.kill(id, signal) }
        }
    }

    /// Sends SIGKILL and waits for the end.
    package func killNow() async throws {
        kill(SIGKILL)
        _ = try await exitStatus(within: .seconds(30))
    }

    /// Waits for its end.
    ///
    /// - Returns: its exit status, 128 and the number for one ended by a signal.
    /// - Throws: ``DidNotHappen`` at the deadline; the program then still runs.
    package func exitStatus(within limit: Duration = .seconds(60)) async throws -> Int32 {
        try await eventually(within: limit) { reap() != nil }
        return state.withLock { $0.status ?? -1 }
    }

    /// Writes to a ``Input/pipe``.
    package func write(_ text: String) {
        let bytes = Array(text.utf8)
        state.withLock { state in
            guard state.input >= 0 else { return }
            _ = unsafe Glibc.write(state.input, bytes, bytes.count)
        }
    }

    package func closeInput() {
        state.withLock { state in
            if state.input >= 0 { close(state.input) }
            state.input = -1
        }
    }

    private func reap() -> Int32? {
        state.withLock { state in
            if let status = state.status { return status }
            var status: Int32 = 0
            guard unsafe waitpid(id, &status, WNOHANG) == id else { return nil }
            ProcessReaper.shared.forget(id)
            let signal = status & 0x7f
            state.status = signal == 0 ? (status >> 8) & 0xff : 128 + signal
            return state.status
        }
    }
}

extension TestProcess {
    /// How a program ended, and what it wrote.
    package struct Ending: Sendable, CustomStringConvertible {
        package let status: Int32
        package let output: String
        package let errors: String

        package var description: String { "exit \(status)\n\(output)\n\(errors)" }
    }

    /// Runs a program to its end.
    package static func run(
        _ program: String, _ arguments: [String] = [], environment: [String: String] = [:], directory: String = "/",
        input: Input = .nothing, within limit: Duration = .seconds(120)
    ) async throws -> Ending {
        let process = try TestProcess(
            program, arguments, environment: environment, directory: directory, input: input)
        let status = try await process.exitStatus(within: limit)
        return Ending(status: status, output: process.output, errors: process.errors)
    }
}

package struct ProcessFailure: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String, _ code: Int32? = nil) {
        self.description = description + (code.map { " (errno \($0))" } ?? "")
    }
}
