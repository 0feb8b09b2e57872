import HTTPTypes
import Testing

@testable import OData

@Suite("Sending requests in a batch with the client")
struct ClientBatchTests {
    /// A part of a multipart answer.
    private func part(_ status: Int, _ body: String = "", id: String? = nil, _ fields: [String] = []) -> String {
        let contentID = id.map { "Content-ID: \($0)\r\n" } ?? ""
        let lines = (["Content-Type: application/json"] + fields).joined(separator: "\r\n")
        return "Content-Type: application/http\r\n\(contentID)\r\nHTTP/1.1 \(status) X\r\n\(lines)\r\n\r\n\(body)\r\n"
    }

    private func changeSet(_ parts: [String]) -> String {
        "Content-Type: multipart/mixed; boundary=c\r\n\r\n" + parts.map { "--c\r\n\($0)" }.joined() + "--c--\r\n"
    }

    private func answer(_ parts: [String], status: Int = 202) -> ClientFakeAnswer {
        let text = parts.map { "--b\r\n\($0)" }.joined() + "--b--\r\n"
        return .answer(status, [.contentType: "multipart/mixed; boundary=b"], [Array(text.utf8)])
    }

    private let refusal = #"{"error":{"code":"X/1","message":"no"}}"#

    @Test(arguments: [ODataVersion.v2, .v4])
    func `each request finds its answer, in its own type`(_ version: ODataVersion) async throws {
        let order = ClientFixture.order(version, "1")
        let transport = ClientFakeTransport([
            answer([
                part(200, ClientFixture.single(version, order), ["ETag: W/'1'"]), part(404, refusal), part(200, "42"),
                changeSet([part(204, id: "4"), part(201, ClientFixture.single(version, order), id: "5")]),
            ])
        ])
        let client = try ClientFixture.client(version, transport, rootQuery: "?sap-client=100")
        var batch = ODataBatch()
        batch.continuesOnError = true
        let entity = batch.add(.entity(Query("Orders").key("1")))
        let missing = batch.add(.entity(Query("Orders").key("2")))
        let count = batch.add(.count(Query("Orders")))
        var changed = Entity()
        changed["Note"] = "x"
        let (update, create) = batch.changeSet { set in
            (
                set.add(.update(changed, at: Query("Orders").key("1"), if: .exists)),
                set.add(.create(changed, in: Query("Orders")))
            )
        }
        let answers = try await client.send(batch)
        #expect(try await answers.answer(to: entity).etag == "W/'1'")
        #expect(try await answers.value(of: entity).clientTestID == "1")
        #expect(try await answers.value(of: count) == 42)
        #expect(try await answers.answer(to: update).status == 204)
        #expect(try await answers.value(of: create).clientTestID == "1")
        let error = await clientError { () async throws(ODataError) in _ = try await answers.value(of: missing) }
        #expect(error?.serviceError?.status == 404)
        let request = try #require(transport.requests.first)
        #expect(request.line == "POST \(ClientFixture.path(version))$batch?sap-client=100")
        #expect(request.header("Accept") == "multipart/mixed")
        #expect(request.header("Prefer") == (version.isV4 ? "odata.continue-on-error" : nil))
        #expect(request.text.contains("\r\nGET Orders('1') HTTP/1.1\r\n"))
        #expect(request.text.contains("\r\n\(version.isV4 ? "PATCH" : "MERGE") Orders('1') HTTP/1.1\r\n"))
        #expect(request.text.contains("\r\nIf-Match: *\r\n"))
        #expect(!request.text.contains("sap-client"))
    }

    @Test func `pitfall 27: links of an entity become relative to the service inside`() async throws {
        let transport = ClientFakeTransport([answer([changeSet([part(204)])])])
        let client = try ClientFixture.client(.v2, transport, rootQuery: "?sap-client=100")
        var order = Entity()
        order.id = "http://internal:8000\(ClientFixture.v2Path)Orders('1')"
        var batch = ODataBatch()
        let slot = batch.changeSet { set in set.add(.delete(order)) }
        let answers = try await client.send(batch)
        _ = try await answers.answer(to: slot)
        #expect(transport.requests[0].text.contains("\r\nDELETE Orders('1') HTTP/1.1\r\n"))
    }

    @Test func `a later request of a change set refers to what an earlier one makes`() async throws {
        let transport = ClientFakeTransport([
            answer([changeSet([part(204, id: "1"), part(204, id: "2")])], status: 200)
        ])
        let client = try ClientFixture.client(.v4, transport)
        var batch = ODataBatch()
        _ = batch.changeSet { set in
            let order = set.add(.create(Entity(), in: Query("Orders")))
            return set.add(.create(Entity(), in: order.entity.navigate("Items")))
        }
        _ = try await client.send(batch)
        #expect(transport.requests[0].text.contains("\r\nPOST $1/Items HTTP/1.1\r\n"))
    }

