import Domain
import NIOCore
import Observability
import Sodium
import Synchronization
import Testing

@testable import Proxy

@Suite("POST /oauth2/token on the data plane")
struct TokenIssueTests {
    private static let form = "grant_type=client_credentials&client_secret=canary-7f3a"
    private static let type = "Content-Type: application/x-www-form-urlencoded\r\n"

    private static func request(_ form: String = form, headers: String = type) -> String {
        "POST /oauth2/token HTTP/1.1\r\nHost: x\r\n\(headers)Content-Length: \(form.utf8.count)\r\n\r\n\(form)"
    }

    private static func start(_ headers: String) -> String {
        "POST /oauth2/token HTTP/1.1\r\nHost: x\r\n\(type)\(headers)\r\n"
    }

    private static func post(
        _ gate: Gate, _ form: String = form, headers: String = type
    ) async throws -> Message {
        try await gate.send("POST", "/oauth2/token", token: nil, headers: headers, body: form)
    }

    @Test func `answers what the endpoint answers, with the form and the client's header handed to it`() async throws {
        try await Gate.with { gate in
            let basic = "Authorization: Basic a2V5OnNlY3JldA==\r\nX-Request-ID: mine\r\n"
            let answer = try await Self.post(gate, headers: Self.type + basic)
            #expect(answer.status == 200)
            #expect(answer.body == #"{"access_token":"issued"}"#)
            #expect(answer["content-type"] == "application/json")
            #expect(answer["cache-control"] == "no-store")
            #expect(answer["x-request-id"] == "mine")
            #expect(answer["connection"] == nil)
            #expect(
                gate.tokenEndpoint.questions == [
                    .init(form: Self.form, authorization: "Basic a2V5OnNlY3JldA==", requestID: "mine")
                ])
            try await eventually {
                gate.metrics.prometheusText().contains(
                    #"sallyport_data_plane_requests_total{route="/oauth2/token",status="2xx"} 1"#)
            }
        }
    }

