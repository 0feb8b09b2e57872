import OData
import Testing

@Suite("Pitfalls 26–29: batches")
struct Pitfall26BatchTests {
    /// A part of an answer as the gateway writes it.
    private static func part(_ status: String, _ body: String = "", id: String? = nil) -> String {
        let contentID = id.map { "content-id: \($0)\r\n" } ?? ""
        return "Content-Type: application/http\r\nContent-Length: 9\r\n"
            + "content-transfer-encoding: binary\r\n\(contentID)\r\nHTTP/1.1 \(status)\r\nContent-Type: application/json\r\ndataserviceversion: 2.0\r\n\r\n\(body)\r\n"
    }

    private static func changeSet(_ parts: [String]) -> String {
        let joined = parts.map { "--CS1\r\n" + $0 }.joined()
        return "Content-Type: multipart/mixed; boundary=CS1\r\n\r\n\r\n" + joined + "--CS1--\r\n"
    }

    private static func answer(_ parts: [String], status: Int = 202, boundary: String = "B1") -> ClientFakeAnswer {
        let text = "preamble\r\n" + parts.map { "--B1\r\n" + $0 }.joined() + "--B1--\r\nepilogue"
        return .sap(status, [("Content-Type", "multipart/mixed; boundary=" + boundary)], text)
    }

    private static let refused =
        #"{"error":{"code":"V1/384","message":{"lang":"en","value":"Sales unit is not defined"},"innererror":{}}}"#

    @Test func `pitfall 26: 202, a quoted boundary, bare line ends, wrong lengths and a failed change set's one part`()
        async throws
    {
        let parts = [
            Self.part("200 OK", #"{"d":\#(PitfallService.order("1"))}"#), Self.part("400 Bad Request", Self.refused),
            Self.part("404 Not Found", Self.refused),
        ]
        guard case .answer(let status, let headers, let chunks) = Self.answer(parts, boundary: "\"B1\"") else {
            Issue.record("no answer")
            return
        }
        let bare = chunks.map { $0.filter { $0 != 13 } }
        for answer in [ClientFakeAnswer.answer(status, headers, chunks), .answer(status, headers, bare)] {
            let service = try PitfallService(.v2, [answer])
            var batch = ODataBatch()
            batch.continuesOnError = true
            let read = batch.add(.entity(Query("Orders").key("1")))
            let writes = batch.changeSet { set in
                [set.add(.delete(Query("Orders").key("1"))), set.add(.delete(Query("Orders").key("2")))]
            }
            let missing = batch.add(.entity(Query("Orders").key("9")))
            let answers = try await service.client.send(batch)
            #expect(try await answers.value(of: read).pitfallOrder == "1")
            for write in writes {
                let error = await clientError { () async throws(ODataError) in _ = try await answers.answer(to: write) }
                #expect(error?.serviceError?.code == "V1/384")
            }
            let error = await clientError { () async throws(ODataError) in _ = try await answers.value(of: missing) }
            #expect(error?.serviceError?.status == 404)
            // What is sent has CRLF alone.
            let sent = try #require(service.requests.first?.body)
            #expect(sent.indices.allSatisfy { sent[$0] != 10 || $0 > 0 && sent[$0 - 1] == 13 })
        }
        let sample = try String(decoding: ClientSample.bytes("payloads/BatchResponseWithChangeset.txt"), as: UTF8.self)
        let type = "multipart/mixed; boundary=" + (sample.split(separator: "\n").first?.dropFirst(2).trimmed ?? "")
        #expect(try BatchResponse(parsing: Array(sample.utf8), contentType: type).parts.count == 4)
    }

    @Test func `pitfall 27: requests within are relative to the service, and the client stands on the outer URL alone`()
        async throws
    {
        let service = try PitfallService(
            .v2, [Self.answer([Self.changeSet([Self.part("204 No Content")])])], query: "?sap-client=100")
        var order = Entity()
        order.id = PitfallService.internalURL + PitfallService.v2Path + "Orders('1')?sap-client=100"
        let deleted = order
        var batch = ODataBatch()
        let slot = batch.changeSet { set in set.add(.delete(deleted)) }
        _ = try await service.client.send(batch).answer(to: slot)
        let request = try #require(service.requests.first)
        #expect(request.line == "POST \(PitfallService.v2Path)$batch?sap-client=100")
        #expect(request.text.contains("\r\nDELETE Orders('1') HTTP/1.1\r\n"))
        #expect(!request.text.contains("sap-client"))
    }

    @Test func `pitfall 28: a batch of reads takes a token along`() async throws {
        let fetched = ClientFakeAnswer.sap(200, [("x-csrf-token", "T1"), ("Content-Type", "application/json")])
        let body = #"{"d":\#(PitfallService.order("1"))}"#
        let service = try PitfallService(
            .v2, [fetched, Self.answer([Self.part("200 OK", body)])], session: { $0.antiForgery = .automatic })
        var batch = ODataBatch()
        let slot = batch.add(.entity(Query("Orders").key("1")))
        let answers = try await service.client.send(batch)
        #expect(try await answers.value(of: slot).pitfallOrder == "1")
        #expect(service.requests.map(\.method) == ["HEAD", "POST"])
        #expect(service.requests.map { $0.header("X-CSRF-Token") } == ["Fetch", "T1"])
    }

    @Test func `pitfall 29: a change set's answers in another order find their requests`() async throws {
        let made = ["1", "2"].map { #"{"d":\#(PitfallService.order($0))}"# }
        let set = Self.changeSet([
            Self.part("201 Created", made[1], id: "2"), Self.part("201 Created", made[0], id: "1"),
        ])
        let service = try PitfallService(.v2, [Self.answer([set])])
        var batch = ODataBatch()
        let slots = batch.changeSet { set in
            (0..<2).map { _ in set.add(.create(Entity(), in: Query("Orders"))) }
        }
        #expect(slots.map(\.id) == ["1", "2"])
        let answers = try await service.client.send(batch)
        #expect(try await answers.value(of: slots[0]).pitfallOrder == "1")
        #expect(try await answers.value(of: slots[1]).pitfallOrder == "2")
    }
}

extension Substring {
    /// Without the carriage return that some lines have.
    fileprivate var trimmed: String { String(filter { $0 != "\r" }) }
}
