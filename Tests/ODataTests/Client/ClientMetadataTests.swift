import HTTPTypes
import Testing

@testable import OData

@Suite("The client's metadata")
struct ClientMetadataTests {
    private func client(
        _ transport: ClientFakeTransport, clock: ClientFakeClock? = nil,
        _ change: (inout ClientOptions) -> Void = { _ in }
    ) throws -> ODataClient {
        try ClientFixture.client(.v4, transport, clock: clock) { options in
            options.metadata = .service
            change(&options)
        }
    }

    private static let marker = HTTPField.Name("sap-metadata-last-modified") ?? .accept

    @Test(arguments: ODataVersion.allCases)
    func `the first operation fetches it, and its version is the one that is spoken`(
        _ version: ODataVersion
    ) async throws {
        let transport = ClientFakeTransport { request, _ in
            request.target.hasSuffix("$metadata")
                ? .xml(ClientFixture.document(version))
                : .json(ClientFixture.single(version, ClientFixture.order(version, "1")))
        }
        let client = try ClientFixture.client(version, transport) { $0.metadata = .service }
        _ = try await client.entity(Query("Orders").key("1"))
        _ = try await client.entity(Query("Orders").key("1"))
        let path = ClientFixture.path(version)
        #expect(transport.lines == ["GET \(path)$metadata", "GET \(path)Orders('1')", "GET \(path)Orders('1')"])
        #expect(transport.requests[0].header("Accept") == "application/xml")
        #expect(try await client.version() == version)
        #expect((transport.requests[1].header("OData-MaxVersion") != nil) == version.isV4)
    }

    @Test func `a client that does without fetches none if the version is given`() async throws {
        let transport = ClientFakeTransport { _, _ in .json(#"{"ID":"1","Anything":5}"#) }
        let client = try client(transport) { options in
            options.metadata = .unused
            options.version = .exactly(.v4)
        }
        let entity = try await client.entity(Query("Whatever").key("1"))
        #expect(entity["Anything"] == .int64(5))
        #expect(transport.lines == ["GET /odata4/orders/Whatever('1')"])
    }

    @Test func `callers at the same time share one fetch`() async throws {
        let gate = ClientFakeGate()
        let transport = ClientFakeTransport { _, _ in
            .held(gate, 200, [.contentType: "application/xml"], Array(ClientFixture.v4Document.utf8))
        }
        let client = try client(transport)
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    await clientError { () async throws(ODataError) in _ = try await client.metadata() } == nil
                }
            }
            await gate.arrivals(1)
            gate.open()
            for await succeeded in group { #expect(succeeded) }
        }
        #expect(transport.requests.count == 1)
    }

    @Test func `one waiter's cancellation is its own, not the others'`() async throws {
        let gate = ClientFakeGate()
        let transport = ClientFakeTransport { _, _ in
            .held(gate, 200, [.contentType: "application/xml"], Array(ClientFixture.v4Document.utf8))
        }
        let client = try client(transport)
        // Both end by themselves once the gate is open; the test awaits them.
        let first = Task { await clientError { () async throws(ODataError) in _ = try await client.metadata() } }
        await gate.arrivals(1)
        let second = Task { await clientError { () async throws(ODataError) in _ = try await client.metadata() } }
        while client.cache.waiterCount < 2 { await Task.yield() }
        first.cancel()
        #expect(await first.value == .cancelled)
        gate.open()
        #expect(await second.value == nil)
        #expect(transport.requests.count == 1)
    }

    @Test func `when the last waiter leaves, the fetch ends, and the next caller begins anew`() async throws {
        let gate = ClientFakeGate()
        let transport = ClientFakeTransport { _, place in
            place == 0 ? .held(gate, 500, [:], []) : .xml(ClientFixture.v4Document)
        }
        let client = try client(transport)
        // Ends by its cancellation; the test awaits it.
        let task = Task { await clientError { () async throws(ODataError) in _ = try await client.metadata() } }
        await gate.arrivals(1)
        task.cancel()
        #expect(await task.value == .cancelled)
        #expect(try await client.metadata().entitySet("Orders") != nil)
        gate.open()
        #expect(try await client.metadata().entitySet("Orders") != nil)
        #expect(transport.requests.count == 2)
    }

    @Test func `a failure is not remembered`() async throws {
        let transport = ClientFakeTransport([
            .status(503), .xml("<no metadata>"), .failure(.unreachable), .xml(ClientFixture.v4Document),
        ])
        let client = try client(transport)
        var errors: [ODataError?] = []
        for _ in 0..<3 {
            errors.append(await clientError { () async throws(ODataError) in _ = try await client.metadata() })
        }
        #expect(errors[0]?.serviceError?.status == 503)
        if case .metadata? = errors[1] {} else { Issue.record("threw \(String(describing: errors[1]))") }
        #expect(errors[2] == .transport(.unreachable))
        #expect(try await client.metadata().version == .v4)
        #expect(transport.requests.count == 4)
    }

