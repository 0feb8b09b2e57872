import OData
import Testing

@Suite("Pitfalls 15–20: requests of version 2")
struct Pitfall15RequestTests {
    @Test func `pitfall 15: literals and keys have version 2's forms, quotes doubled, then percent-encoded`()
        async throws
    {
        let guid = try #require(GUID("0050568d-393c-1ed4-9d97-e65f0f3fcc23"))
        let day = try #require(LocalDateTime("2026-01-04T00:00:00"))
        let instant = try #require(OffsetDateTime("2026-01-04T10:00:00Z"))
        let time = try #require(ODataDuration("PT10H11M12S"))
        let filters: [(String, QueryExpression, String)] = [
            ("CreationDate", .literal(.dateTime(day)), "datetime'2026-01-04T00:00:00'"),
            ("ChangedAt", .literal(.dateTimeOffset(instant)), "datetimeoffset'2026-01-04T10:00:00Z'"),
            ("OrderUUID", .literal(.guid(guid)), "guid'0050568d-393c-1ed4-9d97-e65f0f3fcc23'"),
            ("NetAmount", 10, "10M"),
            ("Counter", 10, "10L"), ("Weight", 1.5, "1.5d"), ("Hash", .literal(.binary([10, 255])), "X'0AFF'"),
            ("CreationTime", .literal(.time(time)), "time'PT10H11M12S'"), ("Note", "O'Neil", "'O''Neil'"),
        ]
        for (property, value, literal) in filters {
            let filter = try await PitfallService.filtered(.property(property) == value)
            #expect(filter == property + "%20eq%20" + literal)
        }
        let service = try PitfallService(.v2, ClientFakeTransport { _, _ in .json(#"{"d":{"SalesOrder":"1"}}"#) })
        _ = try await service.client.entity(Query("Items").key(["SalesOrder": "1", "Item": "O'N/1 +ü"]))
        _ = try await service.client.call(OperationCall("GetLatest", ["Since": .dateTime(day)]))
        let path = PitfallService.v2Path
        #expect(
            service.lines == [
                "GET \(path)Items(SalesOrder='1',Item='O''N%2F1%20%2B%C3%BC')",
                "GET \(path)GetLatest?Since=datetime'2026-01-04T00:00:00'",
            ])
        // SAP takes a decimal without its suffix: what a link of its own says is read.
        #expect(try Query(parsing: "Orders?$filter=NetAmount eq 10.5", version: .v2).options.filter != nil)
    }

    @Test func `pitfall 16: a space is %20 and a plus %2B`() async throws {
        #expect(try await PitfallService.filtered(.property("Note") == "1 + 1") == "Note%20eq%20'1%20%2B%201'")
        let offset = try #require(OffsetDateTime("2026-01-04T10:00:00+02:00"))
        let filter = try await PitfallService.filtered(.property("ChangedAt") == .literal(.dateTimeOffset(offset)))
        #expect(filter == "ChangedAt%20eq%20datetimeoffset'2026-01-04T10:00:00%2B02:00'")
    }

    @Test func `pitfall 17: substringof is turned round, a filter through an expansion refused, a selection keeps it`()
        async throws
    {
        #expect(
            try await PitfallService.filtered(.property("Note").contains("x")) == "substringof('x',Note)")
        let service = try PitfallService(.v2, [.json(#"{"d":{"results":[]}}"#)])
        let filtered = Query("Orders").expand("to_Item").filter(.property("to_Item/Material") == "M1")
        let error = await clientError { () async throws(ODataError) in
            _ = try await service.client.entities(filtered).collect()
        }
        #expect(error == .query(.misplaced("Material")))
        #expect(service.requests.isEmpty)
        _ = try await service.client.entities(Query("Orders").select("Note").expand("to_Item")).collect()
        #expect(service.lines == ["GET \(PitfallService.v2Path)Orders?$select=Note,to_Item&$expand=to_Item"])
    }

    @Test func `pitfall 18: MERGE is what old gateways know, PATCH and a tunnel can be had, 204 needs no body`()
        async throws
    {
        var order = try await PitfallService.read(#""Note":"a""#)
        order["Note"] = "b"
        let answers: [ClientFakeAnswer] = [.sap(204, [("ETag", "W/'2'")]), .status(204), .status(204)]
        let service = try PitfallService(.v2, answers)
        let tagged = try await service.client.update(order)
        #expect((tagged.etag, tagged["Note"]) == ("W/'2'", "b"))
        // Without a tag in the answer there is none any more: the old one is stale.
        order.etag = "W/'1'"
        #expect(try await service.client.update(order, method: .patch).etag == nil)
        let tunnel = try PitfallService(.v2, [.status(204)], options: { $0.tunnelsMethods = true })
        try await tunnel.client.update(order)
        #expect(service.requests.map(\.method) == ["MERGE", "PATCH"])
        #expect(service.requests.map(\.text) == [#"{"Note":"b"}"#, #"{"Note":"b"}"#])
        #expect(tunnel.requests.map(\.method) == ["POST"])
        #expect(tunnel.requests.map { $0.header("X-HTTP-Method") } == ["MERGE"])
    }

    @Test func `pitfall 19: a missing tag, a stale one and a lock are told apart, and a star must be asked for`()
        async throws
    {
        var order = try await PitfallService.read(#""Note":"a""#)
        order["Note"] = "b"
        order.etag = "W/'1'"
        let changed = order
        for (status, reason) in [(428, ConflictReason.tagRequired), (412, .stale), (409, .locked)] {
            let service = try PitfallService(.v2, [.status(status)])
            let error = await clientError { () async throws(ODataError) in _ = try await service.client.update(changed)
            }
            guard case .conflict(let found, _)? = error else {
                Issue.record("threw \(String(describing: error))")
                return
            }
            #expect(found == reason)
            // A refused write is not sent again with another condition.
            #expect(service.requests.map { $0.header("If-Match") } == ["W/'1'"])
        }
        let service = try PitfallService(.v2, [.status(204), .status(204)])
        try await service.client.update(changed, if: .exists)
        try await service.client.update(changed, if: .none)
        #expect(service.requests.map { $0.header("If-Match") } == ["*", nil])
    }

    @Test func `pitfall 20: a deep insert nests arrays or results, and needs no Content-ID in a batch`() async throws {
        var (order, item) = (Entity(), Entity())
        item["Material"] = "M1"
        order["to_Item"] = .entities(EntityCollection([item]))
        #expect(try await PitfallService.sent(order) == #"{"to_Item":[{"Material":"M1"}]}"#)
        let wrapped = try await PitfallService.sent(order, options: { $0.wrapsResults = true })
        #expect(wrapped == #"{"to_Item":{"results":[{"Material":"M1"}]}}"#)
        var batch = ODataBatch()
        let insert = order
        _ = batch.changeSet { set in set.add(.create(insert, in: Query("Orders"))) }
        let sent = batch
        let service = try PitfallService(.v2, [.status(500)])
        _ = await clientError { () async throws(ODataError) in _ = try await service.client.send(sent) }
        let text = try #require(service.requests.first?.text)
        #expect(text.contains("\r\nPOST Orders HTTP/1.1\r\n"))
        #expect(text.contains(#"{"to_Item":[{"Material":"M1"}]}"#))
        #expect(!text.contains("$1"))
    }
}
