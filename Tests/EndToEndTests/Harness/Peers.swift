import StrictJSON
import TestSupport
import Testing

/// The independent programs on the other side, each started with its first use and kept for the whole run; they end with
/// the test process.
enum Peers {
    /// mock-sap with Basic: user `demo`.
    static let basicSAP = Task { try await Peer.mockSAP(["--auth", "demo:\(password)"]) }
    /// mock-sap with OAuth client credentials: client `demo-client`.
    static let oauthSAP = Task {
        try await Peer.mockSAP(["--oauth", "demo-client:\(clientSecret)", "--token-ttl", "600"])
    }
    /// nanoidp with its default client, `demo-client` and `demo-secret`.
    static let identityProvider = Task { try await Peer.nanoIDP() }

    static let password = "pw-\(UInt64.random(in: 0 ... .max))"
    static let clientSecret = "cs-\(UInt64.random(in: 0 ... .max))"

    /// mock-sap calls the service API_BUSINESS_PARTNER_SRV; on S/4HANA it is API_BUSINESS_PARTNER.
    static let partners = "/sap/opu/odata/sap/API_BUSINESS_PARTNER_SRV/A_BusinessPartner"
    static let verification = "\(partners)?$top=1&$select=BusinessPartner&$format=json"
}

/// One program that listens on a port.
struct Peer: Sendable {
    let process: TestProcess
    let port: Int

    static func mockSAP(_ arguments: [String]) async throws -> Peer {
        let port = try FreePort.next()
        let process = try TestProcess("mock-sap", ["--port", "\(port)", "-q"] + arguments, directory: "/tmp")
        return try await Peer(process: process, port: port).answering()
    }

    static func nanoIDP() async throws -> Peer {
        let port = try FreePort.next()
        let directory = try TestDirectory.make()
        let script = """
            cd "$1" && nanoidp init idp >/dev/null 2>&1
            exec nanoidp --host 127.0.0.1 --port "$2" --config "$1/idp"
            """
        let process = try TestProcess("/bin/sh", ["-c", script, "nanoidp", directory, "\(port)"])
        return try await Peer(process: process, port: port).answering()
    }

    private func answering() async throws -> Peer {
        try await eventually(within: .seconds(90)) {
            guard process.running() else { throw ProcessFailure("a peer ended:\n\(process.output)\n\(process.errors)") }
            // Not listening yet is no answer.
            return (try? await WireHTTP.send("GET", "/", port: port, within: .seconds(10))) != nil
        }
        return self
    }
}
