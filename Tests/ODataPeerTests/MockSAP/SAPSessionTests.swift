import Foundation
import HTTPTypes
import OData
import ODataPeerSupport
import Synchronization
import Testing

@Suite("mock-sap: session", .serialized)
struct SAPSessionTests {
    private static let orders = Query("A_SalesOrder")

    /// Whose waits take no time.
    private func client(_ change: (inout SessionOptions) -> Void = { _ in }) async throws -> ODataClient {
        var session = SessionOptions()
        session.clock = ODataClock(now: { .now }, sleep: { _ in try Task.checkCancellation() })
        change(&session)
        return try await Peers.client(Peers.faultySAP, SAPService.salesOrders, session: session)
    }

    private func control() async throws -> PeerControl {
        let control = try await PeerControl(Peers.faultySAP)
        try await control.clearFaults()
        return control
    }

    // MARK: Tokens

    @Test func `pitfall 30: the token comes with the first read, and no write asks for it again`() async throws {
        let control = try await control()
        let mark = try await control.mark()
        let client = try await client()
        for reference in ["a", "b"] {
            try await client.create(try SalesOrderDraft.version2(reference: reference), in: Self.orders)
        }
        let sent = try await control.requests("/API_SALES_ORDER_SRV", after: mark)
        #expect(sent.map(\.method) == ["GET", "POST", "POST"])
        // The log has no tokens and cookies in it, but says that there were some.
        #expect(sent.allSatisfy { $0.headers["x-csrf-token"] != nil })
        // pitfall 31: with the cookies of the answer that the token came with.
        #expect(sent.map { $0.headers["cookie"] != nil } == [false, true, true])
    }

    @Test func `pitfall 32: a token that has run out is fetched anew once, and the write sent again`() async throws {
        let control = try await control()
        let client = try await client()
        try await client.create(try SalesOrderDraft.version2(reference: "before"), in: Self.orders)
        let mark = try await control.mark()
        try await control.fault(FaultRule(match: "A_SalesOrder$", method: "POST", scenario: "csrf"))
        let reference = "replayed-\(UInt32.random(in: 0 ... .max))"
        try await client.create(try SalesOrderDraft.version2(reference: reference), in: Self.orders)
        let sent = try await control.requests("/API_SALES_ORDER_SRV", after: mark)
        #expect(sent.map(\.method) == ["POST", "HEAD", "POST"])
        // mock-sap allows no HEAD there, and gives a token nonetheless: that is as good.
        #expect(sent.map(\.status) == [403, 405, 201])
        let mine = Self.orders.filter(.property("PurchaseOrderByCustomer") == .literal(.string(reference)))
        #expect(try await client.count(mine) == 1)
    }

    @Test func `pitfall 30: a service that refuses HEAD without a token is asked by GET`() async throws {
        let control = try await control()
        let client = try await client()
        try await client.create(try SalesOrderDraft.version2(reference: "before"), in: Self.orders)
        try await control.fault(FaultRule(match: "A_SalesOrder$", method: "POST", scenario: "csrf"))
        try await control.fault(FaultRule(match: "API_SALES_ORDER_SRV/$", method: "HEAD", status: 405))
        let mark = try await control.mark()
        try await client.create(try SalesOrderDraft.version2(reference: "fallback"), in: Self.orders)
        let sent = try await control.requests("/API_SALES_ORDER_SRV", after: mark)
        #expect(sent.map(\.method) == ["POST", "HEAD", "GET", "POST"])
        #expect(sent.last?.status == 201)
    }

    @Test func `pitfall 32: a fresh token that is refused too is an error, and nothing is tried a third time`()
        async throws
    {
        let control = try await control()
        let client = try await client()
        try await control.fault(FaultRule(match: "A_SalesOrder$", method: "POST", scenario: "csrf", count: 10))
        let mark = try await control.mark()
        let error = try await failure {
            try await client.create(try SalesOrderDraft.version2(reference: "never"), in: Self.orders)
        }
        guard case .authentication(.csrfTokenRefused, let refusal) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(refusal?.code == "/IWFND/CM_CSRF")
        let writes = try await control.requests("A_SalesOrder", after: mark).filter { $0.method == "POST" }
        #expect(writes.count == 2)
        try await control.clearFaults()
    }

