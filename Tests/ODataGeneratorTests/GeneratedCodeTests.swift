import HTTPTypes
import OData
import Synchronization
import Testing

/// Answers one request after the other, and remembers what was asked.
private final class GeneratedFakeTransport: ODataTransport {
    private struct State {
        var answers: [(Int, String, HTTPFields)]
        var requests: [(String, String)] = []
    }

    private let state: Mutex<State>

    init(_ answers: [(Int, String, HTTPFields)]) { state = Mutex(State(answers: answers)) }

    /// Method and target, and body.
    var requests: [(line: String, body: String)] { state.withLock { $0.requests.map { ($0.0, $0.1) } } }

    func send(
        _ head: HTTPRequest, body: [UInt8]?, deadline: ContinuousClock.Instant
    ) async throws(TransportError) -> TransportResponse {
        let answer = state.withLock { state in
            let line = head.method.rawValue + " " + (head.path ?? "")
            state.requests.append((line, String(decoding: body ?? [], as: UTF8.self)))
            return state.answers.isEmpty ? nil : state.answers.removeFirst()
        }
        guard let answer else { throw .unreachable }
        var response = HTTPResponse(status: HTTPResponse.Status(code: answer.0))
        response.headerFields = answer.2
        response.headerFields[.contentType] = "application/json"
        let chunk = Mutex<[UInt8]?>(answer.1.isEmpty ? nil : Array(answer.1.utf8))
        let next = { @Sendable () async throws(TransportError) -> [UInt8]? in
            chunk.withLock { chunk in
                defer { chunk = nil }
                return chunk
            }
        }
        return TransportResponse(head: response, body: ResponseBody(next: next, cancel: {}))
    }
}

@Suite("Generated code at work")
struct GeneratedCodeTests {
    private static func client(
        _ transport: GeneratedFakeTransport, _ metadata: Metadata
    ) throws -> ODataClient {
        var options = ClientOptions()
        options.metadata = .given(metadata)
        var session = SessionOptions()
        session.antiForgery = .never
        return ODataClient(
            root: try ServiceRoot("https://sap.example/svc/"), transport: transport, options: options, session: session)
    }

    private static func customerMaterials(_ transport: GeneratedFakeTransport) throws -> ODataClient {
        try client(transport, try GeneratorSamples.metadata("v2/API_CUSTOMER_MATERIAL_SRV.edmx"))
    }

    private static let key = CustomerMaterial.Key(
        salesOrganization: "1010", distributionChannel: "10", customer: "0000100001", material: "TG 11")

