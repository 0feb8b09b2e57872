import Testing

@testable import OData

/// Payloads as services sent them; the texts are those of `Samples/payloads`.
@Suite("Recorded payloads")
struct RecordedPayloadTests {
    @Test func `the same ticket reads alike in both versions`() throws {
        let fields =
            #""Ticket" : "1000001", "TicketUUID" : "34c6020a-aaaa-1111-2222-af75a376b0f9", "CorrespondenceLanguage" : "","#
            + #" "CreationDate" : "\/Date(1430784000000)\/", "CreationTime" : "PT09H50M04S", "TicketIsBlocked" : false"#
        var type = StructuredType(kind: .entity, name: QualifiedName("API_TICKET", "TicketType"))
        type.properties = [
            EntitySamples.property("Ticket", .string), EntitySamples.property("TicketUUID", .guid),
            EntitySamples.property("CorrespondenceLanguage", .string),
            EntitySamples.property("CreationDate", .dateTime),
            EntitySamples.property("CreationTime", .time), EntitySamples.property("TicketIsBlocked", .boolean),
        ]
        var parts = MetadataParts()
        parts.version = .v2
        parts.structuredTypes = [type.name: type]
        let typed = EntityDecoder(metadata: Metadata(parts), type: type.name, version: .v2)
        let ticket = try typed.entity(
            #"{"d" : {"__metadata" : {"id" : "https://h/T('1000001')", "uri" : "https://h/T('1000001')", "type" : "API_TICKET.TicketType"}, \#(fields)}}"#
        )
        #expect(ticket["Ticket"] == "1000001")
        if case .guid = ticket["TicketUUID"] {} else { Issue.record("no GUID") }
        if case .dateTime(let date) = ticket["CreationDate"] {
            #expect(date.date == CalendarDate(year: 2015, month: 5, day: 5))
        }
        #expect(ticket["CreationTime"] == ODataDuration(seconds: 35_404).map(ODataValue.time))
        let untyped = EntityDecoder(metadata: nil, type: nil, version: .v4)
        let same = try untyped.entity(#"{"@odata.context": "/v4/tickets", \#(fields)}"#)
        #expect(same["CreationDate"] == "/Date(1430784000000)/")
        #expect(same["CreationTime"] == "PT09H50M04S")
        #expect(same["TicketIsBlocked"] == .boolean(false))
        #expect(same.context == "/v4/tickets")
    }

    @Test func `pitfall 8: an expanded page of version 2 has its own count and link`() throws {
        let text = """
            {"d" : {"__metadata" : {"id" : "B('1')", "uri" : "B('1')", "type" : "RefScenario.Building"}, "Id" : "1",
            "Image" : null, "nb_Rooms" : {"__count" : "1", "results" : [{"__metadata" : {"uri" : "R('1')", "type" :
            "RefScenario.Room", "etag" : "W/\\"1\\""}, "Id" : "1", "Seats" : 1, "nr_Employees" : {"__deferred" : {"uri" :
            "R('1')/nr_Employees"}}}], "__next" : "nextLink"}}}
            """
        let entity = try EntityDecoder(metadata: nil, type: nil, version: .v2).entity(text)
        guard case .entities(let rooms) = entity["nb_Rooms"] else {
            Issue.record("no rooms")
            return
        }
        #expect((rooms.count, rooms.nextLink) == (1, "nextLink"))
        #expect(rooms.entities.first?.etag == #"W/"1""#)
        #expect(rooms.entities.first?["nr_Employees"] == .deferred(DeferredLink(url: "R('1')/nr_Employees")))
        #expect(entity["Image"] == .null)
    }

    @Test func `full metadata of version 4 types every value`() throws {
        let text = """
            {"@odata.context": "$metadata#ESTwoKeyNav/$entity", "@odata.metadataEtag": "W/\\"10fc\\"",
            "@odata.type": "#olingo.odata.test1.ETTwoKeyNav", "@odata.id": "ESTwoKeyNav(PropertyInt16=1,PropertyString='1')",
            "PropertyInt16@odata.type": "#Int16", "PropertyInt16": 1, "PropertyString": "1",
            "PropertyComp": {"@odata.type": "#olingo.odata.test1.CTPrimComp", "PropertyInt16@odata.type": "#Int16",
            "PropertyInt16": 11, "PropertyDuration@odata.type": "#Duration", "PropertyDuration": "PT6S",
            "PropertySingle@odata.type": "#Single", "PropertySingle": 179000, "PropertyDouble": -1790000,
            "PropertyTimeOfDay@odata.type": "#TimeOfDay", "PropertyTimeOfDay": "21:05:59"}}
            """
        let entity = try EntityDecoder(metadata: nil, type: nil, version: .v4).entity(text)
        #expect(entity.type == QualifiedName("olingo.odata.test1", "ETTwoKeyNav"))
        #expect(entity["PropertyInt16"] == .int16(1))
        #expect(entity.annotations["@odata.metadataEtag"] == .string("W/\"10fc\""))
        guard case .complex(let complex) = entity["PropertyComp"] else {
            Issue.record("no complex value")
            return
        }
        #expect(complex.type == QualifiedName("olingo.odata.test1", "CTPrimComp"))
        #expect(complex["PropertyDuration"] == ODataDuration(seconds: 6).map(ODataValue.duration))
        #expect(complex["PropertySingle"] == .single(179_000))
        #expect(complex["PropertyTimeOfDay"] == TimeOfDay(hour: 21, minute: 5, second: 59).map(ODataValue.timeOfDay))
    }
}
