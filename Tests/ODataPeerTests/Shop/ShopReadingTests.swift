import HTTPTypes
import OData
import Testing

@Suite("odatapy: reading")
struct ShopReadingTests {
    private func shop() async throws -> ODataClient { try await Peers.client(Peers.shop) }

    private static let products = Query("Products")

    @Test func `the service speaks 4.01, and its metadata is one model in XML and in JSON`() async throws {
        let client = try await shop()
        let xml = try await client.metadata()
        #expect(try await client.version() == .v401)
        let answer = try await client.session.send(SessionRequest(.get, "$metadata?$format=json"))
        let json = try Metadata(csdlJSON: try await answer.collect())
        #expect(xml.structuredTypeNames == json.structuredTypeNames)
        for name in xml.structuredTypeNames {
            #expect(xml.navigationProperties(of: name) == json.navigationProperties(of: name))
            #expect(xml.keyProperties(of: name) == json.keyProperties(of: name))
            // Of collections odatapy says in JSON that their elements may be null, and in XML nothing.
            let kept = [xml, json].map { $0.properties(of: name).filter { !$0.type.isCollection } }
            #expect(kept[0] == kept[1])
        }
        #expect(
            xml.enumerationTypeNames.map { xml.enumerationType($0) }
                == json.enumerationTypeNames.map { json.enumerationType($0) })
        #expect(xml.operationNames == json.operationNames)
        #expect(xml.container == json.container)
        #expect(xml.entitySets.map(\.name) == ["Products", "Categories", "Photos"])
        #expect(xml.singletons.map(\.name) == ["Bestseller"])
    }

    @Test func `pitfall 48: decimals and 64-bit integers beyond what a binary float holds come exactly`() async throws {
        for isCompatible in [true, false] {
            var options = ClientOptions()
            options.isIEEE754Compatible = isCompatible
            let product = try await Peers.client(Peers.shop, options: options).entity(Self.products.key(7))
            #expect(product["Stock"] == .int64(9_007_199_254_741_000))
            #expect(product["Price"] == (try .decimal("7.1234567890")))
            let odd = try await Peers.client(Peers.shop, options: options).entity(Self.products.key(2))
            // 2⁵³ + 3, which no binary double is.
            #expect(odd["Stock"] == .int64(9_007_199_254_740_995))
        }
    }

    @Test func `enumerations, complex values, collections and nulls have their types`() async throws {
        let client = try await shop()
        let product = try await client.entity(Self.products.key(3))
        #expect(product["ID"] == .int32(3))
        #expect(product["Color"] == .enumeration(EnumerationValue("Red,Blue", of: QualifiedName("Shop", "Color"))))
        #expect(product["Tags"] == .collection(["t0", "all"]))
        guard case .complex(let size) = product["Size"] else {
            Issue.record("no size")
            return
        }
        #expect(size.type == QualifiedName("Shop", "Size"))
        #expect(size["Width"] == (try .decimal("1.500")))
        #expect(size["Unit"] == "m")
        // pitfall 52: what the answer leaves out is no null.
        #expect(product["Released"] == nil)
    }

    @Test func `properties are read by themselves, as values and as text`() async throws {
        let client = try await shop()
        let product = Self.products.key(4)
        #expect(try await client.value(product.property("Name")) == "Product 004")
        #expect(try await client.value(product.property("Tags")) == .collection(["t1", "all"]))
        #expect(try await client.value(product.property("Size/Width")) == (try .decimal("1.500")))
        #expect(try await client.value(product.property("Stock")) == .int64(9_007_199_254_740_997))
        guard case .complex(let size) = try await client.value(product.property("Size")) else {
            Issue.record("no size")
            return
        }
        #expect(size["Unit"] == "m")
        guard case .enumeration(let color) = try await client.value(product.property("Color")) else {
            Issue.record("no color")
            return
        }
        #expect(color.members == "Red")
        let raw = try await client.content(product.property("Name").rawValue()).collect(maxBytes: 100)
        #expect(String(decoding: raw, as: UTF8.self) == "Product 004")
    }

    @Test func `a singleton is read without a key`() async throws {
        let best = try await shop().entity(Query("Bestseller"))
        #expect(best.text("Name") == "Bestseller")
        #expect(try await shop().value(Query("Bestseller").property("Price")) == (try .decimal("1.5")))
    }

    @Test func `a key may be a segment of its own`() async throws {
        let client = try await shop()
        #expect(
            try await client.entity(Self.products.keySegments(.int32(5)))
                == (try await client.entity(Self.products.key(5))))
        #expect(try await client.value(Self.products.keySegments(.int32(5)).property("Name")) == "Product 005")
    }

    @Test func `nested options of an expanded navigation filter, order, cut and count it`() async throws {
        // Later filters over the navigation see no more than odatapy has expanded: not in the shop that others read.
        let client = try await Peers.client(Peers.repricedShop)
        let category = try await client.entity(
            Query("Categories").key(1).expand("Products") {
                $0.filter(.property("ID") < 10).orderBy(.descending("ID")).top(2).count().select("ID")
            })
        guard case .entities(let products) = category["Products"] else {
            Issue.record("not expanded")
            return
        }
        #expect(products.count == 3)
        #expect(products.entities.map { $0.whole("ID") } == [7, 4])
        #expect(products.entities.first?.properties.names == ["ID"])
        let back = try await client.entity(
            Self.products.key(4).expand("Category") { $0.expand("Products") { $0.top(1) } })
        guard case .entity(let parent) = back["Category"] else {
            Issue.record("no category")
            return
        }
        #expect(parent.expanded("Products")?.count == 1)
    }

    @Test func `links of a navigation are ids, read by themselves or in place of the entities`() async throws {
        let client = try await shop()
        let ids = try await client.links("Category", of: Self.products.key(4))
        #expect(ids.count == 1 && ids.first?.hasSuffix("/Categories(1)") == true)
        #expect(try await client.links("Products", of: Query("Categories").key(2)).count == 33)
    }

    @Test func `counts are those of filter and search`() async throws {
        let client = try await shop()
        #expect(try await client.count(Self.products) == 100)
        #expect(try await client.count(Self.products.filter(.property("ID") > 90)) == 10)
        #expect(try await client.count(Self.products.search("Product 001")) == 1)
        #expect(try await client.answer(to: .page(Self.products.top(1).count())).value.count == 100)
        #expect(try await client.count(Query("Categories").key(1).navigate("Products")) == 34)
    }

    @Test func `a cross join of two sets brings one of each`() async throws {
        let rows = try await shop().entities(.crossjoin("Products", "Categories").top(2)).collect()
        #expect(rows.count == 2)
        for row in rows {
            #expect(row["Products"] != nil && row["Categories"] != nil)
        }
    }

    @Test func `refusals have code and text of the service`() async throws {
        let client = try await shop()
        let missing = Self.products.key(4_711)
        #expect(try await client.entityIfPresent(missing) == nil)
        let error = try await failure { _ = try await client.entity(missing) }
        #expect(error.serviceError?.status == 404)
        #expect(error.serviceError?.code == "404")
        var options = ClientOptions()
        options.metadata = .unused
        options.version = .exactly(.v401)
        let unchecked = try await Peers.client(Peers.shop, options: options)
        let wrong = try await failure {
            _ = try await unchecked.entities(Self.products.filter(.property("Nope") == 1)).collect()
        }
        #expect(wrong.serviceError?.status == 400)
        #expect(wrong.serviceError?.message?.text.contains("Nope") == true)
    }

    @Test func `without metadata an entity is read in the types that its notation shows`() async throws {
        var options = ClientOptions()
        options.metadata = .unused
        options.version = .exactly(.v401)
        let product = try await Peers.client(Peers.shop, options: options).entity(Self.products.key(.int32(6)))
        #expect(product["Name"] == "Product 006")
        #expect(product["ID"].flatMap { try? Int64(odataValue: $0) } == 6)
    }
}
