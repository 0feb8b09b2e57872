import HTTPTypes
import OData
import Testing

@Suite("Pitfalls 1–12 and 21–25: JSON of version 2")
struct Pitfall01PayloadTests {
    @Test func `pitfall 01: results, version 1's arrays, bare objects and function imports are all read`() async throws
    {
        let order = PitfallService.order("4711")
        for body in [#"{"d":{"results":[\#(order)]}}"#, #"{"d":[\#(order)]}"#, "[\(order)]"] {
            let service = try PitfallService(.v2, [.json(body)])
            let found = try await service.client.entities(Query("Orders")).collect()
            #expect(found.map(\.pitfallOrder) == ["4711"], "\(body)")
        }
        for body in [#"{"d":\#(order)}"#, order, #"{"d":{"results":\#(order)}}"#] {
            let service = try PitfallService(.v2, [.json(body)])
            #expect(try await service.client.entity(Query("Orders").key("4711")).pitfallOrder == "4711", "\(body)")
        }
        let answers = [#"{"d":{"GetLatest":\#(order)}}"#, #"{"d":\#(order)}"#, #"{"d":{"GetTotal":"12.50"}}"#]
        let service = try PitfallService(.v2, answers.map { .json($0) })
        for _ in 0..<2 {
            #expect(try await service.client.call(OperationCall("GetLatest")).entity?.pitfallOrder == "4711")
        }
        let total = try #require(ODataDecimal("12.50"))
        #expect(try await service.client.call(OperationCall("GetTotal")).value == .decimal(total))
    }

    @Test func `pitfall 02: numbers come as text and as numbers, and stay exact`() async throws {
        let amount = try #require(ODataDecimal("9007199254740993.125"))
        for quote in ["\"", ""] {
            let order = try await PitfallService.read(
                #""Counter":\#(quote)9223372036854775807\#(quote),"NetAmount":\#(quote)9007199254740993.125\#(quote),"#
                    + #""Weight":\#(quote)1.0000000000000001E63\#(quote),"Ratio":\#(quote)-1.234567E-03\#(quote),"#
                    + #""Pages":\#(quote)255\#(quote),"Steps":\#(quote)-7\#(quote)"#)
            #expect(order["Counter"] == .int64(.max))
            #expect(order["NetAmount"] == .decimal(amount))
            #expect(order["Weight"] == .double(1.0000000000000001E63))
            #expect(order["Ratio"] == .single(-1.234567E-03))
            #expect(order["Pages"] == .byte(255))
            #expect(order["Steps"] == .int32(-7))
        }
    }

    @Test func `pitfall 03: milliseconds are wall time, and offsets are minutes`() async throws {
        for text in [#"\/Date(1430784000000)\/"#, "/Date(1430784000000)/"] {
            let order = try await PitfallService.read(#""CreationDate":"\#(text)""#)
            #expect(order["CreationDate"] == LocalDateTime("2015-05-05T00:00:00").map { .dateTime($0) })
        }
        let old = try await PitfallService.read(#""CreationDate":"\/Date(-86400000)\/""#)
        #expect(old["CreationDate"] == LocalDateTime("1969-12-31T00:00:00").map { .dateTime($0) })
        for (text, instant) in [
            ("(1430784000000+0120)", "2015-05-05T02:00:00+02:00"),
            ("(1430784000000-0090)", "2015-05-04T22:30:00-01:30"),
            ("(1430784000000+0000)", "2015-05-05T00:00:00Z"), ("(1430784000000)", "2015-05-05T00:00:00Z"),
        ] {
            let order = try await PitfallService.read(#""ChangedAt":"\/Date\#(text)\/""#)
            #expect(order["ChangedAt"] == OffsetDateTime(instant).map { .dateTimeOffset($0) }, "\(text)")
        }
        // What was read goes back as the same wall time.
        var entity = Entity()
        entity["CreationDate"] = LocalDateTime("2015-05-05T00:00:00").map { .dateTime($0) }
        let sent = try await PitfallService.sent(entity)
        #expect(sent.contains("Date(1430784000000)"))
    }

    @Test func `pitfall 04: a date in ISO form is the same day`() async throws {
        let expected = LocalDateTime("2022-01-04T00:00:00").map { ODataValue.dateTime($0) }
        for text in ["2022-01-04", "2022-01-04T00:00:00", #"\/Date(1641254400000)\/"#] {
            #expect(try await PitfallService.read(#""CreationDate":"\#(text)""#)["CreationDate"] == expected, "\(text)")
        }
    }

    @Test func `pitfall 05: ABAP's empty date is null, and its last day is a day`() async throws {
        for text in [#""0000-00-00""#, #""0000-00-00T00:00:00""#, "null"] {
            #expect(try await PitfallService.read(#""CreationDate":\#(text)"#)["CreationDate"] == .null, "\(text)")
        }
        for text in ["9999-12-31", #"\/Date(253402214400000)\/"#] {
            let order = try await PitfallService.read(#""CreationDate":"\#(text)""#)
            #expect(order["CreationDate"] == LocalDateTime("9999-12-31T00:00:00").map { .dateTime($0) })
        }
    }

    @Test func `pitfall 06: a time is a span on the wire and in literals`() async throws {
        let time = try #require(ODataDuration(seconds: 36_672).map { ODataValue.time($0) })
        #expect(try await PitfallService.read(#""CreationTime":"PT10H11M12S""#)["CreationTime"] == time)
        let filter = try await PitfallService.filtered(.property("CreationTime") == .literal(time))
        #expect(filter == "CreationTime%20eq%20time'PT10H11M12S'")
        var entity = Entity()
        entity["CreationTime"] = time
        #expect(try await PitfallService.sent(entity) == #"{"CreationTime":"PT10H11M12S"}"#)
    }

    @Test func `pitfall 07: a decimal is sent as text in version 2, in version 4 as a number unless it may be text`()
        async throws
    {
        var entity = Entity()
        entity["NetAmount"] = ODataDecimal("1.50").map { .decimal($0) }
        for (version, isCompatible, body) in [
            (ODataVersion.v2, false, #"{"NetAmount":"1.50"}"#), (.v2, true, #"{"NetAmount":"1.50"}"#),
            (.v4, false, #"{"NetAmount":1.50}"#), (.v4, true, #"{"NetAmount":"1.50"}"#),
        ] {
            let service = try PitfallService(
                version, [.status(204)], options: { $0.isIEEE754Compatible = isCompatible })
            try await service.client.create(entity, in: Query("Orders"))
            let request = try #require(service.requests.first)
            #expect(request.text == body)
            let says = request.header("Content-Type")?.contains("IEEE754Compatible=true") == true
            #expect(says == (version.isV4 && isCompatible))
        }
    }

    @Test func `pitfall 08: the count is text, the next link is taken to the known host with its query untouched`()
        async throws
    {
        let next = PitfallService.internalURL + PitfallService.v2Path + "Orders?$skiptoken='a%20b'%2B1&%24orderby=Note"
        let first = #"{"d":{"__count":"2","results":[\#(PitfallService.order("1"))],"__next":"\#(next)"}}"#
        let last = #"{"d":{"results":[\#(PitfallService.order("2"))]}}"#
        let service = try PitfallService(.v2, [.json(first), .json(last)], query: "?sap-client=100")
        var pages: [EntityCollection] = []
        for try await page in service.client.pages(Query("Orders").count()) { pages.append(page) }
        #expect(pages.map(\.count) == [2, nil])
        #expect(pages.flatMap(\.entities).map(\.pitfallOrder) == ["1", "2"])
        let path = PitfallService.v2Path
        #expect(service.lines.last == "GET \(path)Orders?$skiptoken='a%20b'%2B1&%24orderby=Note&sap-client=100")
        #expect(service.requests.allSatisfy { $0.authority == PitfallService.host })
    }

    @Test func `pitfall 09: deferred, null, expanded and empty navigations are told apart`() async throws {
        let order = try await PitfallService.read(
            #""to_Item":{"__deferred":{"uri":"Orders('1')/to_Item"}},"to_Partner":null,"to_Text":{"results":[]}"#)
        #expect(order["to_Item"] == .deferred(DeferredLink(url: "Orders('1')/to_Item")))
        #expect(order["to_Partner"] == .null)
        #expect(order["to_Text"] == .entities(EntityCollection()))
        let expanded = try await PitfallService.read(#""to_Partner":{"Partner":"17"},"to_Item":[{"Item":"10"}]"#)
        guard case .entity(let partner)? = expanded["to_Partner"], case .entities(let items)? = expanded["to_Item"]
        else {
            Issue.record("not expanded")
            return
        }
        #expect(partner["Partner"] == "17")
        #expect(items.entities.map { $0["Item"] } == ["10"])
    }

    @Test func `pitfall 10: an entity's internal address is asked on the known host, its tag goes back untouched`()
        async throws
    {
        let tag = #"W/"datetimeoffset'2026-01-01T00%3A00%3A00Z'""#
        let text = PitfallService.order("1", #","Note":"a""#, etag: tag.replacing("\"", with: "\\\""))
        let service = try PitfallService(.v2, [.json(#"{"d":\#(text)}"#), .status(204)])
        var order = try await service.client.entity(Query("Orders").key("1"))
        #expect(order.etag?.text == tag)
        order["Note"] = "b"
        try await service.client.update(order)
        let request = try #require(service.requests.last)
        #expect(request.line == "MERGE \(PitfallService.v2Path)Orders('1')")
        #expect(request.authority == PitfallService.host)
        #expect(request.header("If-Match") == tag)
    }

    @Test func `pitfall 11: JSON is asked for by a header, and a batch has no format in its URL`() async throws {
        let service = try PitfallService(.v2, [.json(#"{"d":{"results":[]}}"#), .status(500)])
        _ = try await service.client.entities(Query("Orders")).collect()
        var batch = ODataBatch()
        _ = batch.add(.entity(Query("Orders").key("1")))
        let sent = batch
        _ = await clientError { () async throws(ODataError) in _ = try await service.client.send(sent) }
        #expect(service.requests.map { $0.header("Accept") } == ["application/json", "multipart/mixed"])
        #expect(service.requests[1].text.contains("\r\nAccept: application/json\r\n"))
        #expect(service.lines[1] == "POST \(PitfallService.v2Path)$batch")
        #expect(!service.lines[0].contains("$format"))
    }

    @Test func `pitfall 12: the service document of version 2 names its sets`() async throws {
        let service = try PitfallService(.v2, [.json(#"{"d":{"EntitySets":["Orders","Items"]}}"#)])
        let bytes = try await service.client.session.send(SessionRequest(.get, "")).collect()
        let document = try EntityDecoder(metadata: nil, type: nil, version: .v2).serviceDocument(bytes)
        #expect(document.elements.map(\.name) == ["Orders", "Items"])
        #expect(document.elements.map(\.url) == ["Orders", "Items"])
        #expect(service.lines == ["GET \(PitfallService.v2Path)"])
    }

    @Test func `pitfall 21: initial values are values, neither null nor missing`() async throws {
        let order = try await PitfallService.read(#""Note":"","NetAmount":"0.00","Steps":0,"IsBlocked":false"#)
        #expect(order["Note"] == "")
        #expect(order["Steps"] == .int32(0))
        #expect(order["IsBlocked"] == .boolean(false))
        guard case .decimal(let amount)? = order["NetAmount"] else {
            Issue.record("no amount")
            return
        }
        #expect(amount.description == "0.00")
        #expect(order["Quantity"] == nil)
    }

    @Test func `pitfall 22: keys of digits stay text, and are compared without zeros where the metadata says so`()
        async throws
    {
        let service = try PitfallService(.v2, [.json(#"{"d":\#(PitfallService.order("0001000001"))}"#)])
        let order = try await service.client.entity(Query("Orders").key("0001000001"))
        #expect(service.lines == ["GET \(PitfallService.v2Path)Orders('0001000001')"])
        #expect(order["SalesOrder"] == "0001000001")
        let metadata = try PitfallService.metadata(.v2)
        let type = QualifiedName("ZORDER_SRV", "OrderType")
        let key = try #require(order.key(in: metadata))
        #expect(key != EntityKey("1000001"))
        #expect(key.isSame(as: EntityKey("1000001"), of: type, in: metadata))
        #expect(!key.isSame(as: EntityKey("1000002"), of: type, in: metadata))
        #expect(metadata.presentation(of: "SalesOrder", in: type).isDigitSequence)
        #expect(metadata.presentation(of: "SalesOrderType", in: type).isUpperCase)
    }

    @Test func `pitfall 23: 34 digits with 14 behind the point go there and back`() async throws {
        for text in ["12345678901234567890.12345678901234", "-0.00000000000001", "1000.00000000000000"] {
            let order = try await PitfallService.read(#""Rate":"\#(text)""#)
            guard case .decimal(let rate)? = order["Rate"] else {
                Issue.record("no decimal")
                return
            }
            #expect(rate.description == text)
            var entity = Entity()
            entity["Rate"] = .decimal(rate)
            #expect(try await PitfallService.sent(entity) == #"{"Rate":"\#(text)"}"#)
        }
        // An amount in yen has the field's decimals, not the currency's: it is not rounded.
        let yen = try await PitfallService.read(#""NetAmount":"1500.000","Currency":"JPY""#)
        guard case .decimal(let amount)? = yen["NetAmount"] else {
            Issue.record("no amount")
            return
        }
        #expect((amount.description, amount.scale) == ("1500.000", 3))
    }

    @Test func `pitfall 24: blanks at the end are kept, and make no other key`() async throws {
        let order = try await PitfallService.read(#""Unit":"EA ","Note":"a  ""#)
        #expect(order["Unit"] == "EA ")
        #expect(order["Note"] == "a  ")
        let type = QualifiedName("ZORDER_SRV", "PartnerType")
        let metadata = try PitfallService.metadata(.v2)
        #expect(EntityKey("A17  ").isSame(as: EntityKey("A17"), of: type, in: metadata))
        #expect(!EntityKey("  A17").isSame(as: EntityKey("A17"), of: type, in: metadata))
    }

    @Test func `pitfall 25: unit and currency are other fields, which the metadata names`() async throws {
        let metadata = try PitfallService.metadata(.v2)
        let type = QualifiedName("ZORDER_SRV", "OrderType")
        #expect(
            metadata.presentation(of: "NetAmount", in: type).unit
                == UnitAssociation(.path("Currency"), kind: .currency))
        #expect(metadata.presentation(of: "Quantity", in: type).unit == UnitAssociation(.path("Unit"), kind: .unit))
        #expect(metadata.presentation(of: "Rate", in: type).unit == nil)
        let order = try await PitfallService.read(#""NetAmount":"12.50","Currency":"EUR""#)
        let unit = try #require(metadata.presentation(of: "NetAmount", in: type).unit?.path)
        #expect(order[unit] == "EUR")
    }
}