    @Test func `writes of many tasks at once fetch one token`() async throws {
        let control = try await control()
        var options = ClientOptions()
        options.metadata = .given(try await client().metadata())
        let client = try await Peers.client(Peers.faultySAP, SAPService.salesOrders, options: options)
        let mark = try await control.mark()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 1...8 {
                group.addTask {
                    try await client.create(try SalesOrderDraft.version2(reference: "task-\(number)"), in: Self.orders)
                }
            }
            try await group.waitForAll()
        }
        let sent = try await control.requests("/API_SALES_ORDER_SRV", after: mark)
        #expect(sent.count { $0.method != "POST" } == 1)
        #expect(sent.count { $0.method == "POST" && $0.status == 201 } == 8)
    }

    // MARK: Failures

    @Test func `a read that the service is too busy for is sent again, a write is not`() async throws {
        let control = try await control()
        let client = try await client()
        _ = try await client.metadata()
        try await control.fault(FaultRule(match: "A_SalesOrder\\(", method: "GET", scenario: "busy", count: 2))
        #expect(try await client.entity(Self.orders.key("0000004712")).text("SalesOrder") == "0000004712")
        try await client.create(try SalesOrderDraft.version2(reference: "before"), in: Self.orders)
        let mark = try await control.mark()
        try await control.fault(FaultRule(match: "A_SalesOrder$", method: "POST", scenario: "busy"))
        let error = try await failure {
            try await client.create(try SalesOrderDraft.version2(reference: "busy"), in: Self.orders)
        }
        #expect(error.serviceError?.status == 503)
        #expect(error.serviceError?.retryAfter == .seconds(30))
        #expect(error.isOutcomeUnknown)
        #expect(try await control.requests("A_SalesOrder", after: mark).count { $0.method == "POST" } == 1)
    }

    @Test(
        "each refusal has its own type",
        arguments: [
            ("lock", 423), ("forbidden", 403), ("auth", 401), ("error", 500), ("precondition", 412), ("notfound", 404),
        ])
    func refusals(_ scenario: String, _ status: Int) async throws {
        let control = try await control()
        let client = try await client()
        var order = try await client.entity(Self.orders.key("0000004713"))
        order["PurchaseOrderByCustomer"] = "refused"
        let changed = order
        try await control.fault(FaultRule(match: "A_SalesOrder\\(", method: "MERGE", scenario: scenario, count: 2))
        let error = try await failure { try await client.update(changed) }
        #expect(error.serviceError?.status == status)
        switch (scenario, error) {
        case ("lock", .conflict(.locked, _)), ("precondition", .conflict(.stale, _)),
            ("auth", .authentication(.refused, _)),
            ("forbidden", .service), ("error", .service), ("notfound", .service):
            break
        case _: Issue.record("\(scenario): \(error)")
        }
        #expect(error.isOutcomeUnknown == (scenario == "error"))
        try await control.clearFaults()
    }

    @Test func `a read that takes longer than its deadline, or that nobody waits for any more, ends at once`()
        async throws
    {
        let control = try await control()
        let client = try await client()
        _ = try await client.metadata()
        try await control.fault(FaultRule(match: "A_SalesOrder\\(", method: "GET", scenario: "slow", count: 2))
        let start = ContinuousClock.now
        let late = try await failure {
            _ = try await client.entity(
                Self.orders.key("0000004712"), RequestOptions(deadline: .now + .milliseconds(200)))
        }
        #expect(late == .transport(.timedOut(isSent: true)) || late == .deadline, "\(late)")
        let task = Task { try await client.entity(Self.orders.key("0000004713")) }
        // Ended by the next line.
        task.cancel()
        let gone = try await failure { _ = try await task.value }
        #expect(gone == .cancelled || gone == .transport(.cancelled(isSent: true)), "\(gone)")
        // mock-sap would have answered after three seconds.
        #expect(ContinuousClock.now - start < .seconds(3))
        try await control.clearFaults()
    }

    @Test
    func `pitfall 14: a message that the system adds to a read is in the answer, and given to the client's listener`()
        async throws
    {
        let control = try await control()
        let told = Mutex<[ServiceMessage]>([])
        var options = ClientOptions()
        options.onMessages = { messages in told.withLock { $0 += messages } }
        let client = try await Peers.client(Peers.faultySAP, SAPService.salesOrders, options: options)
        _ = try await client.metadata()
        try await control.fault(
            FaultRule(match: "A_SalesOrder\\(", method: "GET", message: "Credit limit exceeded – prüfen"))
        let answer = try await client.answer(to: .entity(Self.orders.key("0000004712")))
        #expect(answer.messages.first?.code == "MOCK/001")
        #expect(told.withLock { $0 } == answer.messages)
    }

    // MARK: Client and language

    @Test
    func `pitfall 36: the SAP client goes with every request, and one that isn't there is an error of the service`()
        async throws
    {
        let control = try await control()
        let mark = try await control.mark()
        let client = try await client { session in
            session.sapClient = "100"
            session.language = ServiceLanguage("de-DE")
        }
        try await client.create(try SalesOrderDraft.version2(reference: "client"), in: Self.orders)
        var batch = ODataBatch()
        _ = batch.add(.count(Self.orders))
        _ = try await client.send(batch)
        let sent = try await control.requests("/API_SALES_ORDER_SRV", after: mark)
        #expect(sent.count == 3)
        // pitfall 27: on the batch's own URL too.
        #expect(sent.allSatisfy { $0.query.contains("sap-client=100") })
        // pitfall 37: both names of the language.
        #expect(sent.allSatisfy { $0.query.contains("sap-language=DE") || $0.headers["sap-language"] == "DE" })
        #expect(sent.allSatisfy { $0.headers["accept-language"] == "de-DE" })

        let other = try await self.client { $0.sapClient = "200" }
        let error = try await failure { _ = try await other.metadata() }
        #expect(error.serviceError?.status == 400)
        #expect(error.serviceError?.code == "/IWFND/CM_CONSUMER")
    }

    @Test func `options of the root's own URL go with every request`() async throws {
        let control = try await control()
        let mark = try await control.mark()
        let port = try await Peers.faultySAP.value.port
        let root = try ServiceRoot("http://127.0.0.1:\(port)\(SAPService.salesOrders)?sap-client=100")
        let client = ODataClient(root: root, transport: try Peers.transport.get())
        let order = try await client.entity(Self.orders.key("0000004712").expand("to_Item"))
        _ = try await client.entities(Self.orders.key(try #require(order["SalesOrder"])).navigate("to_Item")).collect()
        let sent = try await control.requests("/API_SALES_ORDER_SRV", after: mark)
        #expect(sent.count == 3)
        #expect(sent.allSatisfy { $0.query.contains("sap-client=100") })
    }
}
