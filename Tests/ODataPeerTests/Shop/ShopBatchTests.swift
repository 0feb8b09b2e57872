import OData
import Testing

@Suite("odatapy: batches")
struct ShopBatchTests {
    static let formats = [BatchFormat.multipart, .json]

    private static let categories = Query("Categories")

    private func shop(_ format: BatchFormat) async throws -> ODataClient {
        var options = ClientOptions()
        options.batchFormat = format
        return try await Peers.client(Peers.writtenShop, options: options)
    }

    private func number() -> Int32 { .random(in: 1_000 ..< .max) }

    @Test("each request has its own answer, the refused ones too", arguments: formats)
    func reads(_ format: BatchFormat) async throws {
        let client = try await shop(format)
        var batch = ODataBatch()
        batch.continuesOnError = true
        let product = batch.add(.entity(Query("Products").key(5)))
        let missing = batch.add(.entity(Query("Products").key(4_711)))
        let page = batch.add(.page(Query("Products").filter(.property("ID") < 4).count()))
        let count = batch.add(.count(Query("Products").filter(.property("ID") < 8)))
        let name = batch.add(.value(Query("Products").key(5).property("Name")))
        let answers = try await client.send(batch)
        #expect(try await answers.value(of: product).whole("ID") == 5)
        #expect(try await answers.value(of: product)["Stock"] == .int64(9_007_199_254_740_998))
        #expect(try await failure { _ = try await answers.value(of: missing) }.serviceError?.status == 404)
        #expect(try await answers.value(of: page).count == 3)
        #expect(try await answers.value(of: count) == 7)
        #expect(try await answers.value(of: name) == "Product 005")
    }

    @Test("later requests of a change set refer to what an earlier one makes", arguments: formats)
    func references(_ format: BatchFormat) async throws {
        let client = try await shop(format)
        let (category, product) = (number(), number())
        var child = Entity()
        child["ID"] = .int32(product)
        var change = Entity()
        change["Name"] = "renamed"
        let (below, renamed) = (child, change)
        var batch = ODataBatch()
        let made = batch.changeSet { set in
            let parent = set.add(.create(.category(category), in: Self.categories))
            let item = set.add(.create(below, in: parent.entity.navigate("Products")))
            let update = set.add(.update(renamed, at: parent.entity, method: .patch))
            return (parent, item, update)
        }
        let answers = try await client.send(batch)
        #expect(try await answers.answer(to: made.0).status == 201)
        #expect(try await answers.value(of: made.1).whole("ID") == Int(product))
        #expect([200, 204].contains(try await answers.answer(to: made.2).status))
        let read = try await client.entity(Self.categories.key(.int32(category)).expand("Products"))
        #expect(read.text("Name") == "renamed")
        #expect(read.expanded("Products")?.map { $0.whole("ID") } == [Int(product)])
    }

    @Test("a change set that fails fails for each of its requests, and nothing of it is left", arguments: formats)
    func failing(_ format: BatchFormat) async throws {
        let client = try await shop(format)
        let id = number()
        var batch = ODataBatch()
        batch.continuesOnError = true
        let slots = batch.changeSet { set in
            [
                set.add(.create(.category(id), in: Self.categories)),
                set.add(.create(.category(1), in: Self.categories)),
                set.add(.create(.category(number()), in: Self.categories)),
            ]
        }
        let after = batch.add(.entity(Self.categories.key(2)))
        let answers = try await client.send(batch)
        for slot in slots {
            let error = try await failure { _ = try await answers.value(of: slot) }
            #expect((error.serviceError?.status ?? 0) >= 400, "\(error)")
        }
        #expect(try await answers.value(of: after).whole("ID") == 2)
        #expect(try await client.entityIfPresent(Self.categories.key(.int32(id))) == nil)
    }

    @Test("without the preference, what follows a failure is not done, and says so", arguments: formats)
    func stops(_ format: BatchFormat) async throws {
        let client = try await shop(format)
        var batch = ODataBatch()
        let first = batch.add(.entity(Self.categories.key(2)))
        let missing = batch.add(.entity(Self.categories.key(4_711)))
        let third = batch.add(.entity(Self.categories.key(3)))
        let answers = try await client.send(batch)
        #expect(try await answers.value(of: first).whole("ID") == 2)
        #expect(try await failure { _ = try await answers.value(of: missing) }.serviceError?.status == 404)
        #expect(try await failure { _ = try await answers.value(of: third) }.serviceError?.status == 424)
    }

    @Test("functions, actions and deletions go in a batch", arguments: formats)
    func operations(_ format: BatchFormat) async throws {
        let client = try await shop(format)
        let id = number()
        var product = Entity()
        product["ID"] = .int32(id)
        try await client.create(product, in: Query("Products"))
        let key = Query("Products").key(.int32(id))
        var batch = ODataBatch()
        batch.continuesOnError = true
        let cheapest = batch.add(.call(OperationCall("Cheapest", ["count": 2])))
        let gone = batch.changeSet { set in set.add(.call(OperationCall("Shop.Discontinue", on: key))) }
        let left = batch.add(.entity(key))
        let answers = try await client.send(batch)
        #expect(try await answers.value(of: cheapest).entities?.entities.count == 2)
        #expect(try await answers.value(of: gone) == .none)
        #expect(try await failure { _ = try await answers.value(of: left) }.serviceError?.status == 404)
    }
}