    @Test func `passes a refusal and its headers`() async throws {
        try await Gate.with { gate in
            gate.tokenEndpoint.setAnswer(
                CallerTokenAnswer(
                    status: 401,
                    headers: [("content-type", "application/json"), ("www-authenticate", "Basic realm=\"x\"")],
                    body: Array(#"{"error":"invalid_client"}"#.utf8)))
            let answer = try await Self.post(gate)
            #expect(answer.status == 401)
            #expect(answer["www-authenticate"] == "Basic realm=\"x\"")
            #expect(answer.body == #"{"error":"invalid_client"}"#)
        }
    }

    @Test func `two authorizations are none that could be valid`() async throws {
        try await Gate.with { gate in
            let headers = Self.type + "Authorization: Basic YQ==\r\nAuthorization: Basic Yg==\r\n"
            _ = try await Self.post(gate, headers: headers)
            #expect(gate.tokenEndpoint.questions.map(\.authorization) == [""])
        }
    }

    @Test func `a caller token neither opens nor closes it`() async throws {
        try await Gate.with { gate in
            let answer = try await Self.post(gate, headers: Self.type + "X-Sallyport-Token: bad\r\n")
            #expect(answer.status == 200)
        }
    }

    @Test(arguments: [
        "", "Content-Type: application/json\r\n", "Content-Type:\r\n",
        "Content-Type: application/x-www-form-urlencodedx\r\n",
        "Content-Type: application/x-www-form-urlencoded; charset=latin1\r\n",
        "Content-Type: application/x-www-form-urlencoded;charset=utf-8;charset=utf-16\r\n",
        "\(type)\(type)", "\(type)Content-Type: application/json\r\n",
        "Content-Type: multipart/form-data; application/x-www-form-urlencoded\r\n",
    ])
    func `refuses another type`(_ headers: String) async throws {
        try await Gate.with { gate in
            let answer = try await Self.post(gate, headers: headers)
            #expect(answer.status == 415)
            #expect(answer["content-type"] == "application/problem+json")
            #expect(answer.body.contains("unsupported_media_type"))
            #expect(gate.tokenEndpoint.questions.isEmpty)
        }
    }

    @Test(arguments: [
        "Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n",
        "content-type: APPLICATION/X-WWW-Form-Urlencoded ;charset=\"utf-8\"\r\n",
        "Content-Type: application/x-www-form-urlencoded;\r\n",
    ])
    func `takes the type in every spelling`(_ headers: String) async throws {
        try await Gate.with { gate in
            let answer = try await Self.post(gate, headers: headers)
            #expect(answer.status == 200)
        }
    }

    @Test func `no body is a form without parameters`() async throws {
        try await Gate.with { gate in
            for framing in ["", "Content-Length: 0\r\n"] {
                #expect(try await Self.post(gate, "", headers: Self.type + framing).status == 200)
            }
            let peer = try await gate.connect()
            peer.send(Self.start("Transfer-Encoding: chunked\r\n") + "0\r\n\r\n")
            #expect(try await peer.message().status == 200)
            peer.close()
            #expect(gate.tokenEndpoint.questions.map(\.form) == ["", "", ""])
        }
    }

    @Test func `takes 16 KiB and refuses a byte more, announced or not`() async throws {
        try await Gate.with { gate in
            let whole = String(repeating: "a", count: 16_384)
            #expect(try await Self.post(gate, whole).status == 200)
            #expect(gate.tokenEndpoint.questions.map(\.form.utf8.count) == [16_384])
            let announced = try await Self.post(gate, whole + "a")
            #expect(announced.status == 413)
            #expect(announced.body.contains("body_too_large"))
            let peer = try await gate.connect()
            peer.send(Self.start("Transfer-Encoding: chunked\r\n") + "4000\r\n\(whole)\r\n1\r\na\r\n")
            let chunked = try await peer.message()
            #expect(chunked.status == 413)
            #expect(chunked["connection"] == "close")
            peer.close()
            #expect(gate.tokenEndpoint.questions.count == 1)
        }
    }

    @Test func `keeps to the configured limit where that is lower`() async throws {
        try await Gate.with({ $0.maxRequestBodyBytes = 10 }) { gate in
            #expect(try await Self.post(gate).status == 413)
            let peer = try await gate.connect()
            peer.send(Self.start("Transfer-Encoding: chunked\r\n") + "b\r\naaaaaaaaaaa\r\n0\r\n\r\n")
            #expect(try await peer.message().status == 413)
            peer.close()
            #expect(gate.tokenEndpoint.questions.isEmpty)
        }
    }

    @Test func `puts a form together that comes in pieces, chunked or not`() async throws {
        try await Gate.with { gate in
            let peer = try await gate.connect()
            peer.send(Self.start("Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n"))
            #expect(try await peer.take(through: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
            peer.send("5\r\ngrant\r\n")
            peer.send("6;x=y\r\n_type=\r\n0\r\nTrailer: a\r\n\r\n")
            #expect(try await peer.message().status == 200)
            let whole = Self.request()
            for byte in whole.utf8 { peer.send(ByteBuffer(bytes: [byte])) }
            #expect(try await peer.message().status == 200)
            #expect(gate.tokenEndpoint.questions.map(\.form) == ["grant_type=", Self.form])
            peer.close()
        }
    }

    @Test func `a form that doesn't come to its end is answered 408, however often a byte of it comes`() async throws {
        try await Gate.with({ $0.timeouts.bodyStall = .milliseconds(300) }) { gate in
            let peer = try await gate.connect()
            peer.send(Self.start("Content-Length: 1000\r\n"))
            let drip = peer.channel?.eventLoop.scheduleRepeatedTask(
                initialDelay: .zero, delay: .milliseconds(50)
            ) { _ in peer.send("a") }
            let answer = try await peer.message()
            drip?.cancel()
            #expect(answer.status == 408)
            #expect(answer["connection"] == "close")
            #expect(answer.body.contains("request_timeout"))
            #expect(gate.tokenEndpoint.questions.isEmpty)
            peer.close()
        }
    }

    @Test func `wipes what it has taken where it lay, and nothing beside it`() throws {
        let received = ByteBuffer(string: "head|form|next")
        let form = try #require(received.getSlice(at: 5, length: 4))
        var collection = FormCollection(configured: nil)
        #expect(collection.append(form) == true)
        #expect(collection.finish().revealUTF8(for: .test) == "form")
        #expect(received.text == "head|\0\0\0\0|next")
    }

    @Test func `a broken form is answered 400, and the connection ends`() async throws {
        try await Gate.with { gate in
            let peer = try await gate.connect()
            peer.send(Self.start("Transfer-Encoding: chunked\r\n") + "5\r\ngrant\r\nzz\r\n")
            #expect(try await peer.takeToEnd().contains("malformed_request"))
            #expect(gate.tokenEndpoint.questions.isEmpty)
            peer.close()
        }
    }

    @Test func `answers pipelined requests in their order`() async throws {
        try await Gate.with { gate in
            gate.tokenEndpoint.hold()
            let peer = try await gate.connect()
            peer.send(
                Self.request("a=1") + "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n" + Self.request("b=2")
                    + "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n")
            try await eventually { gate.tokenEndpoint.questions.count == 1 }
            #expect(peer.text.isEmpty)
            gate.tokenEndpoint.release()
            var bodies: [Message] = []
            for _ in 0..<4 { bodies.append(try await peer.message()) }
            #expect(bodies.map(\.status) == [200, 200, 200, 404])
            #expect(bodies[1].body == #"{"status":"ok"}"#)
            #expect(gate.tokenEndpoint.questions.map(\.form) == ["a=1", "b=2"])
            peer.close()
        }
    }

    @Test func `drops the answer of a caller that is gone`() async throws {
        try await Gate.with { gate in
            gate.tokenEndpoint.hold()
            let peer = try await gate.connect()
            peer.send(Self.request())
            try await eventually { gate.tokenEndpoint.questions.count == 1 }
            try await peer.reset()
            try await eventually {
                gate.metrics.prometheusText().contains(
                    #"sallyport_data_plane_requests_total{route="/oauth2/token",status="none"} 1"#)
            }
            gate.tokenEndpoint.release()
            try await eventually { gate.tokenEndpoint.answered == 1 }
            #expect(gate.tokenEndpoint.cancelled == 1)
            #expect(try await Self.post(gate).status == 200)
        }
    }

    @Test func `a slow endpoint is answered 504, and its late answer reaches nobody`() async throws {
        try await Gate.with({ $0.timeouts.opening = .milliseconds(100) }) { gate in
            gate.tokenEndpoint.hold()
            let peer = try await gate.connect()
            peer.send(Self.request())
            let answer = try await peer.message()
            #expect(answer.status == 504)
            #expect(answer.body.contains("timed_out"))
            gate.tokenEndpoint.release()
            try await eventually { gate.tokenEndpoint.answered == 1 }
            #expect(gate.tokenEndpoint.cancelled == 1)
            peer.send("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await peer.message().body == #"{"status":"ok"}"#)
            peer.close()
        }
    }

    @Test func `beyond its bound it is answered 503, until the endpoint has let go`() async throws {
        try await Gate.with({ $0.maxTokenIssues = 2 }) { gate in
            gate.tokenEndpoint.hold()
            let first = try await gate.connect()
            let second = try await gate.connect()
            first.send(Self.request())
            second.send(Self.request())
            try await eventually { gate.tokenEndpoint.questions.count == 2 }
            // A caller that leaves frees nothing while the endpoint is still at work for it.
            try await second.reset()
            try await eventually {
                gate.metrics.prometheusText().contains(
                    #"sallyport_data_plane_requests_total{route="/oauth2/token",status="none"} 1"#)
            }
            let refused = try await Self.post(gate)
            #expect(refused.status == 503)
            #expect(refused["retry-after"] == "1")
            #expect(refused.body.contains("overloaded"))
            #expect(gate.tokenEndpoint.questions.count == 2)
            gate.tokenEndpoint.release()
            #expect(try await first.message().status == 200)
            try await eventually { gate.tokenEndpoint.answered == 2 }
            #expect(try await Self.post(gate).status == 200)
            first.close()
        }
    }

    @Test(arguments: ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"])
    func `refuses other methods`(_ method: String) async throws {
        try await Gate.with { gate in
            let answer = try await gate.send(method, "/oauth2/token?grant_type=client_credentials", token: nil)
            #expect(answer.status == 405)
            #expect(answer["allow"] == "POST")
        }
    }

    @Test(arguments: ["/oauth2/token/", "/oauth2", "/oauth2/tokens", "/OAuth2/token", "/oauth2//token"])
    func `is at its path alone`(_ target: String) async throws {
        try await Gate.with { gate in
            let answer = try await gate.send("POST", target, token: nil, headers: Self.type, body: Self.form)
            #expect(answer.status == 404)
        }
    }

    @Test func `is not there where nobody issues tokens`() async throws {
        try await Gate.with(issuesTokens: false) { gate in
            let posted = try await Self.post(gate)
            #expect(posted.status == 404)
            let got = try await gate.send("GET", "/oauth2/token", token: nil)
            #expect(got.status == 404)
        }
    }

    @Test func `a shutdown lets the endpoint finish, and the caller has its answer`() async throws {
        let endpoint = Mutex<FakeTokenEndpoint?>(nil)
        let peer = try await Gate.with { gate in
            endpoint.withLock { $0 = gate.tokenEndpoint }
            gate.tokenEndpoint.hold()
            let peer = try await gate.connect()
            peer.send(Self.request())
            try await eventually { gate.tokenEndpoint.questions.count == 1 }
            let held = gate.tokenEndpoint
            peer.channel?.eventLoop.scheduleTask(in: .milliseconds(200)) { held.release() }
            return peer
        }
        #expect(try await peer.takeToEnd().contains("issued"))
        #expect(endpoint.withLock { $0?.cancelled } == 0)
        peer.close()
    }

    @Test func `neither form nor header is in a log line, whatever happens`() async throws {
        let kept = LineKeeper()
        try await Gate.with({ $0.timeouts.opening = .milliseconds(60) }, keeping: kept) { gate in
            let headers = Self.type + "Authorization: Basic canary-7f3a\r\n"
            _ = try await Self.post(gate, headers: headers)
            _ = try await Self.post(gate, headers: "Authorization: Basic canary-7f3a\r\n")
            _ = try await Self.post(gate, Self.form + String(repeating: "a", count: 17_000), headers: headers)
            gate.tokenEndpoint.hold()
            #expect(try await Self.post(gate, headers: headers).status == 504)
            gate.tokenEndpoint.release()
        }
        #expect(kept.text.contains("timed_out"))
        #expect(!kept.text.contains("canary"))
    }
}
