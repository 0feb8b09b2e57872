import HTTPTypes
import OData
import ODataCurl

/// Code of the articles that needs a system which no test has: it has to compile.
enum ArticleCode {
    static func first() async throws {
        let root = try ServiceRoot("https://my300000-api.s4hana.cloud.sap/sap/opu/odata/sap/API_BUSINESS_PARTNER/")
        let client = ODataClient(root: root, transport: try CurlTransport())
        let partners = Query("A_BusinessPartner")
            .filter(.property("BusinessPartnerCategory") == "2" && .property("SearchTerm1").startsWith("ROMA"))
            .select("BusinessPartner", "BusinessPartnerFullName")
        for try await partner in client.entities(partners) {
            print(partner["BusinessPartner"] ?? .null, partner["BusinessPartnerFullName"] ?? .null)
        }
    }

    static func session(
        _ root: ServiceRoot, _ transport: any ODataTransport, token: @escaping @Sendable () async -> String
    ) {
        var session = SessionOptions()
        session.sapClient = "100"
        session.language = ServiceLanguage("de")
        session.timeout = .seconds(60)
        session.authorization = { [.authorization: "Bearer \(await token())"] }
        let client = ODataClient(root: root, transport: transport, session: session)
        _ = client
    }

    static func limits(_ root: ServiceRoot, _ transport: any ODataTransport) {
        var options = ClientOptions()
        options.payload.maxEntityBytes = 1 << 20
        options.payload.maxBodyBytes = 64 << 20
        options.paging.maxPages = 1_000
        options.metadataLimits.maxBytes = 16 << 20
        options.onMessages = { messages in for message in messages { show(message.text) } }
        let client = ODataClient(root: root, transport: transport, options: options)
        _ = client
    }

    static func proxy(_ connection: String, callerToken: @escaping @Sendable () async throws -> String) throws {
        let system = "https://my300000-api.s4hana.cloud.sap"
        let transport = try SallyportTransport(
            proxy: "https://sallyport.example:7422", connection: connection, system: system,
            over: try CurlTransport(), callerToken: callerToken)
        let root = try ServiceRoot(system + "/sap/opu/odata/sap/API_BUSINESS_PARTNER/")
        let client = ODataClient(root: root, transport: transport)
        _ = client
    }

    static func curl() async throws {
        var options = CurlOptions()
        options.caFile = "/etc/ssl/certs/our-authorities.pem"
        options.connectTimeout = .seconds(5)
        options.maxConnectionsPerHost = 8
        let transport = try CurlTransport(options: options)
        // …
        await transport.shutdown()
    }

    static func drafts(_ client: ODataClient) async throws {
        let drafts = try await client.drafts(of: "SalesOrderManage")
        let key = EntityKey(["SalesOrder": "0000004711"])
        var draft = try await drafts.edit(key)
        draft["PurchaseOrderByCustomer"] = "PO-7"
        draft = try await drafts.change(draft)
        try await drafts.prepare(key)
        let order = try await drafts.activate(key)
        _ = order
    }

    static func extensions(_ client: ODataClient) async throws {
        let metadata = try await client.metadata()
        if let type = metadata.entityType(ofSet: "A_SalesOrder")?.name {
            for field in metadata.extensionFields(of: type) {
                show(field.name, field.label ?? "", metadata.text(of: field.type))
            }
        }
    }

    static func operations(_ client: ODataClient) async throws {
        let order = Query("A_SalesOrder").key("4711")
        let stock = try await client.call(OperationCall("GetStock", ["Plant": "1010"]))
        let released = try await client.call(OperationCall("com.sap.SalesOrder.Release", on: order))
        _ = (stock.value, released.entity)
        let ids = try await client.links("to_Item", of: order)
        try await client.setLink("to_SoldToParty", of: order, to: .query(Query("A_Customer").key("1000001")))
        _ = ids
    }

    static func media(_ client: ODataClient, _ bytes: [UInt8]) async throws {
        let content = try await client.content(Query("Products").key(1).navigate("Photo"))
        let photo = try await content.collect(maxBytes: 5 << 20)
        try await client.createMedia(bytes, mediaType: "image/png", slug: "front.png", in: Query("Attachments"))
        _ = photo
    }

    static func long(_ client: ODataClient) async throws {
        let report = try await client.begin(.page(Query("Reports").filter(.property("Year") == 2026)))
        let answer = try await report.result(until: .now + .seconds(600))
        _ = answer.value
    }

    static func handling(_ client: ODataClient, _ order: Entity) async throws {
        do {
            try await client.update(order)
        } catch {
            switch error {
            case .conflict(.stale, _): show("somebody else was faster: read again and decide")
            case .conflict(.locked, let refusal): show(refusal.message?.text ?? "somebody else is at it")
            case .authentication: show("a new credential is needed")
            case _ where error.isOutcomeUnknown: show("it may have been done: read before it is sent again")
            case _: show(error.description, error.serviceError?.transactionID ?? "")
            }
        }
    }

    static func contentIDs(_ client: ODataClient, _ header: Entity, _ item: Entity) async throws {
        var batch = ODataBatch()
        let slots = batch.changeSet { set in
            let order = set.add(.create(header, in: Query("A_SalesOrder")))
            let line = set.add(.create(item, in: order.entity.navigate("to_Item")))
            return (order: order, line: line)
        }
        let answers = try await client.send(batch)
        let order = try await answers.value(of: slots.order)
        _ = order
    }

    static func typed(_ client: ODataClient) async throws {
        let key = SalesOrder.Key(salesOrder: "0000004712")
        var order = try await client.entity(SalesOrder.self, key: key)
        order.purchaseOrderByCustomer = "PO-9"
        order["YY1_Priority_SDH"] = "high"
        try await client.update(order)
        for try await order in client.entities(SalesOrder.self, query: { $0.top(10) }) { show(order.salesOrder ?? "") }
    }

    static func comparison(_ client: ODataClient) async throws {
        let partner = try await client.entity(Query("A_BusinessPartner").key("1003764"))
        let partners = try await client.entities(
            Query("A_BusinessPartner").filter(.property("LastName") == "Meier").select("BusinessPartner").top(20)
        ).collect()
        _ = (partner, partners)
    }
}

/// Tells how long each request takes.
struct TimedTransport: ODataTransport {
    let inner: any ODataTransport
    let report: @Sendable (String, Duration) -> Void

    var keepsSession: Bool { inner.keepsSession }

    func send(
        _ head: HTTPRequest, body: [UInt8]?, deadline: ContinuousClock.Instant
    ) async throws(TransportError) -> TransportResponse {
        let start = ContinuousClock.now
        let response = try await inner.send(head, body: body, deadline: deadline)
        report(head.path ?? "", .now - start)
        return response
    }
}
