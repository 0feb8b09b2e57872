import Foundation

/// mock-sap, started once for the whole run on a port of its own choice; looked up in PATH.
enum TutorialPeer {
    static let sap = Task { try await start() }

    /// It ends with this process: its standard input is a pipe that only we hold, and the shell beside it waits for the end.
    private static func start() async throws -> TutorialPeerProcess {
        let script = #""$@" & child=$!; exec >/dev/null 2>&1; cat; kill -9 "$child""#
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", script, "peer", "mock-sap", "--port", "0", "-q"]
        process.currentDirectoryURL = URL(fileURLWithPath: "/tmp")
        let (input, output) = (Pipe(), Pipe())
        // No child that is started later may hold it open.
        _ = fcntl(input.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let reader = TutorialPeerOutput(output.fileHandleForReading, limit: .seconds(90))
        return TutorialPeerProcess(process: process, input: input, port: try await reader.port())
    }
}

/// Held by `TutorialPeer.sap` as long as this process lives.
struct TutorialPeerProcess: Sendable {
    let process: Process
    let input: Pipe
    let port: Int
}

struct TutorialPeerFailure: Error, CustomStringConvertible {
    let description: String
}

/// Reads what the peer writes: to the port first, and on to the end so that it is never stopped by a full pipe.
private final class TutorialPeerOutput: Sendable {
    private static let marker = "listening on http://127.0.0.1:"
    private let handle: FileHandle
    private let end: ContinuousClock.Instant

    init(_ handle: FileHandle, limit: Duration) { (self.handle, end) = (handle, .now + limit) }

    func port() async throws -> Int {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { [self] in
                var text = ""
                var isAnswered = false
                while let more = chunk(waiting: !isAnswered) {
                    if isAnswered { continue }
                    text += more
                    guard let port = Self.port(in: text) else { continue }
                    isAnswered = true
                    continuation.resume(returning: port)
                }
                if !isAnswered { continuation.resume(throwing: TutorialPeerFailure(description: "no peer: \(text)")) }
            }
        }
    }

    private static func port(in text: String) -> Int? {
        guard let place = text.range(of: marker) else { return nil }
        let digits = text[place.upperBound...].prefix { $0.isNumber }
        // Without what follows them there may be more digits to come.
        return digits.endIndex < text.endIndex ? Int(digits) : nil
    }

    /// nil at the end, and after the deadline as long as it counts.
    private func chunk(waiting hasDeadline: Bool) -> String? {
        if hasDeadline {
            let (seconds, _) = (end - .now).components
            var descriptor = pollfd(fd: handle.fileDescriptor, events: Int16(POLLIN), revents: 0)
            guard seconds >= 0, unsafe poll(&descriptor, 1, Int32(seconds + 1) * 1_000) > 0 else { return nil }
        }
        let data = handle.availableData
        return data.isEmpty ? nil : String(decoding: data, as: UTF8.self)
    }
}
