import HTTPTypes
import Testing

@testable import OData

@Suite("Following the pages of a result")
struct ClientPagingTests {
    private static let versions: [ODataVersion] = [.v2, .v4]

    private func ids(_ sequence: EntitySequence<Entity>) async throws -> [String] {
        var ids: [String] = []
        for try await entity in sequence { ids.append(entity.clientTestID ?? "?") }
        return ids
    }

    @Test(arguments: versions)
    func `pitfall 8: next links of an internal host are taken to the known one, byte for byte and with the client`(
        _ version: ODataVersion
    ) async throws {
        let path = ClientFixture.path(version)
        let next = "http://internal:8000\(path)Orders?$skiptoken='a%20b'%2B1&%24orderby=ID"
        let transport = ClientFakeTransport([
            .json(ClientFixture.page(version, ["1", "2"], next: next)), .json(ClientFixture.page(version, ["3"])),
        ])
        let client = try ClientFixture.client(version, transport, rootQuery: "?sap-client=100")
        #expect(try await ids(client.entities(Query("Orders"))) == ["1", "2", "3"])
        #expect(
            transport.lines == [
                "GET \(path)Orders?sap-client=100",
                "GET \(path)Orders?$skiptoken='a%20b'%2B1&%24orderby=ID&sap-client=100",
            ])
        #expect(transport.requests.allSatisfy { $0.authority == ClientFixture.host })
    }

    @Test func `pitfall 47: a next link is relative to the context, and that to the request`() async throws {
        let first =
            #"{"@odata.context":"../$metadata#Orders","value":[{"ID":"1"}],"@odata.nextLink":"Orders?$skiptoken=2"}"#
        let second = #"{"value":[{"ID":"2"}],"@odata.nextLink":"Orders?$skiptoken=3"}"#
        let transport = ClientFakeTransport([.json(first), .json(second), .json(#"{"value":[]}"#)])
        let client = try ClientFixture.client(.v4, transport)
        let query = Query("Orders").key("9").navigate("Items")
        #expect(try await ids(client.entities(query)) == ["1", "2"])
        #expect(
            transport.lines == [
                "GET /odata4/orders/Orders('9')/Items", "GET /odata4/orders/Orders?$skiptoken=2",
                "GET /odata4/orders/Orders?$skiptoken=3",
            ])
    }

    @Test(arguments: versions)
    func `a success without a page and an unchanged one are no empty result`(_ version: ODataVersion) async throws {
        let transport = ClientFakeTransport([
            .status(200, [.contentType: "application/json", .contentLength: "0"]), .status(304), .status(204),
        ])
        let client = try ClientFixture.client(version, transport)
        let sequence = client.entities(Query("Orders"))
        let cut = await clientError { () async throws(ODataError) in _ = try await sequence.collect() }
        if case .malformed? = cut {} else { Issue.record("not malformed: \(String(describing: cut))") }
        let unchanged = await clientError { () async throws(ODataError) in _ = try await sequence.collect() }
        #expect(unchanged == .service(ServiceError(status: 304)))
        #expect(try await sequence.collect().isEmpty)
    }

    @Test(arguments: versions)
    func `a page is asked for only when the entities before it were taken`(_ version: ODataVersion) async throws {
        let transport = ClientFakeTransport { _, place in
            .json(ClientFixture.page(version, ["\(place)a", "\(place)b"], next: "Orders?$skiptoken=\(place + 1)"))
        }
        let client = try ClientFixture.client(version, transport)
        let sequence = client.entities(Query("Orders"))
        #expect(transport.requests.isEmpty)
        var iterator = sequence.makeAsyncIterator()
        #expect(transport.requests.isEmpty)
        for place in 0..<3 {
            _ = try await iterator.next()
            _ = try await iterator.next()
            #expect(transport.requests.count == place + 1)
        }
    }

    @Test func `a body is read no faster than its entities are taken`() async throws {
        let chunks = ["{\"value\":["] + (0..<100).map { "\($0 == 0 ? "" : ","){\"ID\":\"\($0)\"}" } + ["]}"]
        let transport = ClientFakeTransport([
            .answer(200, [.contentType: "application/json"], chunks.map { Array($0.utf8) })
        ])
        let client = try ClientFixture.client(.v4, transport)
        var iterator = client.entities(Query("Orders")).makeAsyncIterator()
        _ = try await iterator.next()
        #expect(transport.taken(0) <= 4)
    }

    @Test(arguments: versions)
    func `pitfall 50: $top is met through as many pages as it takes, and no further`(
        _ version: ODataVersion
    ) async throws {
        let transport = ClientFakeTransport { _, place in
            .json(ClientFixture.page(version, ["\(place)a", "\(place)b"], next: "Orders?$skiptoken=\(place + 1)"))
        }
        let client = try ClientFixture.client(version, transport)
        #expect(try await ids(client.entities(Query("Orders").top(5))) == ["0a", "0b", "1a", "1b", "2a"])
        #expect(transport.requests.count == 3)
        #expect(try await ids(client.entities(Query("Orders").top(4))).count == 4)
        #expect(transport.requests.count == 5)
        #expect(try await ids(client.entities(Query("Orders").top(0))).isEmpty)
        #expect(transport.requests.count == 5)
    }

    @Test func `pitfall 50: the page size is a wish that a service may leave aside`() async throws {
        let transport = ClientFakeTransport { _, _ in .json(ClientFixture.page(.v4, ["1", "2", "3"])) }
        let client = try ClientFixture.client(.v4, transport) { $0.preferredPageSize = 2 }
        #expect(try await ids(client.entities(Query("Orders"))) == ["1", "2", "3"])
        #expect(transport.requests[0].header("Prefer") == "odata.maxpagesize=2")
    }

    @Test(arguments: [ODataError.service(ServiceError(status: 410)), .service(ServiceError(status: 400))])
    func `pitfall 50: a skip token that has expired is told from other refusals`(_ refusal: ODataError) async throws {
        let status = refusal.serviceError?.status ?? 0
        let transport = ClientFakeTransport([
            .json(ClientFixture.page(.v4, ["1"], next: "Orders?$skiptoken=x")),
            .json(#"{"error":{"code":"SKIPTOKEN_EXPIRED","message":"gone"}}"#, status: status),
        ])
        let client = try ClientFixture.client(.v4, transport)
        let error = await clientError { () async throws(ODataError) in
            _ = try await client.entities(Query("Orders")).collect()
        }
        guard case .expiredLink(let refused)? = error else {
            Issue.record("threw \(String(describing: error))")
            return
        }
        #expect(refused.status == status)
    }

    @Test func `a first request that is refused with 410 is no expired link`() async throws {
        let client = try ClientFixture.client(.v4, ClientFakeTransport([.status(410)]))
        let error = await clientError { () async throws(ODataError) in
            _ = try await client.entities(Query("Orders")).collect()
        }
        #expect(error?.serviceError?.status == 410)
        if case .expiredLink? = error { Issue.record("expired") }
    }

    @Test(arguments: versions)
    func `pages that lead back to one that was read end with an error`(_ version: ODataVersion) async throws {
        let transport = ClientFakeTransport { _, place in
            .json(ClientFixture.page(version, ["\(place)"], next: "Orders?$skiptoken=\(place % 3)"))
        }
        let client = try ClientFixture.client(version, transport)
        let error = await clientError { () async throws(ODataError) in
            _ = try await client.entities(Query("Orders")).collect()
        }
        #expect(error == .pageLoop)
        #expect(transport.requests.count == 4)
    }

    @Test func `a page that leads to itself is a loop`() async throws {
        let transport = ClientFakeTransport { _, _ in .json(ClientFixture.page(.v4, [], next: "Orders")) }
        let client = try ClientFixture.client(.v4, transport)
        let error = await clientError { () async throws(ODataError) in
            _ = try await client.entities(Query("Orders")).collect()
        }
        #expect(error == .pageLoop)
        #expect(transport.requests.count == 1)
    }

    @Test func `pages without end are bounded by the caller`() async throws {
        let transport = ClientFakeTransport { _, place in
            .json(ClientFixture.page(.v4, [], next: "Orders?$skiptoken=\(place)"))
        }
        let client = try ClientFixture.client(.v4, transport) { $0.paging.maxPages = 50 }
        let error = await clientError { () async throws(ODataError) in
            _ = try await client.entities(Query("Orders")).collect()
        }
        #expect(error == .limit(.pages(50)))
        #expect(transport.requests.count == 50)
    }

    @Test(arguments: [
        "https://evil.example/x/Orders?$skiptoken=1", "//evil.example/Orders",
        "ftp://erp.example.com/odata4/orders/Orders",
        "https://user@erp.example.com/odata4/orders/Orders", "/other/service/Orders", "../../admin",
        "javascript:alert(1)",
    ])
    func `a next link out of the service is never asked for`(_ link: String) async throws {
        let transport = ClientFakeTransport { _, _ in .json(ClientFixture.page(.v4, ["1"], next: link)) }
        let client = try ClientFixture.client(.v4, transport)
        let seen = ClientTestBox(0)
        let error = await clientError { () async throws(ODataError) in
            for try await _ in client.entities(Query("Orders")) { seen.update { $0 += 1 } }
        }
        #expect(error == .foreignLink)
        #expect(seen.value == 1)
        #expect(transport.requests.count == 1)
    }

    @Test func `leaving the loop lets go of the body`() async throws {
        let transport = ClientFakeTransport { _, _ in
            .endless([.contentType: "application/json"], Array(#"{"value":[{"ID":"1"},{"ID":"2"},"#.utf8))
        }
        let client = try ClientFixture.client(.v4, transport)
        for try await _ in client.entities(Query("Orders")) { break }
        #expect(transport.isCancelled(0))
    }

    @Test func `an entity larger than allowed is a limit, and lets go of the body`() async throws {
        let transport = ClientFakeTransport { _, place in
            .endless(
                [.contentType: "application/json"], Array("{\"value\":[{\"ID\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx".utf8))
        }
        let client = try ClientFixture.client(.v4, transport) { $0.payload.maxEntityBytes = 1_000 }
        let error = await clientError { () async throws(ODataError) in
            _ = try await client.entities(Query("Orders")).collect()
        }
        // The endless text repeats itself, quotes and all: it is no JSON before it is too long.
        #expect(error != nil)
        #expect(transport.isCancelled(0))
        #expect(transport.taken(0) < 100)
    }

    @Test func `cancelling the task ends the sequence and lets go of the body`() async throws {
        let transport = ClientFakeTransport { _, _ in
            .answer(
                200, [.contentType: "application/json"],
                [Array(#"{"value":[{"ID":"1"}"#.utf8), Array(#",{"ID":"2"}]}"#.utf8)])
        }
        let client = try ClientFixture.client(.v4, transport)
        let gate = ClientFakeGate()
        // Ends by itself once the gate is open; the test awaits it.
        let task = Task {
            await clientError { () async throws(ODataError) in
                for try await _ in client.entities(Query("Orders")) { await gate.pass() }
            }
        }
        await gate.arrivals(1)
        task.cancel()
        gate.open()
        #expect(await task.value == .cancelled)
        #expect(transport.isCancelled(0))
    }

    @Test func `a body that breaks off is an error after the entities before it`() async throws {
        let transport = ClientFakeTransport([
            .answer(200, [.contentType: "application/json"], [Array(#"{"value":[{"ID":"1"},{"ID":"2"}"#.utf8)])
        ])
        let client = try ClientFixture.client(.v4, transport)
        let seen = ClientTestBox(0)
        let error = await clientError { () async throws(ODataError) in
            for try await _ in client.entities(Query("Orders")) { seen.update { $0 += 1 } }
        }
        guard case .malformed(let failure)? = error else {
            Issue.record("threw \(String(describing: error))")
            return
        }
        #expect(failure.reason == .truncated)
        #expect(seen.value == 2)
    }

    @Test func `after an error a sequence is at its end`() async throws {
        let transport = ClientFakeTransport([.status(503)])
        let client = try ClientFixture.client(.v4, transport)
        var iterator = client.entities(Query("Orders")).makeAsyncIterator()
        await #expect(throws: ODataError.self) { _ = try await iterator.next() }
        #expect(try await iterator.next() == nil)
        #expect(transport.requests.count == 1)
    }

    @Test func `iterating twice asks twice`() async throws {
        let transport = ClientFakeTransport { _, _ in .json(ClientFixture.page(.v4, ["1"])) }
        let sequence = try ClientFixture.client(.v4, transport).entities(Query("Orders"))
        #expect(try await ids(sequence) == ["1"])
        #expect(try await ids(sequence) == ["1"])
        #expect(transport.requests.count == 2)
    }

    @Test(arguments: versions)
    func `pages carry count, entities and the last one's delta link`(_ version: ODataVersion) async throws {
        let transport = ClientFakeTransport([
            .json(ClientFixture.page(version, ["1", "2"], next: "Orders?$skiptoken=2", count: 3)),
            .json(ClientFixture.page(version, ["3"], delta: "Orders?$deltatoken=d")),
        ])
        let client = try ClientFixture.client(version, transport)
        var pages: [EntityCollection] = []
        for try await page in client.pages(Query("Orders").count()) { pages.append(page) }
        #expect(pages.map { $0.entities.compactMap(\.clientTestID) } == [["1", "2"], ["3"]])
        #expect(pages[0].count == 3)
        #expect(pages[1].deltaLink == "Orders?$deltatoken=d")
        let count = version.isV4 ? "$count=true" : "$inlinecount=allpages"
        #expect(transport.lines[0].hasSuffix("Orders?" + count))
    }

    @Test func `the page that $top cuts keeps its count and leads nowhere`() async throws {
        let transport = ClientFakeTransport([
            .json(ClientFixture.page(.v4, ["1", "2", "3"], next: "Orders?x=2", count: 9))
        ])
        let client = try ClientFixture.client(.v4, transport)
        var pages: [EntityCollection] = []
        for try await page in client.pages(Query("Orders").top(2).count()) { pages.append(page) }
        #expect(pages.map(\.entities.count) == [2])
        #expect(pages[0].count == 9)
        #expect(pages[0].nextLink == nil)
    }

    @Test func `a page that is held as a whole is bounded`() async throws {
        let chunk = Array((["{\"value\":["] + (0..<200).map { "{\"ID\":\"\($0)\"}," }).joined().utf8)
        let more = Array((0..<200).map { "{\"ID\":\"\($0)\"}," }.joined().utf8)
        let transport = ClientFakeTransport { _, _ in
            .answer(200, [.contentType: "application/json"], [chunk] + Array(repeating: more, count: 50))
        }
        let client = try ClientFixture.client(.v4, transport) { $0.payload.maxBodyBytes = 20_000 }
        let error = await clientError { () async throws(ODataError) in
            for try await _ in client.pages(Query("Orders")) {}
        }
        #expect(error == .limit(.bodyBytes(20_000)))
        #expect(transport.isCancelled(0))
    }

    @Test func `the pages after one that was read before go on from its link`() async throws {
        let transport = ClientFakeTransport([
            .json(ClientFixture.page(.v4, ["1"], next: "Orders?$skiptoken=2")), .json(ClientFixture.page(.v4, ["2"])),
        ])
        let client = try ClientFixture.client(.v4, transport)
        let first = try await client.answer(to: .page(Query("Orders"))).value
        let rest = try #require(try await client.pages(after: first, of: Query("Orders")))
        var ids: [String] = []
        for try await page in rest { ids += page.entities.compactMap(\.clientTestID) }
        #expect(ids == ["2"])
        #expect(try await client.pages(after: EntityCollection(), of: Query("Orders")) == nil)
    }

    @Test(arguments: versions)
    func `the first entity is asked for alone`(_ version: ODataVersion) async throws {
        let transport = ClientFakeTransport([
            .json(ClientFixture.page(version, ["1", "2"], next: "Orders?$skiptoken=2")),
            .json(ClientFixture.page(version, [])),
        ])
        let client = try ClientFixture.client(version, transport)
        #expect(try await client.first(Query("Orders").top(9))?.clientTestID == "1")
        #expect(try await client.first(Query("Orders")) == nil)
        #expect(transport.lines.allSatisfy { $0.hasSuffix("Orders?$top=1") })
    }

    @Test func `an answer of 204 has no entities`() async throws {
        let client = try ClientFixture.client(.v4, ClientFakeTransport([.status(204)]))
        #expect(try await ids(client.entities(Query("Orders"))).isEmpty)
    }
}
