import Foundation

/// A server program started for a test; it ends with the last reference, and with the test process however that ends.
final class ChildProcess: Sendable {
    private let process = Process()
    private let lifeline = Pipe()

    /// The shell between us waits for the end of its input, which is the end of this process too.
    private static let script = #""$@" </dev/null & child=$!; read -r line; kill -9 $child"#

    init(_ path: String, _ arguments: [String], directory: URL) throws {
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", Self.script, "sh", path] + arguments
        process.currentDirectoryURL = directory
        process.standardInput = lifeline
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    // A pipe that is closed already has done what was wanted.
    deinit { try? lifeline.fileHandleForWriting.close() }

    /// Runs a program to its end.
    static func run(_ path: String, _ arguments: [String], directory: URL) throws {
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.currentDirectoryURL = directory
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw PeerError.cannotStart(path) }
    }
}

/// A directory that is removed with its last reference or, where it is shared by the whole run, when the process exits.
final class TemporaryDirectory: Sendable {
    let url: URL

    init(isShared: Bool = false) throws {
        url = FileManager.default.temporaryDirectory.appending(path: "outbound-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        if isShared { EndOfRun.remove(url) }
    }

    func file(_ name: String) -> String { url.appending(path: name).path(percentEncoded: false) }

    func write(_ text: String, to name: String) throws {
        try text.write(toFile: file(name), atomically: true, encoding: .utf8)
    }

    func read(_ name: String) throws -> String { try String(contentsOfFile: file(name), encoding: .utf8) }

    // What can't be removed stays for the system to remove.
    deinit { try? FileManager.default.removeItem(at: url) }
}
