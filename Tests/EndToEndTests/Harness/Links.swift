import StrictJSON
import TestSupport
import Testing

extension Instance {
    /// A body that links mock-sap with Basic.
    func basicAccount(_ tenant: String, _ integration: String, port: Int, password: String) -> JSONValue {
        [
            "tenant_id": .string(tenant), "integration": .string(integration), "display_name": "S/4HANA",
            "fields": [
                "host": .string("127.0.0.1:\(port)"), "client": "100", "username": "demo",
                "verification_path": .string(Peers.verification),
            ],
            "secrets": ["password": .string(password)],
        ]
    }

    /// A body that links mock-sap with OAuth client credentials.
    func oauthAccount(_ tenant: String, _ integration: String, port: Int, secret: String) -> JSONValue {
        [
            "tenant_id": .string(tenant), "integration": .string(integration),
            "fields": [
                "host": .string("127.0.0.1:\(port)"), "client": "100", "client_id": "demo-client",
                "verification_path": .string(Peers.verification),
            ],
            "secrets": ["client_secret": .string(secret)],
        ]
    }

    /// A connection to the fake upstream with a user name and a password.
    func fakeBasic(
        _ tenant: String, _ integration: String, _ upstream: FakeUpstream, password: String = "secret",
        name: String = "fake", verify: Bool = true
    ) async throws -> String {
        try await create(
            "/v1/connections",
            [
                "tenant_id": .string(tenant), "integration": .string(integration), "display_name": .string(name),
                "fields": ["base_url": .string(upstream.base), "username": "user"],
                "secrets": ["password": .string(password)], "verify": .bool(verify),
            ])
    }

    /// A connection to the fake upstream with client credentials at its token endpoint.
    func fakeOAuth(
        _ tenant: String, _ integration: String, _ upstream: FakeUpstream, secret: String = "secret",
        name: String = "fake", verify: Bool = true
    ) async throws -> String {
        try await create(
            "/v1/connections",
            [
                "tenant_id": .string(tenant), "integration": .string(integration), "display_name": .string(name),
                "fields": [
                    "base_url": .string(upstream.base), "token_url": .string(upstream.base + "/token"),
                    "client_id": "client",
                ],
                "secrets": ["client_secret": .string(secret)], "verify": .bool(verify),
            ])
    }
}
