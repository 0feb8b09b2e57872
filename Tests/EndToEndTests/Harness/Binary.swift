import Foundation
import TestSupport

/// The program under test.
enum Binary {
    static let packageRoot = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    /// `SALLYPORT_BINARY`, else the debug build beside the package.
    static func path() throws -> String {
        if let path = ProgramPath.environment("SALLYPORT_BINARY") { return try ProgramPath.find(path) }
        let path = packageRoot + "/.build/debug/sallyport"
        guard TextFiles.exists(path) else {
            throw ProcessFailure("\(path) is not there: swift build --product sallyport, or set SALLYPORT_BINARY")
        }
        return path
    }

    /// Runs one command to its end.
    static func run(
        _ arguments: [String], environment: [String: String] = [:], directory: String = "/",
        input: TestProcess.Input = .nothing, within limit: Duration = .seconds(60)
    ) async throws -> TestProcess.Ending {
        try await TestProcess.run(
            path(), arguments, environment: environment, directory: directory, input: input, within: limit)
    }

    /// Runs one command that must succeed.
    @discardableResult
    static func succeed(
        _ arguments: [String], environment: [String: String] = [:], directory: String = "/",
        input: TestProcess.Input = .nothing
    ) async throws -> TestProcess.Ending {
        let ending = try await run(arguments, environment: environment, directory: directory, input: input)
        guard ending.status == 0 else { throw ProcessFailure("\(arguments.joined(separator: " ")): \(ending)") }
        return ending
    }
}
