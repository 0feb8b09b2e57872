import HTTPTypes
import Testing

@testable import OData

@Suite("Reading entities, counts and values with the client")
struct ClientReadingTests {
    @Test(arguments: ODataVersion.allCases)
    func `one entity is asked for by its key, as JSON of the version`(_ version: ODataVersion) async throws {
        let order = ClientFixture.order(version, "0000000007", #","Amount":"12.50""#, etag: "W/'1'")
        let transport = ClientFakeTransport([.json(ClientFixture.single(version, order))])
        let client = try ClientFixture.client(version, transport)
        let entity = try await client.entity(Query("Orders").key("0000000007").select("ID", "Amount"))
        #expect(entity["Amount"] == .decimal(ODataDecimal(significand: 1250, exponent: -2)))
        #expect(entity.etag == "W/'1'")
        let request = try #require(transport.requests.first)
        #expect(request.line == "GET \(ClientFixture.path(version))Orders('0000000007')?$select=ID,Amount")
        #expect(request.authority == ClientFixture.host)
        #expect(request.body == nil)
        if version.isV4 {
            #expect(request.header("Accept") == "application/json;odata.metadata=minimal;IEEE754Compatible=true")
            #expect(request.header("OData-MaxVersion") == version.rawValue)
            #expect(request.header("OData-Version") == nil)
            #expect(request.header("DataServiceVersion") == nil)
        } else {
            #expect(request.header("Accept") == "application/json")
            #expect(request.header("DataServiceVersion") == "2.0")
            #expect(request.header("MaxDataServiceVersion") == "2.0")
            #expect(request.header("OData-MaxVersion") == nil)
        }
    }

    @Test func `the answer carries status, tag and the messages of header and body`() async throws {
        let body = """
            {"@odata.etag":"W/'b'","ID":"1","SAP__Messages":[{"code":"A/1","message":"body","numericSeverity":3}]}
            """
        var fields: HTTPFields = [.eTag: "W/'h'"]
        fields[try #require(HTTPField.Name("sap-messages"))] =
            #"[{"code":"A/2","message":"header","numericSeverity":4}]"#
        let transport = ClientFakeTransport([.json(body, fields)])
        let seen = ClientTestBox<[ServiceMessage]>([])
        let client = try ClientFixture.client(.v4, transport) { options in
            options.onMessages = { messages in seen.update { $0 += messages } }
        }
        let answer = try await client.answer(to: .entity(Query("Orders").key("1")))
        #expect(answer.status == 200)
        #expect(answer.etag == "W/'h'")
        #expect(answer.value.etag == "W/'b'")
        #expect(answer.messages.map(\.text) == ["header", "body"])
        #expect(answer.messages.map(\.severity) == [.error, .warning])
        #expect(seen.value.map(\.text) == ["header", "body"])
    }

    @Test(arguments: [ODataVersion.v2, .v4])
    func `an entity that isn't there is an error, or nil where that is asked for`(_ version: ODataVersion) async throws
    {
        let transport = ClientFakeTransport { _, _ in .json(#"{"error":{"code":"X/1","message":"no"}}"#, status: 404) }
        let client = try ClientFixture.client(version, transport)
        let query = Query("Orders").key("1")
        let error = await clientError { () async throws(ODataError) in _ = try await client.entity(query) }
        #expect(error?.serviceError?.status == 404)
        #expect(error?.serviceError?.code == "X/1")
        #expect(try await client.entityIfPresent(query) == nil)
    }

    @Test func `a refusal other than 404 is thrown by both`() async throws {
        let transport = ClientFakeTransport { _, _ in .status(403) }
        let client = try ClientFixture.client(.v4, transport)
        let error = await clientError { () async throws(ODataError) in
            _ = try await client.entityIfPresent(Query("Orders").key("1"))
        }
        #expect(error?.serviceError?.status == 403)
    }

    @Test func `a navigation that leads nowhere is nil in each of its notations`() async throws {
        for answer: ClientFakeAnswer in [.status(204), .json("null"), .json(#"{"value":null}"#)] {
            let client = try ClientFixture.client(.v4, ClientFakeTransport { _, _ in answer })
            let query = Query("Orders").key("1").navigate("Parent")
            #expect(try await client.entityIfPresent(query) == nil)
            let error = await clientError { () async throws(ODataError) in _ = try await client.entity(query) }
            #expect(error == .service(ServiceError(status: 204)))
        }
        let client = try ClientFixture.client(.v2, ClientFakeTransport([.json(#"{"d":null}"#)]))
        #expect(try await client.entityIfPresent(Query("Orders").key("1").navigate("to_Parent")) == nil)
    }

    @Test(arguments: ODataVersion.allCases)
    func `a count asks for text and keeps filter and search alone`(_ version: ODataVersion) async throws {
        let transport = ClientFakeTransport([.answer(200, [.contentType: "text/plain"], [Array("\u{FEFF}42".utf8)])])
        let client = try ClientFixture.client(version, transport)
        let query = Query("Orders").filter(.property("ID") == "1").top(5).orderBy(.ascending("ID")).select("ID")
        #expect(try await client.count(query) == 42)
        #expect(transport.lines == ["GET \(ClientFixture.path(version))Orders/$count?$filter=ID%20eq%20'1'"])
        #expect(transport.requests[0].header("Accept") == "text/plain")
    }

    @Test(arguments: ["", "x", "-1", "1.5", "99999999999999999999", "<html>"])
    func `a count that is no number is malformed`(_ text: String) async throws {
        let client = try ClientFixture.client(.v4, ClientFakeTransport([.answer(200, [:], [Array(text.utf8)])]))
        let error = await clientError { () async throws(ODataError) in _ = try await client.count(Query("Orders")) }
        #expect(error == .malformed(PayloadError(.unexpectedShape)))
    }

    @Test func `a property comes in its type, in both versions`() async throws {
        let two = ClientFakeTransport([.json(#"{"d":{"Amount":"0.10"}}"#)])
        let four = ClientFakeTransport([.json(#"{"value":0.10}"#), .status(204)])
        let query = Query("Orders").key("1").property("Amount")
        let amount = ODataValue.decimal(ODataDecimal(significand: 10, exponent: -2))
        #expect(try await ClientFixture.client(.v2, two).value(query) == amount)
        let client = try ClientFixture.client(.v4, four)
        #expect(try await client.value(query) == amount)
        #expect(try await client.value(query) == .null)
        #expect(four.lines[0] == "GET /odata4/orders/Orders('1')/Amount")
    }

    @Test func `headers of a request replace the client's own, and preferences are the version's`() async throws {
        let transport = ClientFakeTransport { _, _ in .json(#"{"value":[]}"#) }
        let client = try ClientFixture.client(.v4, transport)
        var options = RequestOptions(pageSize: 20)
        options.headers[.accept] = "application/json;odata.metadata=full"
        _ = try await client.answer(to: .page(Query("Orders")), options)
        #expect(transport.requests[0].header("Accept") == "application/json;odata.metadata=full")
        #expect(transport.requests[0].header("Prefer") == "odata.maxpagesize=20")
        let old = ClientFakeTransport { _, _ in .json(#"{"d":{"results":[]}}"#) }
        _ = try await ClientFixture.client(.v2, old).answer(to: .page(Query("Orders")), options)
        #expect(old.requests[0].header("Prefer") == nil)
    }

    @Test func `an operation's deadline is its transport's`() async throws {
        let transport = ClientFakeTransport { _, _ in .json(#"{"value":[]}"#) }
        let client = try ClientFixture.client(.v4, transport)
        let deadline = ContinuousClock.now + .seconds(7)
        _ = try await client.entities(Query("Orders"), RequestOptions(deadline: deadline)).collect()
        _ = try await client.answer(to: .page(Query("Orders")), RequestOptions(deadline: deadline))
        #expect(transport.requests.map(\.deadline) == [deadline, deadline])
        let error = await clientError { () async throws(ODataError) in
            _ = try await client.count(Query("Orders"), RequestOptions(deadline: .now - .seconds(1)))
        }
        #expect(error == .deadline)
        #expect(transport.requests.count == 2)
    }

    @Test func `a query that the metadata doesn't know sends nothing`() async throws {
        let transport = ClientFakeTransport([])
        let client = try ClientFixture.client(.v4, transport)
        let error = await clientError { () async throws(ODataError) in
            _ = try await client.entity(Query("Orders").key("1").select("Nope"))
        }
        guard case .query(.unknownName("Nope", _))? = error else {
            Issue.record("threw \(String(describing: error))")
            return
        }
        #expect(transport.requests.isEmpty)
    }

    @Test func `a body beyond the caller's limit is a limit, not a malformed payload`() async throws {
        let transport = ClientFakeTransport { _, _ in
            .endless([.contentType: "application/json"], Array(repeating: 0x20, count: 4096))
        }
        let client = try ClientFixture.client(.v4, transport) { $0.payload.maxBodyBytes = 10_000 }
        let error = await clientError { () async throws(ODataError) in
            _ = try await client.entity(Query("Orders").key("1"))
        }
        #expect(error == .limit(.bodyBytes(10_000)))
        #expect(transport.isCancelled(0))
        #expect(transport.taken(0) <= 4)
    }

    @Test func `pitfall 40: an HTML page in place of an entity is a lost logon`() async throws {
        let transport = ClientFakeTransport([.answer(200, [.contentType: "text/html"], [Array("<html>".utf8)])])
        let client = try ClientFixture.client(.v2, transport)
        let error = await clientError { () async throws(ODataError) in
            _ = try await client.entity(Query("Orders").key("1"))
        }
        #expect(error == .authentication(.logonPage, nil))
    }
}
