import Connections
import Domain
import NIOCore
import Synchronization
import Testing

@testable import Proxy

@Suite("SAP's anti-forgery handshake")
struct AntiForgeryTests {
    /// An upstream that wants a token and the cookie that came with it, as SAP Gateway does.
    final class Gateway: Sendable {
        private let issued = Mutex<[String: String]>([:])
        private let number = Atomic<Int>(0)
        let refusesHead: Bool
        /// Whether a read without a session begins one of its own, as SAP Gateway does.
        let beginsSessionOnRead: Bool

        init(refusesHead: Bool = false, beginsSessionOnRead: Bool = false) {
            self.refusesHead = refusesHead
            self.beginsSessionOnRead = beginsSessionOnRead
        }

        func expireAll() { issued.withLock { $0 = [:] } }

        func answer(_ request: Message) -> String {
            if request["x-csrf-token"] == "Fetch" {
                guard request.method != "HEAD" || !refusesHead else {
                    return "HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\n"
                }
                let n = number.wrappingAdd(1, ordering: .relaxed).newValue
                issued.withLock { $0["token-\(n)"] = "SAP_SESSIONID_X=s\(n)" }
                let body = request.method == "HEAD" ? "" : "{}"
                return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-CSRF-Token: token-\(n)\r\n"
                    + "Set-Cookie: SAP_SESSIONID_X=s\(n); path=/; HttpOnly\r\nSet-Cookie: sap-usercontext=c; path=/\r\n"
                    + "Set-Cookie: sap-contextid=pinned; path=/\r\n\r\n\(body)"
            }
            guard ["POST", "PUT", "PATCH", "DELETE", "MERGE"].contains(request.method) else {
                return beginsSessionOnRead ? ok("ok", "Set-Cookie: SAP_SESSIONID_X=read; path=/\r\n") : ok()
            }
            let session = issued.withLock { $0[request["x-csrf-token"] ?? ""] }
            guard let session, request["cookie"] == "\(session); sap-usercontext=c" else {
                return "HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\nX-CSRF-Token: Required\r\n\r\nno way"
            }
            return "HTTP/1.1 201 Created\r\nContent-Length: \(request.body.utf8.count)\r\n\r\n\(request.body)"
        }
    }

    private func usable(_ port: Int) throws -> UsableConnection {
        try Gate.usable(port: port, csrf: CSRFHandshake(header: "x-csrf-token", fetchValue: "Fetch"))
    }

    private static let entity = "/sap/opu/odata/sap/API_BUSINESS_PARTNER/A_BusinessPartner"

    @Test func `fetches a token at the service's root before the first modifying request, and keeps it`() async throws {
        let gateway = Gateway()
        let (upstream, recorded) = try await Upstream.answering { gateway.answer($0) }
        try await Gate.with { gate in
            gate.opening.put(try usable(upstream.port))
            #expect(try await gate.ask("GET", Self.entity).status == 200)
            for number in 0..<3 {
                let answer = try await gate.ask(
                    "POST", Self.entity, headers: "X-CSRF-Token: mine\r\nx_csrf_token: mine\r\nCookie: mine=1\r\n",
                    body: "body \(number)")
                #expect(answer.status == 201)
                #expect(answer.body == "body \(number)")
                #expect(answer["set-cookie"] == nil)
            }
            #expect(recorded.all.map(\.method) == ["GET", "HEAD", "POST", "POST", "POST"])
            #expect(recorded.all[0]["cookie"] == nil)
            #expect(recorded.all[1].target == "/sap/opu/odata/sap/API_BUSINESS_PARTNER/")
            #expect(recorded.all[1].all("authorization") == ["Bearer \(Gate.secret)"])
            #expect(recorded.all[2].all("x-csrf-token") == ["token-1"])
        }
        try await upstream.stop()
    }

