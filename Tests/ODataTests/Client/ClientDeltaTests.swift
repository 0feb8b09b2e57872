import HTTPTypes
import Testing

@testable import OData

@Suite("Reading what changed since")
struct ClientDeltaTests {
    private func summary(_ sequence: ChangeSequence) async throws -> (words: [String], link: DeltaLink?) {
        var words: [String] = []
        var link: DeltaLink?
        for try await change in sequence {
            switch change {
            case .changed(let entity): words.append("changed " + (entity.clientTestID ?? "?"))
            case .removed(let entity): words.append("removed " + (entity.id ?? "?"))
            case .link(let change): words.append((change.isDeleted ? "unlinked " : "linked ") + change.target)
            case .checkpoint(let found):
                words.append("checkpoint")
                link = found
            }
        }
        return (words, link)
    }

    @Test func `version 4 is asked to track changes, and its link leads to them`() async throws {
        let delta = """
            {"@odata.context":"$metadata#Orders/$delta","value":[{"ID":"2"},\
            {"@odata.context":"$metadata#Orders/$deletedEntity","id":"Orders('1')","reason":"deleted"}],\
            "@odata.deltaLink":"https://internal/odata4/orders/Orders?$deltatoken=b"}
            """
        let transport = ClientFakeTransport([
            .json(ClientFixture.page(.v4, ["1"], next: "Orders?$skiptoken=2")),
            .json(ClientFixture.page(.v4, ["2"], delta: "Orders?$deltatoken=a")), .json(delta),
        ])
        let client = try ClientFixture.client(.v4, transport)
        let all = try await summary(client.changes(tracking: Query("Orders").select("ID")))
        #expect(all.words == ["changed 1", "changed 2", "checkpoint"])
        let link = try #require(all.link)
        #expect(link.target == "Orders?$deltatoken=a")
        #expect(link.type == QualifiedName("orders", "Order"))
        let since = try await summary(client.changes(since: link))
        #expect(since.words == ["changed 2", "removed Orders('1')", "checkpoint"])
        #expect(since.link?.target == "Orders?$deltatoken=b")
        #expect(
            transport.lines == [
                "GET /odata4/orders/Orders?$select=ID", "GET /odata4/orders/Orders?$skiptoken=2",
                "GET /odata4/orders/Orders?$deltatoken=a",
            ])
        #expect(transport.requests.map { $0.header("Prefer") } == ["odata.track-changes", nil, nil])
    }

    @Test func `pitfall 53: version 2's delta token and deleted entities`() async throws {
        let path = ClientFixture.v2Path
        let delta = """
            {"d":{"results":[\(ClientFixture.order(.v2, "2")),{"@odata.context":"$metadata#Orders/$deletedEntity",\
            "id":"http://host:80\(path)Orders('3')","when":"/Date(1300561560000)/"}],\
            "__delta":"http://host:80\(path)Orders?!deltatoken='4712'"}}
            """
        let transport = ClientFakeTransport([
            .json(ClientFixture.page(.v2, ["1"], delta: "http://host:80\(path)Orders?!deltatoken='4711'")),
            .json(delta),
        ])
        let client = try ClientFixture.client(.v2, transport, rootQuery: "?sap-client=100")
        let all = try await summary(client.changes(tracking: Query("Orders")))
        #expect(all.words == ["changed 1", "checkpoint"])
        #expect(transport.requests[0].header("Prefer") == nil)
        let link = try #require(all.link)
        #expect(link.target == "Orders?!deltatoken='4711'&sap-client=100")
        let since = try await summary(client.changes(since: link))
        #expect(since.words == ["changed 2", "removed http://host:80\(path)Orders('3')", "checkpoint"])
        #expect(transport.lines[1] == "GET \(path)Orders?!deltatoken='4711'&sap-client=100")
    }

    @Test func `a link is kept as text and read back`() throws {
        for link in [
            DeltaLink(target: "Orders?$deltatoken=a b", type: QualifiedName("a.b", "Order")), DeltaLink(target: "X"),
        ] {
            #expect(DeltaLink(serialized: link.serialized) == link)
        }
        for text in ["", "x", " X", "a.b ", "nodot X"] { #expect(DeltaLink(serialized: text) == nil, "\(text)") }
    }

    @Test(arguments: ["https://evil.example/Orders?$deltatoken=1", "../other/Orders", "//evil.example/x"])
    func `a kept link that leads away is not asked for`(_ target: String) async throws {
        let transport = ClientFakeTransport([])
        let client = try ClientFixture.client(.v4, transport)
        let error = await clientError { () async throws(ODataError) in
            for try await _ in client.changes(since: DeltaLink(target: target)) {}
        }
        #expect(error == .foreignLink)
        #expect(transport.requests.isEmpty)
    }

    @Test(arguments: [410, 400, 404])
    func `a delta token that the service has forgotten is an expired link`(_ status: Int) async throws {
        let body = #"{"error":{"code":"DELTATOKEN_EXPIRED","message":{"lang":"en","value":"Delta token expired"}}}"#
        let client = try ClientFixture.client(.v2, ClientFakeTransport([.json(body, status: status)]))
        let error = await clientError { () async throws(ODataError) in
            for try await _ in client.changes(since: DeltaLink(target: "Orders?!deltatoken='1'")) {}
        }
        guard case .expiredLink(let refusal)? = error else {
            Issue.record("threw \(String(describing: error))")
            return
        }
        #expect(refusal.status == status)
        #expect(refusal.code == "DELTATOKEN_EXPIRED")
    }

    @Test func `another refusal of a delta request is not an expired link`() async throws {
        let client = try ClientFixture.client(.v4, ClientFakeTransport([.status(403)]))
        let error = await clientError { () async throws(ODataError) in
            for try await _ in client.changes(since: DeltaLink(target: "Orders?$deltatoken=1")) {}
        }
        #expect(error == .service(ServiceError(status: 403)))
    }

    @Test func `a service without delta says so after its entities, never with a checkpoint`() async throws {
        let client = try ClientFixture.client(.v4, ClientFakeTransport([.json(ClientFixture.page(.v4, ["1"]))]))
        let seen = ClientTestBox<[EntityChange]>([])
        let error = await clientError { () async throws(ODataError) in
            for try await change in try client.changes(tracking: Query("Orders")) { seen.update { $0.append(change) } }
        }
        #expect(error == .unsupported(.noDelta))
        #expect(seen.value.count == 1)
    }

    @Test func `what is cut by $top can't be tracked`() async throws {
        let client = try ClientFixture.client(.v4, ClientFakeTransport([]))
        let error = await clientError { () async throws(ODataError) in
            _ = try client.changes(tracking: Query("Orders").top(5))
        }
        #expect(error == .query(.misplaced("$top")))
    }

    @Test func `a delta whose pages lead back is a loop`() async throws {
        let transport = ClientFakeTransport { _, _ in .json(ClientFixture.page(.v4, [], next: "Orders?$deltatoken=1")) }
        let client = try ClientFixture.client(.v4, transport)
        let error = await clientError { () async throws(ODataError) in
            for try await _ in client.changes(since: DeltaLink(target: "Orders?$deltatoken=1")) {}
        }
        #expect(error == .pageLoop)
    }
}
