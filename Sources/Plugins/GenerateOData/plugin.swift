import Foundation
import PackagePlugin

/// `swift package generate-odata METADATA --service NAME --output DIR`: runs `odata generate` with these arguments.
///
/// Paths are relative to the package; SwiftPM asks for the permission to write there.
@main
struct GenerateOData: CommandPlugin {
    func performCommand(context: PluginContext, arguments: [String]) async throws {
        let process = Process()
        process.executableURL = try context.tool(named: "odata").url
        process.arguments = ["generate"] + arguments
        process.currentDirectoryURL = context.package.directoryURL
        try process.run()
        process.waitUntilExit()
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            // The tool has said on standard error what is wrong.
            throw GenerationFailed(status: process.terminationStatus)
        }
    }
}

struct GenerationFailed: Error, CustomStringConvertible {
    let status: Int32

    var description: String { "odata generate ended with status \(status)" }
}