    @Test func `a change set that failed fails all of its requests and no other`() async throws {
        let transport = ClientFakeTransport([answer([part(200, #"{"ID":"1"}"#), part(412, refusal)], status: 200)])
        let client = try ClientFixture.client(.v4, transport)
        var batch = ODataBatch()
        let entity = batch.add(.entity(Query("Orders").key("1")))
        let (first, second) = batch.changeSet { set in
            (set.add(.delete(Query("Orders").key("1"))), set.add(.delete(Query("Orders").key("2"))))
        }
        let answers = try await client.send(batch)
        #expect(try await answers.value(of: entity).clientTestID == "1")
        for slot in [first, second] {
            let error = await clientError { () async throws(ODataError) in _ = try await answers.answer(to: slot) }
            if case .conflict(.stale, _)? = error {} else { Issue.record("threw \(String(describing: error))") }
        }
    }

    @Test func `what was not done after a failure says so`() async throws {
        let transport = ClientFakeTransport([answer([part(500, refusal)], status: 200)])
        let client = try ClientFixture.client(.v4, transport)
        var batch = ODataBatch()
        _ = batch.add(.entity(Query("Orders").key("1")))
        let second = batch.add(.entity(Query("Orders").key("2")))
        let answers = try await client.send(batch)
        #expect(answers.results.items[1] == .notExecuted)
        let error = await clientError { () async throws(ODataError) in _ = try await answers.answer(to: second) }
        #expect(error == .service(ServiceError(status: 424)))
        #expect(error?.isOutcomeUnknown == false)
    }

    @Test func `a write outside of change sets gets one of its own in version 2`() async throws {
        let transport = ClientFakeTransport([answer([changeSet([part(204)])])])
        let client = try ClientFixture.client(.v2, transport)
        var batch = ODataBatch()
        let slot = batch.add(.delete(Query("Orders").key("1")))
        _ = try await client.send(batch).answer(to: slot)
        #expect(transport.requests[0].text.contains("multipart/mixed; boundary=changeset_"))
    }

    @Test func `a batch in JSON is matched by its ids, in any order`() async throws {
        let body = """
            {"responses":[{"id":"2","status":404,"headers":{"content-type":"application/json"},"body":\(refusal)},\
            {"id":"1","status":200,"headers":{"content-type":"application/json"},"body":{"ID":"1"}}]}
            """
        let transport = ClientFakeTransport([.json(body)])
        let client = try ClientFixture.client(.v401, transport) { $0.batchFormat = .json }
        var batch = ODataBatch()
        let first = batch.add(.entity(Query("Orders").key("1")))
        let second = batch.add(.entity(Query("Orders").key("2")))
        let answers = try await client.send(batch)
        #expect(try await answers.value(of: first).clientTestID == "1")
        let error = await clientError { () async throws(ODataError) in _ = try await answers.value(of: second) }
        #expect(error?.serviceError?.status == 404)
        #expect(transport.requests[0].header("Content-Type") == "application/json")
    }

    @Test func `a request that can't be written sends nothing`() async throws {
        let transport = ClientFakeTransport([])
        let client = try ClientFixture.client(.v4, transport)
        var batch = ODataBatch()
        _ = batch.add(.entity(Query("Orders").key("1")))
        _ = batch.add(.entity(Query("Nope").key("1")))
        let error = await clientError { [batch] () async throws(ODataError) in _ = try await client.send(batch) }
        if case .query? = error {} else { Issue.record("threw \(String(describing: error))") }
        #expect(transport.requests.isEmpty)
    }

    @Test func `answers that fit no batch are malformed, and one beyond the limit is refused`() async throws {
        var batch = ODataBatch()
        _ = batch.add(.entity(Query("Orders").key("1")))
        for wrong: ClientFakeAnswer in [
            .json("{}"), .answer(200, [:], [Array("x".utf8)]), answer([part(200, "{}"), part(200, "{}")]),
            .answer(200, [.contentType: "multipart/mixed; boundary=b"], [Array("--b\r\n".utf8)]),
        ] {
            let client = try ClientFixture.client(.v4, ClientFakeTransport([wrong]))
            let error = await clientError { [batch] () async throws(ODataError) in _ = try await client.send(batch) }
            if case .malformed? = error {} else { Issue.record("threw \(String(describing: error))") }
        }
        let endless = ClientFakeTransport { _, _ in
            .endless([.contentType: "multipart/mixed; boundary=b"], Array(repeating: 0x20, count: 999))
        }
        let client = try ClientFixture.client(.v4, endless) { $0.batch.maxBodyBytes = 5_000 }
        let error = await clientError { [batch] () async throws(ODataError) in _ = try await client.send(batch) }
        #expect(error == .limit(.bodyBytes(5_000)))
        #expect(endless.isCancelled(0))
    }

    @Test func `a batch of reads may be repeated, one with a write may not`() async throws {
        let transport = ClientFakeTransport { _, place in
            place == 0 ? .failure(.broken(isSent: true)) : answer([part(200, #"{"ID":"1"}"#)], status: 200)
        }
        var options = ClientOptions()
        options.metadata = .given(try ClientFixture.metadata(.v4))
        var session = SessionOptions()
        session.antiForgery = .never
        session.clock = ClientFakeClock().clock
        let client = ODataClient(
            root: try ClientFixture.root(.v4), transport: transport, options: options, session: session)
        var batch = ODataBatch()
        let slot = batch.add(.entity(Query("Orders").key("1")))
        #expect(try await client.send(batch).value(of: slot).clientTestID == "1")
        #expect(transport.requests.count == 2)
        let failing = ClientFakeTransport { _, _ in .failure(.broken(isSent: true)) }
        let writer = ODataClient(
            root: try ClientFixture.root(.v4), transport: failing, options: options, session: session)
        _ = batch.add(.delete(Query("Orders").key("1")))
        let error = await clientError { [batch] () async throws(ODataError) in _ = try await writer.send(batch) }
        #expect(error == .transport(.broken(isSent: true)))
        #expect(failing.requests.count == 1)
    }

    @Test func `a raw batch goes by the same way`() async throws {
        let transport = ClientFakeTransport([answer([part(200, "{}")])])
        let client = try ClientFixture.client(.v2, transport)
        var batch = BatchRequest()
        let reference = batch.read("Orders('1')")
        let results = try await client.send(batch)
        guard case .response(let response) = results[reference] else {
            Issue.record("\(results[reference])")
            return
        }
        #expect(response.status == 200)
    }
}
