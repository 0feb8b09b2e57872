import StrictJSON
import TestSupport
import Testing

/// A running `TokenPeer`: a token endpoint that rotates refresh tokens, detects their reuse and counts. See docs/testing.md.
struct TokenPeer: Sendable {
    let process: TestProcess
    let port: Int
    let admin: Int
    /// Signs the refresh tokens that the peer takes.
    let seed = "end-to-end"

    /// - Parameter lifetime: of the access tokens, in seconds.
    static func start(lifetime: Int = 3_600, latency: Int = 0) async throws -> TokenPeer {
        let path = try Binary.path()
        let folder = path.prefix(through: path.lastIndex(of: "/") ?? path.startIndex)
        let (port, admin) = (try FreePort.next(), try FreePort.next())
        let process = try TestProcess(
            "\(folder)TokenPeer",
            [
                "--port", "\(port)", "--admin-port", "\(admin)", "--seed", "end-to-end", "--lifetime", "\(lifetime)",
                "--latency", "\(latency)",
            ])
        let peer = TokenPeer(process: process, port: port, admin: admin)
        try await eventually(within: .seconds(30)) {
            guard process.running() else { throw ProcessFailure("TokenPeer ended:\n\(process.errors)") }
            // Not listening yet is no answer.
            return (try? await WireHTTP.send("GET", "/account", port: admin, within: .seconds(5))) != nil
        }
        return peer
    }

    var base: String { "http://127.0.0.1:\(port)" }

    func account() async throws -> JSONValue {
        try await WireHTTP.send("GET", "/account", port: admin, within: .seconds(10)).json
    }

    func count(_ name: String) async throws -> Int64 { try await account()[name]?.int ?? -1 }

    func set(lifetime: Int) async throws {
        let answer = try await WireHTTP.send(
            "PUT", "/lifetime", port: admin, headers: ["Content-Type: application/json"],
            body: JSONValue.object([JSONMember("seconds", .int(Int64(lifetime)))]).encoded)
        try #require(answer.status == 200 || answer.status == 204, "\(answer)")
    }
}
