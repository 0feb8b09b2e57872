import HTTPTypes
import Testing

@testable import OData

@Suite("Calling functions and actions")
struct ClientOperationTests {
    @Test func `a version 2 import has its parameters in the URL and the method of the metadata`() async throws {
        let order = ClientFixture.order(.v2, "7")
        let transport = ClientFakeTransport([
            .json(#"{"d":{"Latest":\#(order)}}"#), .json(#"{"d":\#(order)}"#), .json(#"{"d":{"Total":"10.50"}}"#),
            .json(#"{"d":{"results":[\#(order)]}}"#), .status(204),
        ])
        let client = try ClientFixture.client(.v2, transport)
        #expect(try await client.call(OperationCall("Latest", ["Plant": "A'1"])).entity?.clientTestID == "7")
        let day = try #require(CalendarDate(year: 2026, month: 11, day: 24))
        let midnight = try #require(TimeOfDay(hour: 0, minute: 0))
        let cancelled = try await client.call(
            OperationCall("Cancel", ["ID": "7", "On": .dateTime(LocalDateTime(day, midnight))]))
        #expect(cancelled.entity?.clientTestID == "7")
        #expect(
            try await client.call(OperationCall("Total")).value
                == .decimal(ODataDecimal(significand: 105, exponent: -1)))
        #expect(try await client.call(OperationCall("Open")).entities?.entities.count == 1)
        #expect(try await client.call(OperationCall("Purge")) == .none)
        let path = ClientFixture.v2Path
        #expect(
            transport.lines == [
                "GET \(path)Latest?Plant='A''1'", "POST \(path)Cancel?ID='7'&On=datetime'2026-11-24T00:00:00'",
                "GET \(path)Total", "GET \(path)Open", "POST \(path)Purge",
            ])
        #expect(transport.requests[0].body == nil)
        #expect(transport.requests[1].body == [])
    }

    @Test func `an import that gives no entity gives nothing, in each notation`() async throws {
        for answer in [#"{"d":{"Latest":null}}"#, #"{"d":null}"#, "null"] {
            let client = try ClientFixture.client(.v2, ClientFakeTransport([.json(answer)]))
            #expect(try await client.call(OperationCall("Latest", ["Plant": "1"])) == .none)
        }
    }

