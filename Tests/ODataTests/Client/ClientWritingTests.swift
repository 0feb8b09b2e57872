import HTTPTypes
import Testing

@testable import OData

@Suite("Creating, changing and deleting entities with the client")
struct ClientWritingTests {
    private static let versions: [ODataVersion] = [.v2, .v4]

    /// An order as it was read, with its tag.
    private func read(_ version: ODataVersion, etag: String? = "W/'1'") throws -> Entity {
        let text = ClientFixture.single(
            version, ClientFixture.order(version, "7", #","Note":"old","Amount":"1.00""#, etag: etag))
        let type = QualifiedName(version.isV4 ? "orders" : "ORDERS", "Order")
        let decoder = EntityDecoder(metadata: try ClientFixture.metadata(version), type: type, version: version)
        return try decoder.entity(Array(text.utf8))
    }

    // MARK: Create

    @Test(arguments: ODataVersion.allCases)
    func `pitfall 7: a new entity is posted to its set, decimals in the version's form`(
        _ version: ODataVersion
    ) async throws {
        let answer = ClientFixture.single(
            version, ClientFixture.order(version, "7", #","Amount":"1.50""#, etag: "W/'1'"))
        let transport = ClientFakeTransport([.json(answer, status: 201, [.location: "https://internal/x/Orders('7')"])])
        let client = try ClientFixture.client(version, transport)
        var order = Entity()
        order["Note"] = "new"
        order["Amount"] = .decimal(ODataDecimal(significand: 150, exponent: -2))
        let answered = try await client.answer(to: .create(order, in: Query("Orders")))
        #expect(answered.value.clientTestID == "7")
        #expect(answered.value.etag == "W/'1'")
        #expect(answered.status == 201)
        #expect(answered.location == "https://internal/x/Orders('7')")
        let request = try #require(transport.requests.first)
        #expect(request.line == "POST \(ClientFixture.path(version))Orders")
        #expect(request.text == #"{"Note":"new","Amount":"1.50"}"#)
        #expect(request.header("Content-Type") == "application/json" + (version.isV4 ? ";IEEE754Compatible=true" : ""))
        #expect(request.header("OData-Version") == (version.isV4 ? version.rawValue : nil))
    }

    @Test
    func `pitfall 7: without IEEE754Compatible a decimal is a number in version 4, and still a string in version 2`()
        async throws
    {
        for version in Self.versions {
            let transport = ClientFakeTransport([.status(204)])
            let client = try ClientFixture.client(version, transport) { $0.isIEEE754Compatible = false }
            var order = Entity()
            order["Amount"] = .decimal(ODataDecimal(significand: 150, exponent: -2))
            try await client.create(order, in: Query("Orders"))
            #expect(transport.requests[0].text == (version.isV4 ? #"{"Amount":1.50}"# : #"{"Amount":"1.50"}"#))
            #expect(transport.requests[0].header("Content-Type") == "application/json")
        }
    }

    @Test func `pitfall 20: a deep insert nests arrays, or results where a service wants them`() async throws {
        var item = Entity()
        item["Pos"] = .int32(10)
        for wraps in [false, true] {
            let transport = ClientFakeTransport([.status(204)])
            let client = try ClientFixture.client(.v2, transport) { $0.wrapsResults = wraps }
            var order = Entity()
            order["ID"] = "7"
            order["to_Item"] = .entities(EntityCollection([item]))
            try await client.create(order, in: Query("Orders"))
            let items = wraps ? #"{"results":[{"Pos":10}]}"# : #"[{"Pos":10}]"#
            #expect(transport.requests[0].text == #"{"ID":"7","to_Item":\#(items)}"#)
        }
    }

    @Test func `a create that is answered without a body keeps what was sent, with id and tag`() async throws {
        let fields: HTTPFields = [.eTag: "W/'5'", .odataEntityID: "https://erp.example.com/odata4/orders/Orders('7')"]
        let transport = ClientFakeTransport([.status(204, fields), .status(204)])
        let client = try ClientFixture.client(.v4, transport)
        var order = Entity()
        order["ID"] = "7"
        var created = try await client.create(order, in: Query("Orders"), RequestOptions(returning: .minimal))
        #expect(transport.requests[0].header("Prefer") == "return=minimal")
        #expect(created.etag == "W/'5'")
        #expect(created.changedNames.isEmpty)
        created["Note"] = "x"
        _ = try await client.update(created)
        #expect(transport.lines[1] == "PATCH /odata4/orders/Orders('7')")
        #expect(transport.requests[1].header("If-Match") == "W/'5'")
    }

    @Test func `a create may be written below another entity`() async throws {
        let transport = ClientFakeTransport([.json(#"{"Pos":10}"#, status: 201)])
        let client = try ClientFixture.client(.v4, transport)
        var item = Entity()
        item["Pos"] = .int32(10)
        try await client.create(item, in: Query("Orders").key("7").navigate("Items"))
        #expect(transport.lines == ["POST /odata4/orders/Orders('7')/Items"])
    }

    @Test func `a value that its property can't have sends nothing`() async throws {
        let transport = ClientFakeTransport([])
        let client = try ClientFixture.client(.v4, transport)
        var order = Entity()
        order["Amount"] = "many"
        let error = await clientError { () async throws(ODataError) in
            try await client.create(order, in: Query("Orders"))
        }
        if case .value? = error {} else { Issue.record("threw \(String(describing: error))") }
        #expect(transport.requests.isEmpty)
    }

    @Test func `a create whose answer is lost is not sent twice, and says that it may have happened`() async throws {
        let transport = ClientFakeTransport { _, _ in .failure(.broken(isSent: true)) }
        let client = try ClientFixture.client(.v4, transport)
        let error = await clientError { () async throws(ODataError) in
            try await client.create(Entity(), in: Query("Orders"))
        }
        #expect(error == .transport(.broken(isSent: true)))
        #expect(error?.isOutcomeUnknown == true)
        #expect(transport.requests.count == 1)
    }

    // MARK: Update

    @Test(arguments: versions)
    func `pitfall 10: an update goes to the entity's own link on the known host, with its tag as it came`(
        _ version: ODataVersion
    ) async throws {
        let etag = "W/\\\"datetimeoffset'2026-01-01T00%3A00%3A00Z'\\\""
        var order = try read(version, etag: etag)
        order["Note"] = "new"
        let transport = ClientFakeTransport([.status(204, [.eTag: "W/'2'"])])
        let client = try ClientFixture.client(version, transport)
        let updated = try await client.update(order)
        let request = try #require(transport.requests.first)
        #expect(request.line == "\(version.isV4 ? "PATCH" : "MERGE") \(ClientFixture.path(version))Orders('7')")
        #expect(request.authority == ClientFixture.host)
        #expect(request.header("If-Match") == "W/\"datetimeoffset'2026-01-01T00%3A00%3A00Z'\"")
        #expect(request.text == #"{"Note":"new"}"#)
        #expect(updated.etag == "W/'2'")
        #expect(updated["Note"] == "new")
        #expect(updated.changedNames.isEmpty)
    }

    @Test(arguments: versions)
    func `pitfall 18: the method is chosen by call, service and version`(_ version: ODataVersion) async throws {
        var order = try read(version)
        order["Note"] = "new"
        let transport = ClientFakeTransport { _, _ in .status(204) }
        let patching = try ClientFixture.client(version, transport) { $0.updateMethod = .patch }
        _ = try await patching.update(order)
        _ = try await patching.update(order, method: .merge)
        _ = try await patching.update(order, method: .put)
        #expect(transport.requests.map(\.method) == ["PATCH", "MERGE", "PUT"])
        #expect(transport.requests[1].text == #"{"Note":"new"}"#)
        #expect(transport.requests[2].text.contains(#""ID":"7""#))
        #expect(transport.requests[2].text.contains(#""Amount":"1.00""#))
    }

    @Test func `pitfall 18: methods that a proxy blocks are posted with their name in a header`() async throws {
        var order = try read(.v2)
        order["Note"] = "new"
        let transport = ClientFakeTransport { _, _ in .status(204) }
        let client = try ClientFixture.client(.v2, transport) { $0.tunnelsMethods = true }
        _ = try await client.update(order)
        try await client.delete(order)
        try await client.create(order, in: Query("Orders"))
        #expect(transport.requests.map(\.method) == ["POST", "POST", "POST"])
        #expect(transport.requests.map { $0.header("X-HTTP-Method") } == ["MERGE", "DELETE", nil])
    }

    @Test func `pitfall 18: without a tag in the answer the entity has none any more`() async throws {
        var order = try read(.v2)
        order["Note"] = "new"
        let client = try ClientFixture.client(.v2, ClientFakeTransport([.status(204)]))
        #expect(try await client.update(order).etag == nil)
    }

    @Test func `an update that is answered with the entity gives that one`() async throws {
        var order = try read(.v4)
        order["Note"] = "new"
        let transport = ClientFakeTransport([.json(#"{"@odata.etag":"W/'9'","ID":"7","Note":"NEW"}"#)])
        let client = try ClientFixture.client(.v4, transport)
        let updated = try await client.update(order, RequestOptions(returning: .representation))
        #expect(updated["Note"] == "NEW")
        #expect(updated.etag == "W/'9'")
        #expect(transport.requests[0].header("Prefer") == "return=representation")
    }

    @Test func `an entity that was read and not changed is not sent`() async throws {
        let transport = ClientFakeTransport { _, _ in .status(204) }
        let client = try ClientFixture.client(.v4, transport)
        let order = try read(.v4)
        #expect(try await client.update(order) == order)
        #expect(transport.requests.isEmpty)
        _ = try await client.update(order, method: .put)
        #expect(transport.requests.count == 1)
    }

    @Test func `an entity that was never read sends all that it has`() async throws {
        let transport = ClientFakeTransport { _, _ in .status(204) }
        let client = try ClientFixture.client(.v4, transport)
        var values = PropertyValues()
        values["Note"] = "x"
        _ = try await client.update(Entity(values), at: Query("Orders").key("7"))
        #expect(transport.requests[0].text == #"{"Note":"x"}"#)
        #expect(transport.requests[0].header("If-Match") == nil)
    }

    @Test(
        arguments: zip(
            [Precondition.entityTag, .matches("W/'x'"), .exists, .isAbsent, .none],
            [["W/'1'", nil], ["W/'x'", nil], ["*", nil], [nil, "*"], [nil, nil]] as [[String?]]))
    func `pitfall 19: the condition of a write is what was asked for`(
        _ precondition: Precondition, _ expected: [String?]
    ) async throws {
        var order = try read(.v4)
        order["Note"] = "new"
        let transport = ClientFakeTransport { _, _ in .status(204) }
        let client = try ClientFixture.client(.v4, transport)
        _ = try await client.update(order, if: precondition)
        try await client.delete(order, if: precondition)
        for request in transport.requests {
            #expect([request.header("If-Match"), request.header("If-None-Match")] == expected)
        }
    }

    @Test(arguments: [(412, ConflictReason.stale), (428, .tagRequired), (409, .locked)])
    func `pitfall 19: conflicts are told apart`(_ status: Int, _ reason: ConflictReason) async throws {
        var order = try read(.v4)
        order["Note"] = "new"
        let client = try ClientFixture.client(.v4, ClientFakeTransport([.status(status)]))
        let error = await clientError { [order] () async throws(ODataError) in _ = try await client.update(order) }
        guard case .conflict(let found, let refusal)? = error else {
            Issue.record("threw \(String(describing: error))")
            return
        }
        #expect(found == reason)
        #expect(refusal.status == status)
    }

    @Test func `pitfall 10: a link out of the service is not written to`() async throws {
        for link in [
            "https://evil.example/odata4/other/Orders('7')", "/odata4/other/Orders('7')", "file:///etc/passwd",
        ] {
            var order = Entity()
            order.id = link
            order["Note"] = "x"
            let transport = ClientFakeTransport([])
            let client = try ClientFixture.client(.v4, transport)
            let error = await clientError { [order] () async throws(ODataError) in _ = try await client.update(order) }
            #expect(error == .foreignLink)
            #expect(transport.requests.isEmpty)
        }
    }

    @Test func `pitfall 22: without a link the key in the type's only set says where, as text`() async throws {
        var order = Entity(of: QualifiedName("orders", "Order"))
        order["ID"] = "0001000001"
        order["Note"] = "x"
        let transport = ClientFakeTransport { _, _ in .status(204) }
        let client = try ClientFixture.client(.v4, transport)
        _ = try await client.update(order)
        #expect(transport.lines == ["PATCH /odata4/orders/Orders('0001000001')"])
        let item = Entity(of: QualifiedName("orders", "Item"))
        let error = await clientError { () async throws(ODataError) in try await client.delete(item) }
        #expect(error == .query(.unknownEntitySet("orders.Item")))
    }

    @Test func `an upsert creates or changes, as the answer's status says`() async throws {
        let transport = ClientFakeTransport([.json(#"{"ID":"7"}"#, status: 201), .status(204)])
        let client = try ClientFixture.client(.v4, transport)
        var order = Entity()
        order["Note"] = "x"
        let query = Query("Orders").key("7")
        #expect(try await client.answer(to: .upsert(order, at: query, if: .isAbsent)).status == 201)
        #expect(transport.lines == ["PATCH /odata4/orders/Orders('7')"])
        #expect(transport.requests[0].header("If-None-Match") == "*")
        let old = try ClientFixture.client(.v2, transport)
        let error = await clientError { [order] () async throws(ODataError) in try await old.upsert(order, at: query) }
        #expect(error == .unsupported(.needsVersion4))
    }

    // MARK: Delete, properties

    @Test func `the body of an answer that nobody wants is read to its end, if it has one`() async throws {
        let transport = ClientFakeTransport { _, place in
            place == 0 ? .json(#"{"done":true}"#) : .endless([:], Array(repeating: 0x20, count: 4_096))
        }
        let client = try ClientFixture.client(.v4, transport)
        try await client.delete(Query("Orders").key("1"))
        #expect(transport.taken(0) == 1)
        #expect(!transport.isCancelled(0))
        try await client.delete(Query("Orders").key("2"))
        #expect(transport.isCancelled(1))
    }

    @Test(arguments: versions)
    func `a deletion names the entity and its tag`(_ version: ODataVersion) async throws {
        let transport = ClientFakeTransport { _, _ in .status(204) }
        let client = try ClientFixture.client(version, transport)
        try await client.delete(try read(version))
        try await client.delete(Query("Orders").key("8"))
        let path = ClientFixture.path(version)
        #expect(transport.lines == ["DELETE \(path)Orders('7')", "DELETE \(path)Orders('8')"])
        #expect(transport.requests.map { $0.header("If-Match") } == ["W/'1'", nil])
        #expect(transport.requests.allSatisfy { $0.body == nil })
    }

    @Test(arguments: versions)
    func `a property is set by itself, in the version's form`(_ version: ODataVersion) async throws {
        let transport = ClientFakeTransport { _, _ in .status(204) }
        let client = try ClientFixture.client(version, transport)
        try await client.setValue(.int32(5), of: Query("Orders").key("7").property("Amount"), if: .exists)
        #expect(transport.lines == ["PUT \(ClientFixture.path(version))Orders('7')/Amount"])
        #expect(transport.requests[0].text == (version.isV4 ? #"{"value":"5"}"# : #"{"Amount":"5"}"#))
        #expect(transport.requests[0].header("If-Match") == "*")
    }
}
