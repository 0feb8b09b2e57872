import StrictJSON
import TestSupport
import Testing

extension EndToEnd {
    @Suite("Another tenant's object is not found, on every operation that names one")
    struct IsolationTests {
        /// The operations come from the document, so that a new one is covered by being documented, and it must be.
        @Test func `of the control plane and the data plane`() async throws {
            let document = try OpenAPIDocument()
            try await FakeUpstream.with { upstream in
                try await Site.with { site in
                    try await site.serving { instance in
                        let victim = try await Objects(instance, upstream, "victim")
                        let other = try await Objects(instance, upstream, "other")
                        var covered = 0
                        for operation in document.operations where Self.namesTenantObject(operation) {
                            let answer = try await Self.send(operation, instance, from: other, at: victim)
                            #expect(answer.status == 404, "\(operation): \(answer)")
                            let code = operation.method == "HEAD" ? "not_found" : answer.code ?? ""
                            #expect(code.hasSuffix("not_found"), "\(operation): \(code)")
                            covered += 1
                        }
                        #expect(covered >= 16)
                        #expect(upstream.script.now.requests == 2, "only the two verifications went out")
                        // The victim's own key and token get in, so the paths were right.
                        try await instance.expect(200, "GET", "/v1/connections/\(victim.connection)", key: victim.key)
                        let own = try await instance.proxy(victim.connection, "/a", token: victim.token)
                        #expect(own.status == 200, "\(own)")
                    }
                }
            }
        }

        @Test func `nor do its lists show the other's`() async throws {
            try await FakeUpstream.with { upstream in
                try await Site.with { site in
                    try await site.serving { instance in
                        let victim = try await Objects(instance, upstream, "victim")
                        let other = try await Objects(instance, upstream, "other")
                        for path in ["/v1/tenants", "/v1/connections", "/v1/api-keys", "/v1/audit-events"] {
                            let list = try await instance.expect(200, "GET", path + "?limit=200", key: other.key)
                            let text = String(decoding: list.encoded, as: UTF8.self)
                            for id in [victim.tenant, victim.connection, victim.keyID] {
                                #expect(!text.contains(id), "\(path)")
                            }
                        }
                        for path in ["/v1/connections", "/v1/audit-events"] {
                            let answer = try await instance.api(
                                "GET", "\(path)?tenant_id=\(victim.tenant)", key: other.key)
                            #expect(answer.status == 404, "\(path): \(answer)")
                        }
                        let linked = try await instance.api(
                            "POST", "/v1/connections",
                            ["tenant_id": .string(victim.tenant), "integration": "victim", "secrets": [:]],
                            key: other.key)
                        #expect(linked.status == 404 || linked.status == 400, "\(linked)")
                        #expect(try await site.count("select count(*) from sallyport.connections") == 2)
                    }
                }
            }
        }

        private static func namesTenantObject(_ operation: OpenAPIDocument.Operation) -> Bool {
            !Set(operation.pathNames).isDisjoint(with: ["connection_id", "tenant_id", "api_key_id"])
        }

        private static func send(
            _ operation: OpenAPIDocument.Operation, _ instance: Instance, from other: Objects, at victim: Objects
        ) async throws -> WireAnswer {
            let path = operation.filled([
                "connection_id": victim.connection, "tenant_id": victim.tenant, "api_key_id": victim.keyID, "path": "a",
            ])
            if operation.isDataPlane {
                return try await WireHTTP.send(
                    operation.method, path, port: instance.data, headers: ["Authorization: Bearer \(other.token)"],
                    body: operation.node["requestBody"] == nil ? nil : [])
            }
            let example = operation.node["requestBody"]?["content"]?["application/json"]?["example"]
            // A tenant itself is deleted with a key of the environment alone; the rest is the bound key's to try.
            return try await instance.api(operation.method, path, example, key: other.key)
        }
    }
}

/// What one tenant has.
private struct Objects {
    let tenant: String
    let connection: String
    /// An API key bound to the tenant.
    let key: String
    let keyID: String
    let token: String

    init(_ instance: Instance, _ upstream: FakeUpstream, _ name: String) async throws {
        tenant = try await instance.tenant(name)
        _ = try await instance.integration(name, "generic-basic")
        connection = try await instance.fakeBasic(tenant, name, upstream)
        let permissions: JSONValue = [
            "tenants:read", "tenants:write", "integrations:read", "integrations:write", "connections:read",
            "connections:write", "api-keys:read", "api-keys:write", "audit:read", "proxy", "tokens:fetch",
        ]
        let created = try await instance.expect(
            201, "POST", "/v1/api-keys",
            ["name": .string(name), "tenant_id": .string(tenant), "permissions": permissions])
        key = created["key"]?.string ?? ""
        keyID = created["id"]?.string ?? ""
        token = try await instance.callerToken(tenant, key: key)
    }
}
