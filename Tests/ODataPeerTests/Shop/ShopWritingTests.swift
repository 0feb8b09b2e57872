import OData
import Testing

/// odatapy creates nothing by PATCH or PUT (an upsert is a 404), and has no ids and edit links in minimal metadata.
@Suite("odatapy: writing")
struct ShopWritingTests {
    private func shop() async throws -> ODataClient { try await Peers.client(Peers.writtenShop) }

    private static let products = Query("Products")
    private static let categories = Query("Categories")

    /// Keys that no other test has.
    private func number() -> Int32 { .random(in: 1_000 ..< .max) }

    private func everything(_ id: Int32) throws -> Entity {
        var product = Entity()
        product["ID"] = .int32(id)
        product["Name"] = "Ünï 'quoted' \"and\" \\ \u{1F600}\n"
        product["Price"] = try .decimal("12345678901234567890.0123456789")
        product["Stock"] = .int64(.max)
        product["Released"] = try .offset("2026-11-24T10:00:00.123+01:00")
        product["Made"] = .date(try #require(CalendarDate("2026-11-24")))
        product["Opens"] = .timeOfDay(try #require(TimeOfDay("08:30:00")))
        product["Shelf"] = .duration(try #require(ODataDuration("-P1DT2H3S")))
        product["Code"] = .guid(try #require(GUID("01234567-89ab-cdef-0123-456789abcdef")))
        product["Tags"] = .collection(["one", "two'", ""])
        product["Size"] = .complex(ComplexValue(["Width": try .decimal("0.001"), "Unit": "mm"]))
        product["Color"] = .enumeration(EnumerationValue("Red,Green"))
        return product
    }

    @Test("pitfall 48: each type is sent and read back without loss", arguments: [true, false])
    func everyType(_ isCompatible: Bool) async throws {
        var options = ClientOptions()
        options.isIEEE754Compatible = isCompatible
        let client = try await Peers.client(Peers.writtenShop, options: options)
        let product = try everything(number())
        let created = try await client.create(product, in: Self.products)
        let read = try await client.entity(Self.products.key(try #require(product["ID"])))
        for entity in [created, read] {
            for name in ["ID", "Name", "Price", "Stock", "Made", "Opens", "Shelf", "Code", "Tags"] {
                #expect(entity[name] == product[name], "\(name)")
            }
            guard case .dateTimeOffset(let sent) = product["Released"],
                case .dateTimeOffset(let came) = entity["Released"],
                case .complex(let size) = entity["Size"], case .enumeration(let color) = entity["Color"]
            else {
                Issue.record("\(entity.properties)")
                continue
            }
            // The offset is the service's affair, the instant isn't.
            #expect(came.at(offsetMinutes: 0) == sent.at(offsetMinutes: 0))
            #expect(size["Width"] == (try .decimal("0.001")) && size["Unit"] == "mm")
            #expect(color.members == "Red,Green")
        }
    }

    @Test func `values given as text and as Swift's integers are taken in the property's type`() async throws {
        let client = try await shop()
        var product = Entity()
        product["ID"] = .int32(number())
        product["Price"] = "12.50"
        product["Stock"] = 7
        product["Color"] = "Blue"
        let created = try await client.create(product, in: Self.products)
        #expect(created.number("Price") == ODataDecimal("12.50"))
        #expect(created["Stock"] == .int64(7))
        product["Stock"] = "many"
        let wrong = product
        let error = try await failure { _ = try await client.create(wrong, in: Self.products) }
        #expect({ if case .value = error { true } else { false } }(), "\(error)")
    }

    @Test func `a deep insert makes what is nested, and a binding links what is there`() async throws {
        let client = try await shop()
        let (category, product) = (number(), number())
        var nested = Entity()
        nested["ID"] = .int32(product)
        nested["Name"] = "nested"
        var parent = Entity()
        parent["ID"] = .int32(category)
        parent["Name"] = "deep"
        parent["Products"] = .entities(EntityCollection([nested]))
        try await client.create(parent, in: Self.categories)
        let read = try await client.entity(Self.categories.key(.int32(category)).expand("Products"))
        #expect(read.expanded("Products")?.map { $0.whole("ID") } == [Int(product)])
        // Of version 4.01's form of a binding, an object with nothing but `@id`, odatapy makes a deep insert.
        var options = ClientOptions()
        options.version = .exactly(.v4)
        let binding = try await Peers.client(Peers.writtenShop, options: options)
        var other = Entity()
        other["ID"] = .int32(number())
        other["Category"] = .deferred(DeferredLink(url: read.id ?? "Categories(\(category))"))
        let created = try await binding.create(other, in: Self.products)
        let linked = try await client.entity(
            Self.products.key(try #require(created["ID"])).navigate("Category"))
        #expect(linked.whole("ID") == Int(category))
    }

    @Test func `only what was set is changed, and null is a value`() async throws {
        let client = try await shop()
        let product = try everything(number())
        let key = Self.products.key(try #require(product["ID"]))
        try await client.create(product, in: Self.products)
        var read = try await client.entity(key)
        read["Name"] = nil as ODataValue?
        read["Name"] = .null
        read["Tags"] = .collection([])
        try await client.update(read, at: key)
        let after = try await client.entity(key)
        #expect(after["Name"] == .null)
        #expect(after["Tags"] == .collection([]))
        #expect(after["Price"] == product["Price"] && after["Stock"] == product["Stock"])
    }

    @Test func `one property is set by itself and made null by itself`() async throws {
        let client = try await shop()
        let product = try everything(number())
        let key = Self.products.key(try #require(product["ID"]))
        try await client.create(product, in: Self.products)
        try await client.setValue("new", of: key.property("Name"))
        try await client.setValue(.int64(9_007_199_254_740_993), of: key.property("Stock"))
        try await client.delete(key.property("Price"))
        let read = try await client.entity(key)
        #expect(read["Name"] == "new")
        #expect(read["Stock"] == .int64(9_007_199_254_740_993))
        #expect(read["Price"] == .null)
        #expect(try await client.value(key.property("Price")) == .null)
    }

    @Test func `pitfall 19: tags are wanted, kept and refused when stale`() async throws {
        let client = try await shop()
        let (id, key) = { ($0, Self.categories.key(.int32($0))) }(number())
        var category = Entity()
        category["ID"] = .int32(id)
        category["Name"] = "first"
        // odatapy versions the entities that it began with; new ones aren't.
        try await client.create(category, in: Self.categories)
        #expect(try await client.entity(key).etag == nil)

        let versioned = Self.categories.key(3)
        var (left, right) = (try await client.entity(versioned), try await client.entity(versioned))
        #expect(left.etag?.text.hasPrefix("W/\"") == true)
        left["Name"] = "left"
        right["Name"] = "right"
        let changed = right
        let missing = try await failure { try await client.update(changed, at: versioned, if: .none) }
        #expect({ if case .conflict(.tagRequired, _) = missing { true } else { false } }(), "\(missing)")
        var updated = try await client.update(left, at: versioned)
        #expect(updated.etag != left.etag)
        let stale = try await failure { try await client.update(changed, at: versioned) }
        #expect({ if case .conflict(.stale, _) = stale { true } else { false } }(), "\(stale)")
        // The tag of the answer is good for the next change.
        updated["Name"] = "left again"
        try await client.update(updated, at: versioned)
        #expect(try await client.entity(versioned).text("Name") == "left again")
    }

    @Test func `a singleton is changed at its own path`() async throws {
        let client = try await shop()
        var best = try await client.entity(Query("Bestseller"))
        best["Tags"] = .collection(["seller"])
        try await client.update(best, at: Query("Bestseller"))
        #expect(try await client.value(Query("Bestseller").property("Tags")) == .collection(["seller"]))
    }

    @Test func `an entity that isn't there is not changed`() async throws {
        let client = try await shop()
        let id = number()
        let error = try await failure {
            try await client.update(.category(id), at: Self.categories.key(.int32(id)), method: .patch)
        }
        #expect(error.serviceError?.status == 404)
    }

    @Test func `a key that is there already is a conflict`() async throws {
        let client = try await shop()
        var category = Entity()
        category["ID"] = 1
        let again = category
        let error = try await failure { _ = try await client.create(again, in: Self.categories) }
        guard case .conflict(.locked, let refusal) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(refusal.status == 409)
    }

    @Test func `what a write returns is what was asked for`() async throws {
        let client = try await shop()
        var category = Entity()
        category["ID"] = .int32(number())
        category["Name"] = "x"
        let minimal = try await client.answer(
            to: .create(category, in: Self.categories), RequestOptions(returning: .minimal))
        #expect(minimal.status == 204)
        #expect(minimal.value["Name"] == "x")
        #expect(minimal.value.id?.contains("Categories(") == true)
        var read = try await client.entity(Self.categories.key(try #require(category["ID"])))
        read["Name"] = "y"
        let full = try await client.answer(
            to: .update(read, at: Self.categories.key(try #require(category["ID"]))),
            RequestOptions(returning: .representation))
        #expect(full.status == 200)
        #expect(full.value["Name"] == "y")
    }

    @Test func `links are set, read and removed`() async throws {
        let client = try await shop()
        var product = Entity()
        product["ID"] = .int32(number())
        try await client.create(product, in: Self.products)
        let key = Self.products.key(try #require(product["ID"]))
        try await client.setLink("Category", of: key, to: .query(Self.categories.key(2)))
        #expect(try await client.entity(key.navigate("Category")).whole("ID") == 2)
        try await client.removeLink("Category", of: key)
        #expect(try await client.entityIfPresent(key.navigate("Category")) == nil)

        let parent = Entity.category(number())
        try await client.create(parent, in: Self.categories)
        let owner = Self.categories.key(try #require(parent["ID"]))
        try await client.addLink("Products", of: owner, to: .query(key))
        #expect(try await client.links("Products", of: owner).count == 1)
        try await client.removeLink("Products", of: owner, to: .query(key))
        #expect(try await client.links("Products", of: owner).isEmpty)
        #expect(try await client.entityIfPresent(key) != nil)
    }

    @Test func `a deleted entity is gone`() async throws {
        let client = try await shop()
        var product = Entity()
        product["ID"] = .int32(number())
        let created = try await client.create(product, in: Self.products)
        // odatapy sends no ids in minimal metadata: the key and the type's only set are enough.
        try await client.delete(created)
        #expect(try await client.entityIfPresent(Self.products.key(try #require(product["ID"]))) == nil)
    }

    @Test func `changes and deletions go through a proxy that lets POST alone pass`() async throws {
        var options = ClientOptions()
        options.tunnelsMethods = true
        let client = try await Peers.client(Peers.writtenShop, options: options)
        let id = number()
        try await client.create(.category(id), in: Self.categories)
        let key = Self.categories.key(.int32(id))
        var category = try await client.entity(key)
        category["Name"] = "tunnelled"
        try await client.update(category, at: key)
        #expect(try await client.entity(key).text("Name") == "tunnelled")
        try await client.delete(key)
        #expect(try await client.entityIfPresent(key) == nil)
    }

    // MARK: Media

    @Test func `a media entity is made of its bytes, described, read and replaced`() async throws {
        let client = try await shop()
        let bytes: [UInt8] = Array(0...255) + [0x0D, 0x0A]
        let photo = try await client.createMedia(
            bytes, mediaType: "image/png", slug: "Tür 100%.png", in: Query("Photos"))
        let key = Query("Photos").key(try #require(photo["ID"]))
        #expect(photo.media?.mediaType == "image/png")
        let content = try await client.content(key.rawValue())
        #expect(content.mediaType == "image/png")
        #expect(content.length == bytes.count)
        #expect(try await content.collect(maxBytes: 1_000) == bytes)
        let media = try #require(photo.media)
        #expect(try await client.content(of: media).collect(maxBytes: 1_000) == bytes)
        let limited = try await client.content(key.rawValue())
        #expect(try await failure { _ = try await limited.collect(maxBytes: 10) } == .limit(.bodyBytes(10)))

        var described = try await client.entity(key)
        described["Title"] = "Tür"
        try await client.update(described, at: key, if: .exists)
        #expect(try await client.entity(key).text("Title") == "Tür")
        _ = try await client.replaceContent(
            key.rawValue(), with: [1, 2, 3], mediaType: "image/jpeg", if: .exists)
        let replaced = try await client.content(key.rawValue())
        #expect(replaced.mediaType == "image/jpeg")
        #expect(try await replaced.collect(maxBytes: 10) == [1, 2, 3])
    }
}

extension Entity {
    static func category(_ id: Int32, _ name: String = "made") -> Entity {
        var category = Entity()
        category["ID"] = .int32(id)
        category["Name"] = .string(name)
        return category
    }
}
