import OData
import Testing

@Suite("odatapy: functions, actions, asynchronous requests")
struct ShopOperationTests {
    @Test func `a function's result is read, cut, counted and paged as a set's`() async throws {
        let client = try await Peers.client(Peers.shop)
        let call = OperationCall("Cheapest", ["count": 3])
        let result = try await client.call(call)
        #expect(result.entities?.entities.map { $0.whole("ID") } == [1, 2, 3])
        #expect(result.entities?.entities.first?.type == QualifiedName("Shop", "Product"))
        let composed = call.query.select("ID").orderBy(.descending("ID")).filter(.property("ID") > 1)
        #expect(try await client.entities(composed).collect().map { $0.whole("ID") } == [3, 2])
        #expect(try await client.count(call.query) == 3)
    }

    @Test func `a function's parameter may be an alias`() async throws {
        let client = try await Peers.client(Peers.shop)
        let query = Query().function("Cheapest", ["count": .alias("c")]).alias("c", 2).select("ID")
        #expect(try await client.entities(query).collect().map { $0.whole("ID") } == [1, 2])
    }

    @Test func `an action takes its parameters in the body, exactly, and gives its result`() async throws {
        let client = try await Peers.client(Peers.repricedShop)
        let before = try await client.entity(Query("Products").key(2))
        let result = try await client.call(OperationCall("Reprice", ["Factor": try .decimal("1.0001")]))
        #expect(result.value == .int32(100))
        let after = try await client.entity(Query("Products").key(2))
        let factor = try #require(ODataDecimal("1.0001"))
        // 14 places, of which the property has 10.
        let expected = try #require(before.number("Price")).multiplied(by: factor)
        let price = try #require(after.number("Price"))
        #expect(try price.scaled(to: 9, rounding: .halfEven) == expected.scaled(to: 9, rounding: .halfEven))
    }

    @Test func `a bound action is called on its entity`() async throws {
        let client = try await Peers.client(Peers.writtenShop)
        var product = Entity()
        product["ID"] = .int32(.random(in: 1_000 ..< .max))
        try await client.create(product, in: Query("Products"))
        let key = Query("Products").key(try #require(product["ID"]))
        let result = try await client.call(OperationCall("Shop.Discontinue", on: key))
        #expect(result == .none)
        #expect(try await client.entityIfPresent(key) == nil)
    }

    @Test func `an operation and a parameter that aren't there are refused before anything is sent`() async throws {
        let client = try await Peers.client(Peers.shop)
        for call in [
            OperationCall("Nope"), OperationCall("Cheapest", ["nope": 1]),
            OperationCall("Shop.Nope", on: Query("Products").key(1)),
        ] {
            let error = try await failure { try await client.call(call) }
            #expect({ if case .query = error { true } else { false } }(), "\(call.name): \(error)")
        }
    }

    @Test func `a request that the service works on meanwhile is asked after and brings its result`() async throws {
        let client = try await Peers.client(Peers.shop)
        let request = ODataRequest.entity(Query("Products").key(8))
        let operation = try await client.begin(request)
        let monitor = try #require(operation.monitor)
        // Another process may go on with it.
        let resumed = try client.resume(request, monitor: monitor)
        let answer = try await resumed.result(until: .now + .seconds(30), pollEvery: .milliseconds(50))
        #expect(answer.value == (try await client.entity(Query("Products").key(8))))
        #expect(answer.status == 200)
        // It is told once.
        let error = try await failure { _ = try await resumed.state() }
        #expect(error.serviceError?.status == 404)
    }

    @Test func `an error of a request that was asked for asynchronously is its error`() async throws {
        let client = try await Peers.client(Peers.shop)
        let operation = try await client.begin(.entity(Query("Products").key(4_711)))
        let error = try await failure { _ = try await operation.result(until: .now + .seconds(30)) }
        #expect(error.serviceError?.status == 404)
    }

    @Test func `an asynchronous request that was cancelled is no longer known`() async throws {
        let client = try await Peers.client(Peers.shop)
        let operation = try await client.begin(.page(Query("Products")))
        try await operation.cancel()
        let error = try await failure { _ = try await operation.result(until: .now + .seconds(30)) }
        #expect([404, 410].contains(error.serviceError?.status))
    }
}
