import HTTPTypes
import Testing

@testable import OData

@Suite("URLs that are longer than gateways let through")
struct ClientLongURLTests {
    private let long = Query("Orders").filter(
        .property("Note") == .literal(.string(String(repeating: "x", count: 9_000))))
    private let short = Query("Orders").filter(.property("Note") == "x")

    private static let boundary = "batchresponse_1"

    private func batchAnswer(_ status: Int, _ body: String) -> ClientFakeAnswer {
        let text =
            "--\(Self.boundary)\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
            + "HTTP/1.1 \(status) X\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)\r\n"
            + "--\(Self.boundary)--\r\n"
        return .answer(202, [.contentType: "multipart/mixed; boundary=\(Self.boundary)"], [Array(text.utf8)])
    }

    @Test func `4.01 posts the options to $query, and links are relative to what was asked`() async throws {
        let transport = ClientFakeTransport([
            .json(ClientFixture.page(.v401, ["1"], next: "Orders?$skiptoken=2")),
            .json(ClientFixture.page(.v401, ["2"])),
        ])
        let client = try ClientFixture.client(.v401, transport)
        #expect(try await client.entities(long).collect().count == 2)
        #expect(transport.lines == ["POST /odata4/orders/Orders/$query", "GET /odata4/orders/Orders?$skiptoken=2"])
        #expect(transport.requests[0].header("Content-Type") == "text/plain")
        #expect(transport.requests[0].text.hasPrefix("$filter=Note%20eq%20'xxx"))
        #expect(transport.requests[0].header("Accept")?.hasPrefix("application/json") == true)
    }

    @Test func `a short one goes as it is`() async throws {
        for version in ODataVersion.allCases {
            let transport = ClientFakeTransport([.json(ClientFixture.page(version, []))])
            _ = try await ClientFixture.client(version, transport).entities(short).collect()
            #expect(transport.requests[0].method == "GET")
        }
    }

    @Test(arguments: [ODataVersion.v2, .v4])
    func `other services get it in a batch, and its answer is read as if it had come alone`(
        _ version: ODataVersion
    ) async throws {
        let transport = ClientFakeTransport([batchAnswer(200, ClientFixture.page(version, ["1", "2"]))])
        let client = try ClientFixture.client(version, transport, rootQuery: "?sap-client=100")
        #expect(try await client.entities(long, RequestOptions(pageSize: 5)).collect().count == 2)
        let request = try #require(transport.requests.first)
        #expect(request.line == "POST \(ClientFixture.path(version))$batch?sap-client=100")
        #expect(request.header("Content-Type")?.hasPrefix("multipart/mixed; boundary=") == true)
        #expect(request.header("Prefer") == nil)
        #expect(request.text.contains("\r\nGET Orders?$filter=Note%20eq%20'xxx"))
        #expect(request.text.contains("sap-client") == false)
        #expect(request.text.contains("Prefer: odata.maxpagesize=5") == version.isV4)
    }

    @Test func `a refusal inside the batch is the request's own`() async throws {
        let body = #"{"error":{"code":"X/1","message":"no"}}"#
        let client = try ClientFixture.client(.v4, ClientFakeTransport([batchAnswer(400, body)]))
        let error = await clientError { () async throws(ODataError) in _ = try await client.entities(long).collect() }
        #expect(error?.serviceError?.status == 400)
    }

    @Test func `a next link that is too long goes the same way`() async throws {
        let link = "Orders?$skiptoken=" + String(repeating: "y", count: 9_000)
        let transport = ClientFakeTransport([
            .json(ClientFixture.page(.v401, ["1"], next: link)), .json(ClientFixture.page(.v401, ["2"])),
        ])
        let client = try ClientFixture.client(.v401, transport)
        #expect(try await client.entities(Query("Orders")).collect().count == 2)
        #expect(transport.lines[1] == "POST /odata4/orders/Orders/$query")
        #expect(transport.requests[1].text.hasPrefix("$skiptoken=yyy"))
    }

    @Test func `a path that is too long by itself goes in a batch, since options alone can move`() async throws {
        let key = String(repeating: "k", count: 9_000)
        let transport = ClientFakeTransport([batchAnswer(200, #"{"ID":"1"}"#)])
        let client = try ClientFixture.client(.v401, transport)
        _ = try await client.entity(Query("Orders").key(.string(key)))
        #expect(transport.lines == ["POST /odata4/orders/$batch"])
    }

    @Test func `a long write goes in a change set in version 2`() async throws {
        let id = String(repeating: "7", count: 9_000)
        let text =
            "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\nContent-Type: application/http\r\n\r\n"
            + "HTTP/1.1 204 No Content\r\n\r\n\r\n--c--\r\n\r\n--b--\r\n"
        let transport = ClientFakeTransport([
            .answer(202, [.contentType: "multipart/mixed; boundary=b"], [Array(text.utf8)])
        ])
        let client = try ClientFixture.client(.v2, transport)
        #expect(try await client.call(OperationCall("Cancel", ["ID": .string(id)])) == .none)
        #expect(transport.requests[0].text.contains("multipart/mixed; boundary=changeset_"))
    }

    @Test func `the caller decides otherwise`() async throws {
        let transport = ClientFakeTransport { _, _ in .json(ClientFixture.page(.v401, [])) }
        let refusing = try ClientFixture.client(.v401, transport) { $0.longURLs = .refuse }
        let error = await clientError { () async throws(ODataError) in _ = try await refusing.entities(long).collect() }
        #expect(error == .limit(.urlLength(8_000)))
        #expect(transport.requests.isEmpty)
        let sending = try ClientFixture.client(.v401, transport) { $0.longURLs = .send }
        _ = try await sending.entities(long).collect()
        let posting = try ClientFixture.client(.v4, transport) { $0.longURLs = .postQuery }
        _ = try await posting.entities(long).collect()
        let patient = try ClientFixture.client(.v401, transport) { $0.maxURLLength = 20_000 }
        _ = try await patient.entities(long).collect()
        #expect(transport.requests.map(\.method) == ["GET", "POST", "GET"])
    }

    @Test func `a read that was posted may be repeated like any read`() async throws {
        let transport = ClientFakeTransport([.failure(.broken(isSent: true)), .json(ClientFixture.page(.v401, ["1"]))])
        var options = ClientOptions()
        options.metadata = .given(try ClientFixture.metadata(.v401))
        var session = SessionOptions()
        session.antiForgery = .never
        session.clock = ClientFakeClock().clock
        let client = ODataClient(
            root: try ClientFixture.root(.v401), transport: transport, options: options, session: session)
        #expect(try await client.entities(long).collect().count == 1)
        #expect(transport.requests.map(\.method) == ["POST", "POST"])
    }
}