    @Test func `an entity is read by its typed key, and its properties are exact`() async throws {
        let transport = GeneratedFakeTransport([
            (
                200,
                #"{"d":{"SalesOrganization":"1010","DistributionChannel":"10","Customer":"0000100001","Material":"TG 11","#
                    + #""MinDeliveryQtyInBaseUnit":"10.500","UnlimitedOverdeliveryIsAllowed":true,"YY1_Own_CMI":"x"}}"#,
                [:]
            )
        ])
        let client = try Self.customerMaterials(transport)
        let material = try await client.entity(CustomerMaterial.self, key: Self.key)
        #expect(
            transport.requests.first?.line
                == "GET /svc/A_CustomerMaterial(SalesOrganization='1010',DistributionChannel='10',"
                + "Customer='0000100001',Material='TG%2011')")
        #expect(material.key == Self.key)
        #expect(material.minDeliveryQtyInBaseUnit?.description == "10.500")
        #expect(material.unlimitedOverdeliveryIsAllowed == true)
        #expect(material.plant == nil)
        #expect(material["YY1_Own_CMI"] == "x")
    }

    @Test func `filters, selections and orders go by typed names`() async throws {
        let transport = GeneratedFakeTransport([(200, #"{"d":{"results":[{"Customer":"1"},{"Customer":"2"}]}}"#, [:])])
        let client = try Self.customerMaterials(transport)
        let materials = client.entities(CustomerMaterial.self) { query in
            query.filter(CustomerMaterial.salesOrganization == "1010" && CustomerMaterial.material.startsWith("TG"))
                .select(CustomerMaterial.customer, CustomerMaterial.plant)
                .top(2)
        }
        var customers: [String?] = []
        for try await material in materials { customers.append(material.customer) }
        #expect(customers == ["1", "2"])
        let line = try #require(transport.requests.first?.line)
        #expect(line.hasPrefix("GET /svc/A_CustomerMaterial?"))
        #expect(line.contains("$filter=SalesOrganization%20eq%20'1010'%20and%20startswith(Material,'TG')"))
        #expect(line.contains("$select=Customer,Plant"))
    }

    @Test func `an update sends what was set, and null for nil`() async throws {
        let transport = GeneratedFakeTransport([(204, "", [:])])
        let client = try Self.customerMaterials(transport)
        var material = CustomerMaterial()
        material.plant = "1010"
        material.salesUnit = nil
        try await client.update(material, key: Self.key, method: .patch, if: .none)
        #expect(transport.requests.first?.line.hasPrefix("PATCH /svc/A_CustomerMaterial(") == true)
        let body = try #require(transport.requests.first?.body)
        #expect(body.contains(#""Plant":"1010""#))
        #expect(body.contains(#""SalesUnit":null"#))
        #expect(!body.contains("Customer\""))
    }

    @Test func `expanded entities are typed, and nil where they weren't expanded`() async throws {
        let answer = #"{"value":[{"ProcessingStatus":"00","_ProcessingStatusText":[{"Language":"EN"}]},{}]}"#
        let transport = GeneratedFakeTransport([(200, answer, [:])])
        let metadata = try GeneratorSamples.metadata("v4/ENTPROJECTPROCESSINGSTATUS_0001.edmx")
        let client = try Self.client(transport, metadata)
        let found = try await client.entities(ProcessingStatus.self) { query in
            query.expand(ProcessingStatus.processingStatusTextNavigation) { $0.select(ProcessingStatusText.language) }
        }.collect()
        #expect(
            transport.requests.first?.line
                == "GET /svc/ProcessingStatus?$expand=_ProcessingStatusText($select=Language)")
        #expect(found[0].processingStatusTextNavigation?.map(\.language) == ["EN"])
        #expect(found[1].processingStatusTextNavigation == nil)
    }

    @Test func `deep insert goes by typed navigation`() async throws {
        let transport = GeneratedFakeTransport([(201, "{}", [:])])
        let metadata = try GeneratorSamples.metadata("v4/ENTPROJECTPROCESSINGSTATUS_0001.edmx")
        let client = try Self.client(transport, metadata)
        var status = ProcessingStatus()
        status.processingStatus = "Z1"
        var text = ProcessingStatusText()
        text.language = "EN"
        status.processingStatusTextNavigation = [text]
        try await client.create(status)
        #expect(transport.requests.first?.line == "POST /svc/ProcessingStatus")
        #expect(
            transport.requests.first?.body
                == #"{"ProcessingStatus":"Z1","_ProcessingStatusText":[{"Language":"EN"}]}"#)
    }

    // MARK: The made-up service

    private static func warehouse(_ transport: GeneratedFakeTransport) throws -> WMWarehouseService {
        WMWarehouseService(client: try client(transport, try Metadata(xml: Array(goldenDocument.utf8))))
    }

    private static let bin = Query("Bins").key(
        WMBin.Key(warehouse: "W", number: 7, storageTypeOfTheWarehouse: GUID(high: 1, low: 2), default: true).entityKey)

    @Test func `a bound action takes typed parameters and gives a typed entity`() async throws {
        let transport = GeneratedFakeTransport([(200, #"{"Warehouse":"W","Level":"High","Access":"Read,New"}"#, [:])])
        let service = try Self.warehouse(transport)
        var target = WMBin()
        target.warehouse = "X"
        let moved = try await service.move(on: Self.bin, to: target, optionsParameter: [.write, .read], tags: ["a"])
        let request = try #require(transport.requests.first)
        #expect(request.line.hasPrefix("POST /svc/Bins(Warehouse='W',Number=7,"))
        #expect(request.line.hasSuffix(",default=true)/wm.v1.Move"))
        #expect(request.body == #"{"Options":"Read,Write","Tags":["a"],"To":{"Warehouse":"X"}}"#)
        #expect(moved?.warehouse == "W")
        #expect(moved?.level == .high)
        #expect(moved?.access?.contains(.read) == true)
        #expect(moved?.access?.names == ["Read", "New"])
    }

    @Test func `functions give values and collections of typed entities`() async throws {
        let transport = GeneratedFakeTransport([
            (200, #"{"value":12.50}"#, [:]), (200, #"{"value":[{"Number":9007199254740993}]}"#, [:]),
            (200, #"{"value":["Low","New",2]}"#, [:]), (204, "", [:]),
        ])
        let service = try Self.warehouse(transport)
        #expect(try await service.load()?.description == "12.50")
        #expect(try await service.search(text: "a'b").map(\.number) == [9_007_199_254_740_993])
        #expect(try await service.clientOperation() == [.low, .unknown("New"), .high])
        try await service.clear(on: WMWarehouseService.bins)
        #expect(
            transport.requests.map(\.line) == [
                "GET /svc/Load()", "GET /svc/Search(Text='a''b')", "POST /svc/Client", "POST /svc/Bins/wm.v1.Clear",
            ])
    }

    @Test func `values of other types than the code knows are nil, and still there`() throws {
        var bin = WMBin(entity: Entity())
        bin.entity["Level"] = .int32(5)
        bin.entity["Tags"] = "x"
        bin.entity["Next"] = .deferred(DeferredLink())
        #expect(bin.level == nil && bin.tags == nil && bin.next == nil)
        #expect(bin["Level"] == .int32(5))
        #expect(try WMLevel(odataValue: .enumeration(EnumerationValue("7"))) == .unknown("7"))
        #expect(WMLevel.unknown("7").odataValue == .enumeration(EnumerationValue("7", of: WMLevel.typeName)))
        #expect(bin.key == nil)
    }

    @Test func `complex values are set as a whole and in part`() throws {
        var bin = WMBin()
        var place = WMPlace()
        place.aisle = 3
        bin.place = place
        bin.places = [place, WMPlace()]
        #expect(bin.place?.aisle == 3)
        #expect(bin.places?.map(\.aisle) == [3, nil])
        bin.place = nil
        #expect(bin["Place"] == .null)
        #expect(bin.entity.changedNames == ["Place", "Places"])
    }
}