    @Test func `a document larger than allowed is refused while it arrives`() async throws {
        let chunk = Array("<!-- aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa -->".utf8)
        let transport = ClientFakeTransport { _, _ in .endless([.contentType: "application/xml"], chunk) }
        let client = try client(transport) { $0.metadataLimits.maxBytes = 10_000 }
        let error = await clientError { () async throws(ODataError) in _ = try await client.metadata() }
        guard case .metadata(let failure)? = error else {
            Issue.record("threw \(String(describing: error))")
            return
        }
        #expect(failure.reason == .tooLarge)
        #expect(transport.isCancelled(0))
    }

    @Test func `pitfall 46: it is asked again when it is older than wanted, by its tag`() async throws {
        let clock = ClientFakeClock()
        let transport = ClientFakeTransport([
            .xml(ClientFixture.v4Document, [.eTag: "W/'m1'"]), .status(304),
            .xml(ClientFixture.v4Document, [.eTag: "W/'m2'"]),
        ])
        let client = try client(transport, clock: clock)
        let first = try await client.metadata(maxAge: .seconds(60))
        #expect(try await client.metadata(maxAge: .seconds(60)) === first)
        #expect(transport.requests.count == 1)
        clock.advance(.seconds(61))
        #expect(try await client.metadata() === first)
        #expect(transport.requests.count == 1)
        #expect(try await client.metadata(maxAge: .seconds(60)) === first)
        #expect(transport.requests[1].header("If-None-Match") == "W/'m1'")
        #expect(try await client.metadata(maxAge: .seconds(60)) === first)
        #expect(transport.requests.count == 2)
        clock.advance(.seconds(61))
        #expect(try await client.metadata(maxAge: .seconds(60)) !== first)
        #expect(transport.requests.count == 3)
    }

    @Test func `pitfall 38: it is fetched again when the service says that it has changed`() async throws {
        let (old, new) = ("Mon, 01 Jun 2026 00:00:00 GMT", "Tue, 02 Jun 2026 00:00:00 GMT")
        let transport = ClientFakeTransport { request, place in
            if request.target.hasSuffix("$metadata") {
                return .xml(ClientFixture.v4Document, [Self.marker: place == 0 ? old : new])
            }
            return .json(#"{"ID":"1"}"#, [Self.marker: place < 3 ? old : new])
        }
        let client = try client(transport)
        for _ in 0..<5 { _ = try await client.entity(Query("Orders").key("1")) }
        let kinds = transport.lines.map { $0.hasSuffix("$metadata") ? "m" : "e" }
        #expect(kinds == ["m", "e", "e", "e", "m", "e", "e"])
    }

    @Test func `servers of one system that name different times don't make it fetch for ever`() async throws {
        let transport = ClientFakeTransport { request, place in
            let time = "server \(place % 2)"
            if request.target.hasSuffix("$metadata") {
                return .xml(ClientFixture.v4Document, [Self.marker: "document"])
            }
            return .json(#"{"ID":"1"}"#, [Self.marker: time])
        }
        let client = try client(transport)
        for _ in 0..<30 { _ = try await client.entity(Query("Orders").key("1")) }
        #expect(transport.lines.count { $0.hasSuffix("$metadata") } <= 3)
    }

    @Test func `a caller's deadline ends its own wait`() async throws {
        let gate = ClientFakeGate()
        let transport = ClientFakeTransport { _, _ in
            .held(gate, 200, [.contentType: "application/xml"], Array(ClientFixture.v4Document.utf8))
        }
        // The clock goes on as soon as somebody sleeps: the deadline passes at once.
        let clock = ClientFakeClock()
        let client = try client(transport, clock: clock)
        let options = RequestOptions(deadline: clock.now + .seconds(5))
        let error = await clientError { () async throws(ODataError) in _ = try await client.metadata(options) }
        #expect(error == .deadline)
        gate.open()
    }

    @Test func `clients of two users share nothing`() async throws {
        let transport = ClientFakeTransport { _, _ in .xml(ClientFixture.v4Document) }
        let (first, second) = (try client(transport), try client(transport))
        let documents = [try await first.metadata(), try await second.metadata()]
        #expect(documents[0] !== documents[1])
        #expect(transport.requests.count == 2)
    }
}