    @Test func `a version 4 function is read with its parameters inline, bound or by its import`() async throws {
        let transport = ClientFakeTransport([.json(ClientFixture.page(.v4, ["1", "2"])), .json(#"{"value":1.250}"#)])
        let client = try ClientFixture.client(.v4, transport)
        let open = try await client.call(OperationCall("Open", ["Plant": "1/0"]))
        #expect(open.entities?.entities.count == 2)
        let weight = try await client.call(OperationCall("orders.Weight", on: Query("Orders").key("1"), ["Unit": "KG"]))
        #expect(weight.value == .decimal(ODataDecimal(significand: 1250, exponent: -3)))
        #expect(
            transport.lines == [
                "GET /odata4/orders/Open(Plant='1%2F0')", "GET /odata4/orders/Orders('1')/orders.Weight(Unit='KG')",
            ])
    }

    @Test func `a function's collection is read through all its pages, with options`() async throws {
        let transport = ClientFakeTransport([
            .json(ClientFixture.page(.v4, ["1"], next: "Open(Plant='1')?$skiptoken=2")),
            .json(ClientFixture.page(.v4, ["2"])),
        ])
        let client = try ClientFixture.client(.v4, transport)
        var call = OperationCall("Open", ["Plant": "1"])
        call.options.select = ["ID"]
        #expect(try await client.entities(call.query).collect().compactMap(\.clientTestID) == ["1", "2"])
        #expect(transport.lines[0] == "GET /odata4/orders/Open(Plant='1')?$select=ID")
    }

    @Test func `collections go as parameter aliases`() async throws {
        let transport = ClientFakeTransport([.json(#"{"value":[]}"#)])
        let client = try ClientFixture.client(.v4, transport)
        _ = try await client.call(OperationCall("ByIDs", ["IDs": .collection(["a&b", "c"])]))
        #expect(transport.lines == [#"GET /odata4/orders/ByIDs(IDs=@IDs)?@IDs=%5B%22a%26b%22,%22c%22%5D"#])
    }

    @Test func `an action is posted with its parameters in the body, in their declared types`() async throws {
        let transport = ClientFakeTransport([.json(#"{"@odata.etag":"W/'2'","ID":"7"}"#), .status(204)])
        let client = try ClientFixture.client(.v4, transport)
        var options = RequestOptions()
        options.headers[.ifMatch] = "W/'1'"
        let released = try await client.call(
            OperationCall("orders.Release", on: Query("Orders").key("7"), ["Amount": .int32(5)]), options)
        #expect(released.entity?.etag == "W/'2'")
        let day = try #require(CalendarDate(year: 2026, month: 1, day: 2))
        #expect(try await client.call(OperationCall("Purge", ["Before": .date(day)])) == .none)
        #expect(transport.lines == ["POST /odata4/orders/Orders('7')/orders.Release", "POST /odata4/orders/Purge"])
        #expect(transport.requests[0].text == #"{"Amount":"5"}"#)
        #expect(transport.requests[0].header("If-Match") == "W/'1'")
        #expect(transport.requests[1].text == #"{"Before":"2026-01-02"}"#)
    }

    @Test func `an operation or parameter that isn't there sends nothing`() async throws {
        let transport = ClientFakeTransport([])
        let client = try ClientFixture.client(.v4, transport)
        let calls = [
            OperationCall("Nope"), OperationCall("orders.Nope", on: Query("Orders").key("1")),
            OperationCall("Purge", ["Nope": "1"]), OperationCall("Open", ["Nope": "1"]),
            OperationCall("orders.Release", on: Query("Orders")),
            OperationCall("Release", on: Query("Orders").key("1")),
        ]
        for call in calls {
            let error = await clientError { () async throws(ODataError) in try await client.call(call) }
            if case .query? = error {} else { Issue.record("\(call.name) threw \(String(describing: error))") }
        }
        #expect(transport.requests.isEmpty)
    }

    @Test func `an action whose outcome is unknown is not repeated`() async throws {
        let transport = ClientFakeTransport { _, _ in .failure(.timedOut(isSent: true)) }
        let client = try ClientFixture.client(.v4, transport)
        let error = await clientError { () async throws(ODataError) in
            try await client.call(OperationCall("orders.Release", on: Query("Orders").key("7")))
        }
        #expect(error?.isOutcomeUnknown == true)
        #expect(transport.requests.count == 1)
    }

    @Test(arguments: [
        (#"{"value":[{"ID":"1"}]}"#, "entities"),
        (#"{"@odata.context":"$metadata#Orders/$entity","ID":"1"}"#, "entity"),
        (#"{"value":5}"#, "value"), (#"{"value":["a"]}"#, "value"), ("null", "none"),
        (#"{"@odata.id":"x","ID":"1"}"#, "entity"),
    ])
    func `without metadata the shape of a result says what it is`(_ text: String, _ kind: String) async throws {
        let client = try ClientFixture.client(.v4, ClientFakeTransport([.json(text)])) { options in
            options.metadata = .unused
            options.version = .exactly(.v4)
        }
        let found =
            switch try await client.call(OperationCall("F", kind: .function)) {
            case .none: "none"
            case .value: "value"
            case .entity: "entity"
            case .entities: "entities"
            }
        #expect(found == kind)
    }

    @Test func `without metadata a call must say what it is`() async throws {
        let client = try ClientFixture.client(.v4, ClientFakeTransport([])) { options in
            options.metadata = .unused
            options.version = .exactly(.v4)
        }
        let error = await clientError { () async throws(ODataError) in try await client.call(OperationCall("F")) }
        #expect(error == .query(.unknownName("F", in: "")))
    }
}
