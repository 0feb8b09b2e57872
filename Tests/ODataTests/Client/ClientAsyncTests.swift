import HTTPTypes
import Testing

@testable import OData

@Suite("Requests that the service works on while nobody waits")
struct ClientAsyncTests {
    private let query = Query("Orders").key("1")
    private let monitor = "https://erp.example.com/monitor/5"

    private func accepted(_ retryAfter: String? = nil) -> ClientFakeAnswer {
        var fields: HTTPFields = [.location: monitor]
        fields[.retryAfter] = retryAfter
        return .status(202, fields)
    }

    private func wrapped(_ text: String) -> ClientFakeAnswer {
        .answer(200, [.contentType: "application/http"], [Array(text.utf8)])
    }

    @Test func `it asks as often as the service wants until the result comes, wrapped with its own head`() async throws
    {
        let result = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nETag: W/'9'\r\n\r\n{\"ID\":\"1\"}"
        let transport = ClientFakeTransport([accepted("30"), accepted(), accepted("0"), wrapped(result)])
        let clock = ClientFakeClock()
        let client = try ClientFixture.client(.v4, transport, clock: clock)
        let operation = try await client.begin(.entity(query))
        #expect(operation.monitor == monitor)
        let answer = try await operation.result(until: clock.now + .seconds(600), pollEvery: .seconds(7))
        #expect(answer.value.clientTestID == "1")
        #expect(answer.etag == "W/'9'")
        #expect(answer.status == 200)
        #expect(clock.slept == [.seconds(30), .seconds(7), .milliseconds(100)])
        #expect(transport.requests[0].header("Prefer") == "respond-async")
        #expect(
            transport.lines == [
                "GET /odata4/orders/Orders('1')", "GET /monitor/5", "GET /monitor/5", "GET /monitor/5",
            ])
        #expect(transport.requests[1].header("Accept")?.hasPrefix("application/http, application/json") == true)
    }

    @Test func `a service that answers at once has no monitor`() async throws {
        let client = try ClientFixture.client(.v4, ClientFakeTransport([.json(#"{"ID":"1"}"#)]))
        let operation = try await client.begin(.entity(query))
        #expect(operation.monitor == nil)
        let answer = try await operation.result(until: .now)
        #expect(answer.value.clientTestID == "1")
        try await operation.cancel()
    }

    @Test func `a result may come bare, its status in a header`() async throws {
        var fields: HTTPFields = [.contentType: "application/json"]
        fields[.asyncResult] = "200"
        let transport = ClientFakeTransport([accepted(), .json(#"{"ID":"1"}"#, fields)])
        let clock = ClientFakeClock()
        let client = try ClientFixture.client(.v401, transport, clock: clock)
        let answer = try await client.begin(.entity(query)).result(until: clock.now + .seconds(60))
        #expect(answer.value.clientTestID == "1")
    }

    @Test(arguments: [true, false])
    func `a request that failed throws what it would have thrown by itself`(_ isWrapped: Bool) async throws {
        let body = #"{"error":{"code":"X/1","message":"stale"}}"#
        var fields: HTTPFields = [.contentType: "application/json"]
        fields[.asyncResult] = "412"
        let failure: ClientFakeAnswer =
            isWrapped ? wrapped("HTTP/1.1 412 Precondition Failed\r\n\r\n\(body)") : .json(body, fields)
        let clock = ClientFakeClock()
        let client = try ClientFixture.client(.v4, ClientFakeTransport([accepted(), failure]), clock: clock)
        let operation = try await client.begin(.delete(query))
        let error = await clientError { () async throws(ODataError) in
            _ = try await operation.result(until: clock.now + .seconds(60))
        }
        guard case .conflict(.stale, let refusal)? = error else {
            Issue.record("threw \(String(describing: error))")
            return
        }
        #expect(refusal.code == "X/1")
    }

    @Test func `waiting ends at the deadline, however long the service works`() async throws {
        let clock = ClientFakeClock()
        let transport = ClientFakeTransport { _, _ in .status(202, [.location: "/monitor/5", .retryAfter: "40"]) }
        let client = try ClientFixture.client(.v4, transport, clock: clock)
        let operation = try await client.begin(.entity(query))
        let error = await clientError { () async throws(ODataError) in
            _ = try await operation.result(until: clock.now + .seconds(100))
        }
        #expect(error == .deadline)
        #expect(transport.requests.count == 3)
    }

    @Test func `it is cancelled by deleting its monitor, and taken up again by it`() async throws {
        let transport = ClientFakeTransport([accepted(), .status(204), .json(#"{"ID":"1"}"#)])
        let clock = ClientFakeClock()
        let client = try ClientFixture.client(.v4, transport, clock: clock)
        let operation = try await client.begin(.entity(query))
        try await operation.cancel()
        #expect(transport.lines[1] == "DELETE /monitor/5")
        let resumed = try client.resume(.entity(query), monitor: try #require(operation.monitor))
        #expect(try await resumed.result(until: clock.now + .seconds(9)).value.clientTestID == "1")
    }

    @Test func `a monitor on another host is not followed`() async throws {
        let transport = ClientFakeTransport([.status(202, [.location: "https://evil.example/m"])])
        let client = try ClientFixture.client(.v4, transport)
        let error = await clientError { () async throws(ODataError) in _ = try await client.begin(.entity(query)) }
        #expect(error == .foreignLink)
        let resuming = await clientError { () async throws(ODataError) in
            _ = try client.resume(.entity(query), monitor: "https://evil.example/m")
        }
        #expect(resuming == .foreignLink)
    }

    @Test(arguments: ["", "garbage", "HTTP/1.1", "HTTP/1.1 x y\r\n\r\n", "FTP/1.1 200 OK\r\n\r\n{}"])
    func `a wrapped answer that is none is malformed`(_ text: String) async throws {
        let clock = ClientFakeClock()
        let client = try ClientFixture.client(.v4, ClientFakeTransport([accepted(), wrapped(text)]), clock: clock)
        let operation = try await client.begin(.entity(query))
        let error = await clientError { () async throws(ODataError) in
            _ = try await operation.result(until: clock.now + .seconds(60))
        }
        if case .malformed? = error {} else { Issue.record("threw \(String(describing: error))") }
    }

    @Test func `version 2 has no such thing`() async throws {
        let transport = ClientFakeTransport([])
        let client = try ClientFixture.client(.v2, transport)
        let error = await clientError { () async throws(ODataError) in _ = try await client.begin(.entity(query)) }
        #expect(error == .unsupported(.needsVersion4))
        #expect(transport.requests.isEmpty)
    }
}
