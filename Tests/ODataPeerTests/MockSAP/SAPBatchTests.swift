import OData
import Testing

/// mock-sap knows no Content-ID references in batches of either version, and goes on after a failure whatever the request
/// says of it.
@Suite("mock-sap: batches")
struct SAPBatchTests {
    struct Form: Sendable, CustomTestStringConvertible {
        let service: String
        let format: BatchFormat

        var testDescription: String { "\(service) \(format)" }
        var set: Query { Query(service == SAPService.salesOrders ? "A_SalesOrder" : "SalesOrder") }

        func client() async throws -> ODataClient {
            var options = ClientOptions()
            options.batchFormat = format
            return try await Peers.client(Peers.sap, service, options: options)
        }
    }

    static let forms = [
        Form(service: SAPService.salesOrders, format: .multipart),
        Form(service: SAPService.salesOrders4, format: .multipart),
        Form(service: SAPService.salesOrders4, format: .json),
    ]

    @Test("pitfall 26: each read of a batch has its own answer, the refused ones too", arguments: forms)
    func reads(_ form: Form) async throws {
        let client = try await form.client()
        var batch = ODataBatch()
        batch.continuesOnError = true
        let one = batch.add(.entity(form.set.key("0000004712").expand("to_Item")))
        let missing = batch.add(.entity(form.set.key("nope")))
        let page = batch.add(.page(form.set.filter(.property("SalesOrder") <= "0000004713").count()))
        let count = batch.add(.count(form.set.filter(.property("SalesOrder") <= "0000004714")))
        let answers = try await client.send(batch)
        #expect(
            try await answers.value(of: one) == (try await client.entity(form.set.key("0000004712").expand("to_Item"))))
        let error = try await failure { _ = try await answers.value(of: missing) }
        #expect(error.serviceError?.status == 404)
        let collection = try await answers.value(of: page)
        #expect(collection.count == 2 && collection.entities.count == 2)
        #expect(try await answers.value(of: count) == 3)
    }

    @Test("a change set is done as a whole, and reads after it see what it did", arguments: forms)
    func changeSet(_ form: Form) async throws {
        let client = try await form.client()
        let mark = "batch-\(UInt32.random(in: 0 ... .max))"
        var batch = ODataBatch()
        let slots = try batch.changeSet { set throws(any Error) in
            [
                set.add(.create(try SalesOrderDraft.version2(reference: mark), in: form.set)),
                set.add(.create(try SalesOrderDraft.version2(reference: mark), in: form.set)),
            ]
        }
        let mine = form.set.filter(.property("PurchaseOrderByCustomer") == .literal(.string(mark)))
        let after = batch.add(.page(mine))
        let answers = try await client.send(batch)
        #expect(answers.results.isComplete)
        var numbers: [ODataValue] = []
        for slot in slots {
            let answer = try await answers.answer(to: slot)
            #expect(answer.status == 201)
            numbers.append(try #require(answer.value["SalesOrder"]))
        }
        #expect(Set(numbers).count == 2)
        #expect(try await answers.value(of: after).entities.compactMap { $0["SalesOrder"] } == numbers)
    }

    @Test(
        "pitfall 26: a change set that fails fails for each of its requests, and nothing of it is left",
        arguments: forms)
    func failingChangeSet(_ form: Form) async throws {
        let client = try await form.client()
        let mark = "fail-\(UInt32.random(in: 0 ... .max))"
        var wrong = try SalesOrderDraft.version2(reference: mark)
        wrong["SalesOrderType"] = "FAR TOO LONG"
        let refused = wrong
        var batch = ODataBatch()
        batch.continuesOnError = true
        let before = batch.add(.count(form.set.filter(.property("SalesOrder") <= "0000004714")))
        let slots = try batch.changeSet { set throws(any Error) in
            [
                set.add(.create(try SalesOrderDraft.version2(reference: mark), in: form.set)),
                set.add(.create(refused, in: form.set)),
            ]
        }
        let after = batch.add(.entity(form.set.key("0000004713")))
        let answers = try await client.send(batch)
        #expect(!answers.results.isComplete)
        #expect(try await answers.value(of: before) == 3)
        for slot in slots {
            let error = try await failure { _ = try await answers.value(of: slot) }
            #expect(error.serviceError?.status == 400)
            #expect(error.serviceError?.message?.text.contains("SalesOrderType") == true)
        }
        #expect(try await answers.value(of: after).text("SalesOrder") == "0000004713")
        let mine = form.set.filter(.property("PurchaseOrderByCustomer") == .literal(.string(mark)))
        #expect(try await client.count(mine) == 0)
    }

    @Test("changes and deletions in a batch carry their tags, and a stale one is a conflict", arguments: forms)
    func conflicts(_ form: Form) async throws {
        let client = try await form.client()
        let created = try await client.create(try SalesOrderDraft.version2(reference: "batched"), in: form.set)
        let key = form.set.key(try #require(created["SalesOrder"]))
        var order = try await client.entity(key)
        order["PurchaseOrderByCustomer"] = "changed"
        let changed = order
        for isFirst in [true, false] {
            var batch = ODataBatch()
            let slot = batch.changeSet { set in set.add(.update(changed)) }
            let answers = try await client.send(batch)
            if isFirst {
                #expect(try await answers.answer(to: slot).status == 204)
                continue
            }
            let error = try await failure { _ = try await answers.value(of: slot) }
            #expect({ if case .conflict(.stale, _) = error { true } else { false } }(), "\(error)")
        }
        var batch = ODataBatch()
        let slot = batch.changeSet { set in set.add(.delete(key)) }
        try await client.send(batch).value(of: slot)
        #expect(try await client.entityIfPresent(key) == nil)
    }

    @Test("pitfall 28: a batch of reads alone brings a token too", arguments: forms)
    func token(_ form: Form) async throws {
        // A client of its own, that has read nothing but the metadata.
        let client = try await form.client()
        var batch = ODataBatch()
        let slot = batch.add(.count(form.set))
        #expect(try await client.send(batch).value(of: slot) > 0)
    }

    @Test("a URL that is too long goes by a batch, with the same result", arguments: forms)
    func longURLs(_ form: Form) async throws {
        var options = ClientOptions()
        options.batchFormat = form.format
        options.maxURLLength = 400
        let client = try await Peers.client(Peers.sap, form.service, options: options)
        let numbers = (4_712...4_731).map { QueryExpression.literal(.string("000000\($0)")) }
        let query = form.set.filter(.property("SalesOrder").isOneOf(numbers)).select("SalesOrder")
        #expect(try await client.entities(query).collect().count == 20)
        var refusing = options
        refusing.longURLs = .refuse
        let strict = try await Peers.client(Peers.sap, form.service, options: refusing)
        let error = try await failure { _ = try await strict.entities(query).collect() }
        #expect(error == .limit(.urlLength(400)))
    }
}
