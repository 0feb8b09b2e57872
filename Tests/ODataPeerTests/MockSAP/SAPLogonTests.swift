import Foundation
import HTTPTypes
import OData
import Synchronization
import Testing

@Suite("mock-sap: logon")
struct SAPLogonTests {
    private static let order = Query("A_SalesOrder").key("0000004712")

    @Test func `Basic credentials of the hook go with every request, tokens included`() async throws {
        var session = SessionOptions()
        let encoded = Data("demo:\(Peers.password)".utf8).base64EncodedString()
        session.authorization = { [.authorization: "Basic \(encoded)"] }
        let client = try await Peers.client(Peers.basicSAP, SAPService.salesOrders, session: session)
        let created = try await client.create(try SalesOrderDraft.version2(reference: "x"), in: Query("A_SalesOrder"))
        // Who wrote it is who the credentials say.
        #expect(created.text("CreatedByUser") == "DEMO")
    }

    @Test func `pitfall 39: without credentials, or with wrong ones, the scheme that the service wants is told`()
        async throws
    {
        for header in [nil, "Basic \(Data("demo:wrong".utf8).base64EncodedString())"] {
            var session = SessionOptions()
            session.authorization = { header.map { [.authorization: $0] } ?? [:] }
            let client = try await Peers.client(Peers.basicSAP, SAPService.salesOrders, session: session)
            let error = try await failure { _ = try await client.entity(Self.order) }
            guard case .authentication(.refused, let refusal) = error else {
                Issue.record("\(error)")
                continue
            }
            #expect(refusal?.status == 401)
            #expect(refusal?.authenticationScheme == "Basic")
        }
    }

    @Test func `an access token that was revoked is renewed once, and the request sent again`() async throws {
        let tokens = TokenStock()
        var session = SessionOptions()
        session.authorization = { [.authorization: "Bearer \(try await tokens.current())"] }
        session.renewAuthorization = { [.authorization: "Bearer \(try await tokens.renewed())"] }
        let client = try await Peers.client(Peers.oauthSAP, SAPService.salesOrders, session: session)
        let order = try await client.entity(Self.order)
        #expect(tokens.granted == 1)
        try await tokens.revoke()
        #expect(try await client.entity(Self.order) == order)
        #expect(tokens.granted == 2)
        try await tokens.revoke()
        try await client.create(try SalesOrderDraft.version2(reference: "renewed"), in: Query("A_SalesOrder"))
        #expect(tokens.granted == 3)
    }

    @Test func `a revoked token that nobody renews is refused`() async throws {
        let tokens = TokenStock()
        var session = SessionOptions()
        session.authorization = { [.authorization: "Bearer \(try await tokens.current())"] }
        let client = try await Peers.client(Peers.oauthSAP, SAPService.salesOrders, session: session)
        _ = try await client.metadata()
        try await tokens.revoke()
        let error = try await failure { _ = try await client.entity(Self.order) }
        guard case .authentication(.refused, let refusal) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(refusal?.authenticationScheme == "Bearer")
    }
}

/// Access tokens of mock-sap's own endpoint, by client credentials.
private final class TokenStock: Sendable {
    private let state = Mutex<(token: String?, granted: Int)>((nil, 0))

    var granted: Int { state.withLock { $0.granted } }

    func current() async throws -> String {
        if let token = state.withLock({ $0.token }) { return token }
        return try await renewed()
    }

    func renewed() async throws -> String {
        let bytes = try await post("token", "grant_type=client_credentials")
        let token = try JSONDecoder().decode(TokenAnswer.self, from: Data(bytes)).access_token
        state.withLock { $0 = (token, $0.granted + 1) }
        return token
    }

    func revoke() async throws { _ = try await post("revoke", "token=\(state.withLock { $0.token } ?? "")") }

    private func post(_ path: String, _ form: String) async throws -> [UInt8] {
        let credentials = Data("demo-client:\(Peers.clientSecret)".utf8).base64EncodedString()
        return try await PeerControl(Peers.oauthSAP).send(
            .post, "/sap/bc/sec/oauth2/\(path)", Data(form.utf8), type: "application/x-www-form-urlencoded",
            headers: [.authorization: "Basic \(credentials)"])
    }
}

private struct TokenAnswer: Decodable { var access_token: String }