    @Test func `keeps its session although each read begins one of its own`() async throws {
        let gateway = Gateway(beginsSessionOnRead: true)
        let (upstream, recorded) = try await Upstream.answering { gateway.answer($0) }
        try await Gate.with { gate in
            gate.opening.put(try usable(upstream.port))
            #expect(try await gate.ask("POST", Self.entity, body: "one").status == 201)
            #expect(try await gate.ask("GET", Self.entity).status == 200)
            #expect(try await gate.ask("POST", Self.entity, body: "two").status == 201)
            #expect(recorded.all.map(\.method) == ["HEAD", "POST", "GET", "POST"])
        }
        try await upstream.stop()
    }

    @Test func `asks by GET where HEAD is refused`() async throws {
        let gateway = Gateway(refusesHead: true)
        let (upstream, recorded) = try await Upstream.answering { request in
            let answer = gateway.answer(request)
            // The answer to HEAD has no body, whatever its length says.
            return answer
        }
        try await Gate.with { gate in
            gate.opening.put(try usable(upstream.port))
            #expect(try await gate.ask("DELETE", Self.entity + "('1')").status == 201)
            #expect(recorded.all.map(\.method) == ["HEAD", "GET", "DELETE"])
        }
        try await upstream.stop()
    }

    @Test func `fetches another when the session has ended, and sends the request again`() async throws {
        let gateway = Gateway()
        let (upstream, recorded) = try await Upstream.answering { gateway.answer($0) }
        try await Gate.with { gate in
            gate.opening.put(try usable(upstream.port))
            #expect(try await gate.ask("POST", Self.entity, body: "one").status == 201)
            gateway.expireAll()
            let answer = try await gate.ask("PATCH", Self.entity, body: "two")
            #expect(answer.status == 201)
            #expect(answer.body == "two")
            #expect(recorded.all.map(\.method) == ["HEAD", "POST", "PATCH", "HEAD", "PATCH"])
        }
        try await upstream.stop()
    }

    @Test func `passes the refusal after one more try`() async throws {
        let (upstream, recorded) = try await Upstream.answering { request in
            request.method == "HEAD"
                ? "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-CSRF-Token: useless-1\r\n\r\n"
                : "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nX-CSRF-Token: REQUIRED\r\n\r\nno"
        }
        try await Gate.with { gate in
            gate.opening.put(try usable(upstream.port))
            let answer = try await gate.ask("POST", Self.entity, body: "x")
            #expect(answer.status == 403)
            #expect(answer.body == "no")
            #expect(recorded.all.map(\.method) == ["HEAD", "POST", "HEAD", "POST"])
        }
        try await upstream.stop()
    }

    @Test func `lets the upstream decide where it gives no token`() async throws {
        let (upstream, recorded) = try await Upstream.answering {
            $0.method == "HEAD" ? "HTTP/1.1 204 No Content\r\n\r\n" : ok()
        }
        try await Gate.with { gate in
            gate.opening.put(try usable(upstream.port))
            #expect(try await gate.ask("POST", "/x", body: "x").status == 200)
            #expect(recorded.all.map(\.method) == ["HEAD", "GET", "POST"])
        }
        try await upstream.stop()
    }

    static let roots = [
        ("/sap/opu/odata/sap/API_X/Entity('1')/to_Y", "/sap/opu/odata/sap/API_X"),
        ("/sap/opu/odata/sap/API_X", "/sap/opu/odata/sap/API_X"),
        ("/sap/opu/odata4/sap/api_x/srvd_a2x/sap/x/0001/Entity", "/sap/opu/odata4/sap/api_x/srvd_a2x/sap/x/0001"),
        ("/other/thing", "/other"), ("/other", ""), ("", ""),
    ]

    @Test(arguments: roots)
    func `finds the service's root`(_ path: String, _ root: String) {
        let bytes = Array(path.utf8)
        let range = AntiForgerySession.serviceRoot(bytes.span, 0..<bytes.count)
        #expect(String(decoding: bytes[range], as: UTF8.self) == root)
    }
}
