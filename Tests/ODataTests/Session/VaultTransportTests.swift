import HTTPTypes
import Testing

@testable import OData

@Suite("Requests by way of a vault's proxy")
struct SessionVaultTransportTests {
    private struct NoToken: Error {}

    private static func transport(
        _ inner: SessionFakeTransport, system: String = "https://erp.example/base",
        token: @escaping SallyportTransport.CallerToken = { "CALLER" }
    ) throws -> SallyportTransport {
        try SallyportTransport(
            proxy: "https://vault.example:7422/", connection: "conn_01J8", system: system, over: inner,
            callerToken: token)
    }

    private static func head(_ path: String, _ authority: String = "erp.example") -> HTTPRequest {
        HTTPRequest(
            method: .get, scheme: "https", authority: authority, path: path,
            headerFields: [.authorization: "Basic SECRET", .cookie: "a=1", .accept: "application/json"])
    }

    private static func problem(
        _ code: String, status: Int, id: String = "3f6c", instance: String = "3f6c"
    ) -> SessionFakeTransport.Step {
        answering(
            status, [("Content-Type", "application/problem+json"), ("x-request-id", id), ("Retry-After", "3")],
            #"{"type":"urn:sallyport:problem:\#(code)","title":"t","status":\#(status),"code":"\#(code)","instance":"urn:sallyport:request:\#(instance)"}"#
        )
    }

    private func failure(
        _ inner: SessionFakeTransport, _ head: HTTPRequest = head("/base/x")
    ) async throws -> TransportError? {
        let transport = try Self.transport(inner)
        do throws(TransportError) {
            _ = try await transport.send(head, body: nil, deadline: .now + .seconds(5))
            return nil
        } catch {
            return error
        }
    }

    @Test func `the path below the base goes to the connection, with the caller's token and no other credential`()
        async throws
    {
        let inner = SessionFakeTransport()
        _ = try await Self.transport(inner).send(
            Self.head("/base/sap/opu/X?$filter=A%20eq%20'%2F'"), body: nil, deadline: .now + .seconds(5))
        let asked = try #require(inner.asked.first)
        #expect(asked.head.authority == "vault.example:7422")
        #expect(asked.path == "/proxy/conn_01J8/sap/opu/X?$filter=A%20eq%20'%2F'")
        #expect(asked["authorization"] == "Bearer CALLER")
        #expect(asked["cookie"] == nil)
        #expect(asked["accept"] == "application/json")
    }

    @Test(arguments: [("/other/x", "erp.example"), ("/basex", "erp.example"), ("/base/x", "evil.example")])
    func `what isn't the connection's system is not sent`(path: String, authority: String) async throws {
        let inner = SessionFakeTransport()
        #expect(try await failure(inner, Self.head(path, authority)) == .unreachable)
        #expect(inner.asked.isEmpty)
    }

    @Test func `the proxy's own refusals are told by their codes`() async throws {
        let error = try await failure(SessionFakeTransport([Self.problem("reauth_required", status: 409)]))
        #expect(
            error
                == .refused(
                    ProxyProblem(status: 409, code: .reauthRequired, requestID: "3f6c", retryAfter: .seconds(3))))
        #expect(error?.isSent == false)
        let lost = try await failure(SessionFakeTransport([Self.problem("upstream_timed_out", status: 504)]))
        #expect(lost?.isSent == true)
        let unknown = try await failure(SessionFakeTransport([Self.problem("from_the_future", status: 503)]))
        #expect(unknown?.isSent == true)
    }

    @Test func `a service's own problem is the service's, its body whole`() async throws {
        let inner = SessionFakeTransport([
            Self.problem("reauth_required", status: 409, instance: "other"),
            answering(
                404, [("Content-Type", "application/problem+json"), ("x-request-id", "1")], #"{"type":"about:blank"}"#),
            answering(
                500, [("Content-Type", "application/problem+json"), ("x-request-id", "1")],
                String(repeating: "x", count: 40_000)),
        ])
        let transport = try Self.transport(inner)
        for (status, count) in [(409, 0), (404, 22), (500, 40_000)] {
            let response = try await transport.send(Self.head("/base/x"), body: nil, deadline: .now + .seconds(5))
            #expect(response.head.status.code == status)
            let body = try await response.body.collect(maxBytes: 100_000)
            #expect(count == 0 || body.count == count)
        }
    }

    @Test func `a redirect by the proxy is the system's again`() async throws {
        let inner = SessionFakeTransport([
            answering(201, [("Location", "/proxy/conn_01J8/sap/X('1')")]),
            answering(201, [("Location", "/proxy/conn_2/x")]),
        ])
        let transport = try Self.transport(inner)
        let first = try await transport.send(Self.head("/base/x"), body: nil, deadline: .now + .seconds(5))
        #expect(first.head.headerFields[.location] == "https://erp.example/base/sap/X('1')")
        let other = try await transport.send(Self.head("/base/x"), body: nil, deadline: .now + .seconds(5))
        #expect(other.head.headerFields[.location] == "/proxy/conn_2/x")
    }

    @Test func `without a caller token nothing is sent`() async throws {
        let inner = SessionFakeTransport()
        let transport = try Self.transport(inner, token: { throw NoToken() })
        await #expect(throws: TransportError.refused(ProxyProblem(status: 401, code: .missingToken))) {
            _ = try await transport.send(Self.head("/base/x"), body: nil, deadline: .now + .seconds(5))
        }
        #expect(inner.asked.isEmpty)
    }

    @Test(arguments: ["", "a/b", "a?b", "..", "a b", "ä"])
    func `an identifier that could lead elsewhere is refused`(connection: String) {
        #expect(throws: ODataError.self) {
            try SallyportTransport(
                proxy: "https://vault.example", connection: connection, system: "https://erp.example",
                over: SessionFakeTransport(), callerToken: { "" })
        }
    }

    @Test func `a session behind it asks for no token and keeps no cookies`() async throws {
        let inner = SessionFakeTransport([
            answering(200, [("X-CSRF-Token", "T"), ("Set-Cookie", "a=1")]), answering(201),
        ])
        let session = ODataSession(
            root: try ServiceRoot("https://erp.example/base/sap/"), transport: try Self.transport(inner))
        _ = try await session.send(SessionRequest(.get, "X"))
        _ = try await session.send(SessionFixture.write)
        #expect(inner.asked.map(\.method) == ["GET", "POST"])
        #expect(inner.asked.map(\.token) == [nil, nil])
    }
}
