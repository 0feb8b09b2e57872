import Foundation
import HTTPTypes
import OData
import ODataCurl
import ODataPeerSupport

/// mock-sap's control plane: what its next answers are, and what it was asked.
struct PeerControl: Sendable {
    let port: Int

    init(_ peer: Task<PeerProcess, any Error>) async throws { port = try await peer.value.port }

    /// A rule for the next requests that a regular expression fits; `count` of them.
    func fault(_ rule: FaultRule) async throws {
        try await send(.post, "/_mock/faults", JSONEncoder().encode(rule))
    }

    func clearFaults() async throws { try await send(.delete, "/_mock/faults") }

    /// What was asked for paths that have the text in them, oldest first.
    ///
    /// - Parameter mark: of a request; only later ones.
    func requests(_ text: String, after mark: Int = 0) async throws -> [LoggedRequest] {
        let bytes = try await send(.get, "/_mock/requests?verbose=1&limit=2000")
        let log = try JSONDecoder().decode(RequestLog.self, from: Data(bytes))
        return log.results.filter { $0.id > mark && $0.path.contains(text) }.sorted { $0.id < $1.id }
    }

    /// The last request until now.
    func mark() async throws -> Int { try await requests("/").last?.id ?? 0 }

    @discardableResult
    func send(
        _ method: HTTPRequest.Method, _ path: String, _ body: Data? = nil, type: String = "application/json",
        headers: HTTPFields = [:]
    ) async throws -> [UInt8] {
        var head = HTTPRequest(method: method, scheme: "http", authority: "127.0.0.1:\(port)", path: path)
        head.headerFields = headers
        if body != nil { head.headerFields[.contentType] = type }
        let response = try await Peers.transport.get().send(
            head, body: body.map { [UInt8]($0) }, deadline: .now + .seconds(30))
        var bytes: [UInt8] = []
        for try await chunk in response.body { bytes += chunk }
        guard response.head.status.code < 400 else {
            throw PeerFailure(description: "\(path): \(response.head.status)")
        }
        return bytes
    }
}

struct FaultRule: Encodable, Sendable {
    var match: String
    var method: String?
    var scenario: String?
    var status: Int?
    var message: String?
    var count = 1
}

struct LoggedRequest: Decodable, Sendable {
    var id: Int
    var method: String
    var path: String
    var query: String
    var status: Int
    /// Names in lower case.
    var headers: [String: String]
    var body: String
}

private struct RequestLog: Decodable {
    var results: [LoggedRequest]
}
