import Connections
import Domain
import Refresh
import Testing

@Suite("Due rows come out in turn: by endpoint, then by tenant")
struct FairQueueTests {
    private static let endpoints: [TokenEndpointKey?] = [nil] + (0..<3).map { .numbered($0) }

    private static func scope(_ number: Int) -> TenantScope {
        TenantScope(environmentID: .numbered(1), tenantID: .numbered(number))
    }

    private static func row(_ id: Int, tenant: Int, endpoint: Int? = 0, due: Int? = nil) -> DueRefresh {
        DueRefresh(
            connectionID: .numbered(id), scope: scope(tenant), endpoint: endpoint.map { .numbered($0) },
            dueAt: Timestamp(seconds: Int64(due ?? id)))
    }

    private static func drain(_ queue: inout FairQueue) -> [DueRefresh] {
        var rows: [DueRefresh] = []
        while let row = queue.next({ _ in true }) { rows.append(row) }
        return rows
    }

    @Test func `one row of another tenant comes second at the latest, whoever has a hundred thousand`() {
        var queue = FairQueue(maxRows: 1_000_000, maxPerTenant: 100_000)
        for id in 0..<100_000 { #expect(queue.offer(Self.row(id, tenant: 1)) == .queued) }
        for id in 0..<1_000 { #expect(queue.next { _ in true } == Self.row(id, tenant: 1)) }
        #expect(queue.offer(Self.row(500_000, tenant: 2)) == .queued)
        let tenants = (0..<2).compactMap { _ in queue.next { _ in true }?.scope }
        #expect(tenants.contains(Self.scope(2)))
        #expect(queue.count == 98_999 && queue.count(of: Self.scope(2)) == 0)
    }

    @Test func `turns go round between endpoints, and between tenants within each`() {
        var queue = FairQueue()
        // Endpoint 0: tenants 1 and 2; endpoint 1: tenant 1.
        for row in [
            Self.row(1, tenant: 1), Self.row(2, tenant: 1), Self.row(3, tenant: 2), Self.row(4, tenant: 1, endpoint: 1),
            Self.row(5, tenant: 1, endpoint: 1), Self.row(6, tenant: 2), Self.row(7, tenant: 1),
        ] { #expect(queue.offer(row) == .queued) }
        let order = Self.drain(&queue).map(\.connectionID.low)
        #expect(order == [1, 4, 3, 5, 2, 6, 7])
    }

    @Test func `a tenant's rows come in the order in which they are due, however they were offered`() {
        var queue = FairQueue()
        var random = Numbers(7)
        for id in 0..<500 { _ = queue.offer(Self.row(id, tenant: 1, due: random.below(50))) }
        let rows = Self.drain(&queue)
        #expect(rows.count == 500)
        #expect(zip(rows, rows.dropFirst()).allSatisfy { ($0.dueAt, $0.connectionID) < ($1.dueAt, $1.connectionID) })
    }

    @Test func `an endpoint is asked once, and one that refuses delays no other and keeps its turn`() {
        var queue = FairQueue()
        for endpoint in 0..<1_000 { _ = queue.offer(Self.row(endpoint, tenant: 1, endpoint: endpoint)) }
        var asked: [TokenEndpointKey?] = []
        let row = queue.next {
            asked.append($0)
            return $0 == .numbered(700)
        }
        #expect(row == Self.row(700, tenant: 1, endpoint: 700))
        #expect(asked == (0...700).map { .numbered($0) })
        asked = []
        #expect(
            queue.next {
                asked.append($0)
                return false
            } == nil)
        #expect(asked.count == 999 && Set(asked).count == 999)
        #expect(queue.count == 999)
        #expect(queue.next { _ in true } == Self.row(0, tenant: 1, endpoint: 0))
    }

    @Test func `an endpoint that says yes always gives a row`() {
        var queue = FairQueue()
        for id in 0..<50 { _ = queue.offer(Self.row(id, tenant: id % 7, endpoint: id % 3 == 0 ? nil : id % 3)) }
        for id in 0..<50 where id % 4 == 0 { queue.remove(.numbered(id)) }
        while !queue.isEmpty {
            var granted: [TokenEndpointKey?] = []
            let row = queue.next {
                granted.append($0)
                return true
            }
            #expect(granted.count == 1 && row?.endpoint == granted[0])
        }
        #expect(queue.next { _ in true } == nil)
    }

    @Test func `rows whose endpoint isn't known are an endpoint of their own`() {
        var queue = FairQueue()
        for id in 0..<4 { _ = queue.offer(Self.row(id, tenant: 1, endpoint: id < 2 ? nil : 0)) }
        #expect(queue.count(of: nil) == 2)
        #expect(queue.next { $0 == nil }?.connectionID == .numbered(0))
        #expect(queue.next { $0 != nil }?.connectionID == .numbered(2))
    }

    @Test func `a row that waits already is known, and is not once it is out`() {
        var queue = FairQueue()
        let row = Self.row(1, tenant: 1)
        #expect(queue.offer(row) == .queued)
        #expect(queue.offer(row) == .known)
        #expect(queue.offer(Self.row(1, tenant: 2, endpoint: 2, due: 0)) == .known)
        #expect(queue.contains(row.connectionID) && queue.count == 1)
        #expect(queue.next { _ in true } == row)
        #expect(!queue.contains(row.connectionID))
        #expect(queue.offer(row) == .queued)
        #expect(queue.remove(row.connectionID) == row && queue.remove(row.connectionID) == nil)
        #expect(queue.offer(row) == .queued)
    }

    @Test func `each bound says which it is`() {
        var queue = FairQueue(maxRows: 80, maxPerTenant: 5)
        for id in 0..<5 { #expect(queue.offer(Self.row(id, tenant: 1, endpoint: id)) == .queued) }
        #expect(queue.offer(Self.row(5, tenant: 1)) == .tenantFull)
        #expect(queue.offer(Self.row(6, tenant: 2), endpointLimit: 1) == .endpointFull)
        #expect(queue.offer(Self.row(6, tenant: 2), endpointLimit: 2) == .queued)
        #expect(queue.offer(Self.row(7, tenant: 2), endpointLimit: 0) == .endpointFull)
        for id in 100..<174 { #expect(queue.offer(Self.row(id, tenant: id, endpoint: id)) == .queued) }
        #expect(queue.count == 80)
        #expect(queue.offer(Self.row(999, tenant: 999, endpoint: 999)) == .full)
        queue.remove(.numbered(100))
        #expect(queue.offer(Self.row(999, tenant: 999, endpoint: 999)) == .queued)
    }

    @Test func `a hundred tenants with more rows than fit leave room for one that comes later`() {
        var queue = FairQueue(maxRows: 10_000, maxPerTenant: 4_096)
        for id in 0..<400_000 { _ = queue.offer(Self.row(id, tenant: id % 100, endpoint: id / 100 % 20)) }
        let counts = (0..<100).map { queue.count(of: Self.scope($0)) }
        #expect((counts.max() ?? 0) - (counts.min() ?? 0) <= 1)
        #expect(queue.count > 8_000)
        for id in 0..<10 { #expect(queue.offer(Self.row(1_000_000 + id, tenant: 500)) == .queued) }
    }

    @Test func `endpoints that take nothing leave room for the others`() {
        var queue = FairQueue(maxRows: 12_000, maxPerTenant: 4_096)
        for id in 0..<50_000 { _ = queue.offer(Self.row(id, tenant: id % 5_000, endpoint: 0)) }
        #expect(queue.count == 6_000)
        #expect(queue.offer(Self.row(60_000, tenant: 9_000, endpoint: 0)) == .endpointFull)
        for id in 100_000..<150_000 { _ = queue.offer(Self.row(id, tenant: id % 5_000, endpoint: 1)) }
        #expect(queue.count(of: .numbered(1)) == 3_000)
        for id in 200_000..<202_999 { #expect(queue.offer(Self.row(id, tenant: id, endpoint: id)) == .queued) }
        var served = 0
        while queue.next({ $0 != .numbered(0) && $0 != .numbered(1) }) != nil { served += 1 }
        #expect(served == 2_999)
        // Rows whose endpoint isn't known are held by nothing but their turn.
        for id in 300_000..<303_000 { #expect(queue.offer(Self.row(id, tenant: id, endpoint: nil)) == .queued) }
        #expect(queue.offer(Self.row(400_000, tenant: 400_000, endpoint: nil)) == .full)
    }

    @Test func `nothing is left behind when all have gone`() {
        var queue = FairQueue()
        for round in 0..<20 {
            for id in 0..<1_000 { #expect(queue.offer(Self.row(id, tenant: id % 13, endpoint: id % 5)) == .queued) }
            if round % 2 == 0 {
                #expect(Self.drain(&queue).count == 1_000)
            } else {
                for id in (0..<1_000).reversed() { #expect(queue.remove(.numbered(id)) != nil) }
            }
            #expect(queue.isEmpty && queue.next { _ in true } == nil)
            #expect((0..<13).allSatisfy { queue.count(of: Self.scope($0)) == 0 })
            #expect((0..<5).allSatisfy { queue.count(of: .numbered($0)) == 0 })
        }
    }

    @Test func `several at once stop asking an endpoint that refused, and end at the limit`() {
        var queue = FairQueue()
        for id in 0..<30 { _ = queue.offer(Self.row(id, tenant: 1, endpoint: id % 3)) }
        var asked: [Int] = [0, 0, 0]
        let rows = queue.next(upTo: 12) { key in
            let endpoint = (0..<3).first { .numbered($0) == key } ?? 0
            asked[endpoint] += 1
            return endpoint != 1 && asked[endpoint] <= 4
        }
        #expect(rows.map(\.connectionID.low) == [0, 2, 3, 5, 6, 8, 9, 11])
        #expect(asked == [5, 1, 5] && queue.count == 22)
        #expect(queue.next(upTo: 5) { _ in true }.count == 5)
        #expect(queue.next(upTo: 0) { _ in true }.isEmpty)
        #expect(queue.next(upTo: 1_000) { _ in true }.count == 17)
    }

    @Test(arguments: 1...30)
    func `it does what a naive model does, whatever is asked of it`(seed: UInt64) {
        var random = Numbers(seed)
        var queue = FairQueue(maxRows: 60, maxPerTenant: 6)
        var model = NaiveQueue(maxRows: 60, maxPerTenant: 6)
        for step in 0..<2_000 {
            switch random.below(5) {
            case 0, 1, 2:
                let endpoint = random.below(4)
                let row = Self.row(
                    random.below(200), tenant: random.below(8), endpoint: endpoint == 3 ? nil : endpoint,
                    due: random.below(30))
                let limit = random.below(4) == 0 ? random.below(20) : nil
                #expect(queue.offer(row, endpointLimit: limit) == model.offer(row, limit), "step \(step)")
            case 3:
                let admitted = Self.endpoints.filter { _ in random.below(2) == 0 }
                let limit = 1 + random.below(3)
                let rows = queue.next(upTo: limit) { admitted.contains($0) }
                #expect(rows == model.next(limit) { admitted.contains($0) }, "step \(step)")
            default:
                let id = ConnectionID.numbered(random.below(200))
                #expect(queue.remove(id) == model.remove(id), "step \(step)")
            }
            #expect(queue.count == model.rows.count)
        }
        #expect(Self.drain(&queue) == model.next(1_000) { _ in true })
    }
}

/// The same rules in the plainest way: lists that are searched.
private struct NaiveQueue {
    let maxRows: Int
    let maxPerTenant: Int
    var rows: [DueRefresh] = []
    /// Endpoints and, for each, tenants in the order of their turns.
    var turns: [(endpoint: TokenEndpointKey?, tenants: [TenantScope])] = []

    init(maxRows: Int, maxPerTenant: Int) {
        self.maxRows = maxRows
        self.maxPerTenant = maxPerTenant
    }

    mutating func offer(_ row: DueRefresh, _ endpointLimit: Int?) -> FairQueue.Offer {
        if rows.contains(where: { $0.connectionID == row.connectionID }) { return .known }
        if rows.count >= maxRows { return .full }
        let ofEndpoint = rows.count { $0.endpoint == row.endpoint }
        if let endpointLimit, ofEndpoint >= endpointLimit { return .endpointFull }
        if row.endpoint != nil, ofEndpoint >= maxRows - rows.count { return .endpointFull }
        let ofTenant = rows.count { $0.scope == row.scope }
        if ofTenant >= maxPerTenant || (ofTenant >= 1 && ofTenant >= (maxRows - rows.count) / 8) { return .tenantFull }
        rows.append(row)
        if let index = turns.firstIndex(where: { $0.endpoint == row.endpoint }) {
            if !turns[index].tenants.contains(row.scope) { turns[index].tenants.append(row.scope) }
        } else {
            turns.append((row.endpoint, [row.scope]))
        }
        return .queued
    }

    mutating func next(_ limit: Int, _ admits: (TokenEndpointKey?) -> Bool) -> [DueRefresh] {
        var taken: [DueRefresh] = []
        while taken.count < limit, let index = turns.firstIndex(where: { admits($0.endpoint) }) {
            var turn = turns.remove(at: index)
            let scope = turn.tenants.removeFirst()
            turn.tenants.append(scope)
            turns.append(turn)
            let best = rows.filter { $0.endpoint == turn.endpoint && $0.scope == scope }
                .min { ($0.dueAt, $0.connectionID) < ($1.dueAt, $1.connectionID) }
            if let best, let row = remove(best.connectionID) { taken.append(row) }
        }
        return taken
    }

    mutating func remove(_ id: ConnectionID) -> DueRefresh? {
        guard let index = rows.firstIndex(where: { $0.connectionID == id }) else { return nil }
        let row = rows.remove(at: index)
        if let turn = turns.firstIndex(where: { $0.endpoint == row.endpoint }) {
            if !rows.contains(where: { $0.endpoint == row.endpoint && $0.scope == row.scope }) {
                turns[turn].tenants.removeAll { $0 == row.scope }
            }
            if turns[turn].tenants.isEmpty { turns.remove(at: turn) }
        }
        return row
    }
}
