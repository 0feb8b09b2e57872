import OData
import Testing

@Suite("odatapy: changes since a read")
struct ShopDeltaTests {
    @Test func `pitfall 53: what is made, changed and deleted after a read is told by the link that it brought`()
        async throws
    {
        let client = try await Peers.client(Peers.writtenShop)
        let (kept, gone, made) = (number(), number(), number())
        for id in [kept, gone] { try await client.create(.category(id), in: Query("Categories")) }
        var link: DeltaLink?
        var seen: Set<Int> = []
        for try await change in try client.changes(tracking: Query("Categories")) {
            switch change {
            case .changed(let entity): seen.insert(try #require(entity.whole("ID")))
            case .checkpoint(let found): link = found
            case .removed, .link: Issue.record("nothing has gone yet")
            }
        }
        #expect(seen.isSuperset(of: [1, 2, 3, Int(kept), Int(gone)]))
        let start = try #require(link)

        try await client.create(.category(made, "new"), in: Query("Categories"))
        var changed = try await client.entity(Query("Categories").key(.int32(kept)))
        changed["Name"] = "changed"
        try await client.update(changed, at: Query("Categories").key(.int32(kept)))
        try await client.delete(Query("Categories").key(.int32(gone)))

        let told = try await changes(client, since: start)
        #expect(told.names[Int(kept)] == "changed")
        #expect(told.names[Int(made)] == "new")
        #expect(told.names[Int(gone)] == nil)
        #expect(told.removed.contains { $0.id?.hasSuffix("Categories(\(gone))") == true && $0.reason == .deleted })
        // A second reader begins where the first one ended.
        let next = try #require(told.next)
        try await client.delete(Query("Categories").key(.int32(made)))
        let later = try await changes(client, since: next)
        #expect(later.names[Int(kept)] == nil)
        #expect(later.removed.contains { $0.id?.hasSuffix("Categories(\(made))") == true })
    }

    private func number() -> Int32 { .random(in: 1_000 ..< .max) }

    private func changes(
        _ client: ODataClient, since link: DeltaLink
    ) async throws -> (names: [Int: String], removed: [RemovedEntity], next: DeltaLink?) {
        var names: [Int: String] = [:]
        var removed: [RemovedEntity] = []
        var next: DeltaLink?
        for try await change in client.changes(since: link) {
            switch change {
            case .changed(let entity): names[try #require(entity.whole("ID"))] = entity.text("Name") ?? ""
            case .removed(let entity): removed.append(entity)
            case .checkpoint(let found): next = found
            case .link: break
            }
        }
        return (names, removed, next)
    }
}
