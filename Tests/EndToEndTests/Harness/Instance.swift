import StrictJSON
import TestSupport
import Testing

/// A running `sallyport`.
struct Instance: Sendable {
    let process: TestProcess
    let control: Int
    let data: Int
    /// API key of the requests to the control plane.
    var key: String

    func waitUntilReady(within limit: Duration = .seconds(60)) async throws {
        do {
            try await eventually(within: limit) {
                guard process.running() else { throw ProcessFailure("sallyport ended:\n\(process.errors)") }
                guard try await status(of: "/health/ready", port: control) == 200 else { return false }
                return try await status(of: "/health/live", port: data) == 200
            }
        } catch is DidNotHappen {
            throw ProcessFailure("sallyport did not become ready:\n\(process.errors)")
        }
    }

    /// Status of a GET; nil where nobody answers.
    func status(of path: String, port: Int) async throws -> Int? {
        // Not listening yet is no answer.
        try? await WireHTTP.send("GET", path, port: port, within: .seconds(10)).status
    }

    // MARK: Control plane

    func api(
        _ method: String, _ path: String, _ body: JSONValue? = nil, key: String? = nil, headers: [String] = [],
        within limit: Duration = .seconds(60)
    ) async throws -> WireAnswer {
        var lines = ["Authorization: Bearer \(key ?? self.key)"] + headers
        if body != nil { lines.append("Content-Type: application/json") }
        return try await WireHTTP.send(
            method, path, port: control, headers: lines, body: body?.encoded, within: limit)
    }

    /// A request that must be answered with the status; gives the answer's JSON.
    @discardableResult
    func expect(
        _ status: Int, _ method: String, _ path: String, _ body: JSONValue? = nil, key: String? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> JSONValue {
        let answer = try await api(method, path, body, key: key)
        try #require(answer.status == status, "\(method) \(path): \(answer)", sourceLocation: sourceLocation)
        return answer.status == 204 ? .null : try answer.json
    }

    /// The identifier of what a POST made.
    func create(
        _ path: String, _ body: JSONValue, key: String? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> String {
        try await expect(201, "POST", path, body, key: key, sourceLocation: sourceLocation)["id"]?.string ?? ""
    }

    func tenant(_ name: String) async throws -> String { try await create("/v1/tenants", ["name": .string(name)]) }

    /// An integration that may reach loopback over plain HTTP.
    func integration(_ name: String, _ provider: String, _ more: [(String, JSONValue)] = []) async throws -> String {
        let members = [
            JSONMember("name", .string(name)), JSONMember("provider", .string(provider)),
            JSONMember("allowed_networks", ["127.0.0.0/8"]), JSONMember("allows_plain_http", true),
        ]
        return try await create("/v1/integrations", .object(members + more.map { JSONMember($0.0, $0.1) }))
    }

    /// A caller token for one tenant, from the control plane.
    func callerToken(_ tenant: String, scope: String = "proxy tokens:fetch", key: String? = nil) async throws -> String
    {
        let answer = try await tokenAnswer(tenant, scope: scope, key: key ?? self.key, port: control)
        try #require(answer.status == 200, "\(answer)")
        return try answer.json["access_token"]?.string ?? ""
    }

    /// What a listener's token endpoint answers.
    func tokenAnswer(
        _ tenant: String, scope: String = "proxy tokens:fetch", key: String, port: Int
    ) async throws -> WireAnswer {
        let form =
            "grant_type=client_credentials&tenant_id=\(tenant)&scope=\(scope.replacing(" ", with: "+"))"
            + "&client_secret=\(key)"
        return try await WireHTTP.send(
            "POST", "/oauth2/token", port: port, headers: ["Content-Type: application/x-www-form-urlencoded"],
            body: Array(form.utf8))
    }

    // MARK: Data plane

    func proxy(
        _ connection: String, _ path: String, method: String = "GET", token: String, headers: [String] = [],
        body: [UInt8]? = nil, within limit: Duration = .seconds(60)
    ) async throws -> WireAnswer {
        try await WireHTTP.send(
            method, "/proxy/\(connection)\(path)", port: data, headers: ["Authorization: Bearer \(token)"] + headers,
            body: body, within: limit)
    }

    func fetchToken(
        _ connection: String, token: String, within limit: Duration = .seconds(60)
    ) async throws -> WireAnswer {
        try await WireHTTP.send(
            "POST", "/v1/connections/\(connection)/token", port: data, headers: ["Authorization: Bearer \(token)"],
            within: limit)
    }

    // MARK: What it said

    func auditEvents(_ action: String? = nil) async throws -> [JSONValue] {
        var all: [JSONValue] = []
        var path = "/v1/audit-events?limit=200" + (action.map { "&action=\($0)" } ?? "")
        while true {
            let page = try await expect(200, "GET", path)
            all += page["result"]?.elements ?? []
            guard let cursor = page["next_cursor"]?.string else { return all }
            path = "/v1/audit-events?limit=200&cursor=\(cursor)" + (action.map { "&action=\($0)" } ?? "")
        }
    }
}

extension WireAnswer {
    var json: JSONValue {
        get throws {
            guard let value = try JSONValue.parse(body) else { throw ProcessFailure("not JSON: \(self)") }
            return value
        }
    }

    /// The stable code of a problem.
    var code: String? { (try? json)?["code"]?.string }
}
