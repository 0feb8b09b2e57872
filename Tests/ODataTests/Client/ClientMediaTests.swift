import HTTPTypes
import Testing

@testable import OData

@Suite("Media resources and streams")
struct ClientMediaTests {
    @Test(arguments: [ODataVersion.v2, .v4])
    func `a media resource comes as its bytes arrive`(_ version: ODataVersion) async throws {
        let transport = ClientFakeTransport([
            .answer(200, [.contentType: "image/png", .contentLength: "4", .eTag: "\"m\""], [[1, 2], [3, 4]])
        ])
        let client = try ClientFixture.client(version, transport)
        let content = try await client.content(Query("Documents").key("1").rawValue())
        #expect(transport.lines == ["GET \(ClientFixture.path(version))Documents('1')/$value"])
        #expect(transport.requests[0].header("Accept") == "*/*")
        #expect((content.mediaType, content.length, content.etag) == ("image/png", 4, "\"m\""))
        #expect(transport.taken(0) == 0)
        #expect(try await content.collect(maxBytes: 4) == [1, 2, 3, 4])
    }

    @Test func `more bytes than wanted are refused, by their length or as they come`() async throws {
        for fields: HTTPFields in [[.contentLength: "5"], [:]] {
            let transport = ClientFakeTransport([.answer(200, fields, [[1, 2, 3], [4, 5]])])
            let content = try await ClientFixture.client(.v4, transport).content(Query("Documents").key("1").rawValue())
            let error = await clientError { () async throws(ODataError) in _ = try await content.collect(maxBytes: 4) }
            #expect(error == .limit(.bodyBytes(4)))
            #expect(transport.isCancelled(0))
        }
    }

    @Test func `an HTML document is content where content was asked for`() async throws {
        let transport = ClientFakeTransport([.answer(200, [.contentType: "text/html"], [Array("<p>".utf8)])])
        let content = try await ClientFixture.client(.v4, transport).content(Query("Documents").key("1").rawValue())
        #expect(try await content.collect(maxBytes: 10) == Array("<p>".utf8))
    }

    @Test func `a stream is read where its link says, within the service`() async throws {
        let transport = ClientFakeTransport { _, _ in .answer(200, [:], [[1]]) }
        let client = try ClientFixture.client(.v4, transport)
        _ = try await client.content(of: StreamReference(readURL: "Orders('1')/Photo"))
        _ = try await client.content(of: StreamReference(editURL: "https://internal/odata4/orders/Orders('2')/Photo"))
        #expect(transport.lines == ["GET /odata4/orders/Orders('1')/Photo", "GET /odata4/orders/Orders('2')/Photo"])
        let foreign = await clientError { () async throws(ODataError) in
            _ = try await client.content(of: StreamReference(readURL: "https://evil.example/photo"))
        }
        #expect(foreign == .foreignLink)
        let none = await clientError { () async throws(ODataError) in
            _ = try await client.content(of: StreamReference())
        }
        #expect(none == .unsupported(.notAMediaEntity))
        #expect(transport.requests.count == 2)
    }

    @Test func `a media entity is created from its bytes, named by a slug that is encoded`() async throws {
        let transport = ClientFakeTransport([.json(#"{"d":{"ID":"5"}}"#, status: 201)])
        let client = try ClientFixture.client(.v2, transport)
        let created = try await client.createMedia(
            [0xFF, 0xD8], mediaType: "image/jpeg", slug: "Über 100%\r\nX: y", in: Query("Documents"))
        #expect(created.clientTestID == "5")
        let request = try #require(transport.requests.first)
        #expect(request.line == "POST \(ClientFixture.v2Path)Documents")
        #expect(request.body == [0xFF, 0xD8])
        #expect(request.header("Content-Type") == "image/jpeg")
        #expect(request.header("Slug") == "%C3%9Cber 100%25%0D%0AX: y")
        #expect(request.header("Accept") == "application/json")
    }

    @Test func `content is replaced under its own tag, and the new one is told`() async throws {
        let transport = ClientFakeTransport([.status(204, [.eTag: "\"m2\""]), .status(412)])
        let client = try ClientFixture.client(.v4, transport)
        let query = Query("Orders").key("1").navigate("Photo")
        let etag = try await client.replaceContent(query, with: [1], mediaType: "image/png", if: .matches("\"m1\""))
        #expect(etag == "\"m2\"")
        #expect(transport.lines == ["PUT /odata4/orders/Orders('1')/Photo"])
        #expect(transport.requests[0].header("If-Match") == "\"m1\"")
        let error = await clientError { () async throws(ODataError) in
            try await client.replaceContent(query, with: [], mediaType: "image/png")
        }
        if case .conflict(.stale, _)? = error {} else { Issue.record("threw \(String(describing: error))") }
    }
}
