import ODataPeerSupport

/// mock-sap, started once for the whole run on a port of its own choice; looked up in PATH. It ends with this process.
enum TutorialPeer {
    // Ends itself when mock-sap is up or failed to come up.
    private static let sap = Task {
        try await PeerProcess.supervised(
            ["mock-sap", "--port", "0", "-q"], portAfter: "listening on http://127.0.0.1:")
    }

    static func port() async throws -> Int { try await sap.value.port }
}
