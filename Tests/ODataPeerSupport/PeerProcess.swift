import Foundation
import Synchronization

/// A program that listens on a port of its own choice and says which on its standard output.
///
/// It lives as long as this process: its standard input is a pipe that only we hold, which the kernel closes however we
/// end.
package struct PeerProcess: Sendable {
    package let port: Int

    /// - Parameters:
    ///   - command: looked up in PATH; it ends when its standard input does.
    ///   - marker: what stands before the port's digits.
    package static func start(_ command: [String], portAfter marker: String) async throws -> PeerProcess {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.currentDirectoryURL = URL(fileURLWithPath: "/tmp")
        let (input, output) = (Pipe(), Pipe())
        // No child that is started later may hold it open.
        _ = fcntl(input.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        try process.run()
        PeerLife.shared.keep(process, input)
        let reader = PeerOutput(output.fileHandleForReading, marker: marker, limit: .seconds(90))
        return PeerProcess(port: try await reader.port())
    }

    /// For a program that doesn't look at its standard input: a shell does, and ends it.
    package static func supervised(_ command: [String], portAfter marker: String) async throws -> PeerProcess {
        let script = #""$@" & child=$!; exec >/dev/null 2>&1; cat; kill -9 "$child"; wait "$child""#
        return try await start(["/bin/sh", "-c", script, "peer"] + command, portAfter: marker)
    }
}

package struct PeerFailure: Error, CustomStringConvertible {
    package let description: String

    package init(description: String) { self.description = description }
}

/// Holds what must live as long as this process.
private final class PeerLife: Sendable {
    static let shared = PeerLife()

    private let kept = Mutex<[(Process, Pipe)]>([])

    func keep(_ process: Process, _ input: Pipe) { kept.withLock { $0.append((process, input)) } }
}

/// Reads what a peer writes: to the port first, and on to the end so that the peer is never stopped by a full pipe.
private final class PeerOutput: Sendable {
    private let handle: FileHandle
    private let marker: String
    private let end: ContinuousClock.Instant

    init(_ handle: FileHandle, marker: String, limit: Duration) {
        (self.handle, self.marker, end) = (handle, marker, .now + limit)
    }

    func port() async throws -> Int {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { [self] in
                var text = ""
                var isAnswered = false
                while let more = chunk(waiting: !isAnswered) {
                    if isAnswered { continue }
                    text += more
                    guard let port = found(in: text) else { continue }
                    isAnswered = true
                    continuation.resume(returning: port)
                }
                if !isAnswered { continuation.resume(throwing: PeerFailure(description: "no peer came up: \(text)")) }
            }
        }
    }

    private func found(in text: String) -> Int? {
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
