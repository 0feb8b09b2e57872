package import Connections
package import Domain

/// Due rows that wait in memory for their turn. Bounded; a value without locks and clocks.
///
/// Turns go round between the endpoints and, within each, between its tenants; a tenant's rows at one endpoint come in the
/// order in which they are due. So one tenant with however many rows delays another's first row by one row, and an endpoint
/// that admits nothing delays no other.
///
/// A tenant may fill its own bound and an eighth of the room that is left, whichever is less: many tenants with many rows
/// each leave room for the ones that come later, and a tenant without a row finds room until the queue is full. In the same
/// way an endpoint may fill as much as it leaves free, so that one which is slow or down never fills the queue; rows whose
/// endpoint isn't known have no such bound, because nothing but their turn holds them.
///
/// All operations take constant time, ``next(_:)`` for each endpoint that it asks. Only a row that is due before others of
/// its tenant and endpoint walks past those, which rows from a scan by due time are not.
package struct FairQueue: Sendable {
    package enum Offer: Hashable, Sendable {
        case queued
        /// It waits already; what was offered first stays.
        case known
        case tenantFull
        case endpointFull
        case full
    }

    private struct Row: Sendable {
        let due: DueRefresh
        /// Cell of its lane.
        let lane: Int
    }

    /// One tenant's rows at one endpoint.
    private struct Lane: Sendable {
        let scope: TenantScope
        /// Cell of its road.
        let road: Int
        var rows = CellList()
    }

    /// One endpoint's lanes, the one whose turn it is first.
    private struct Road: Sendable {
        let endpoint: TokenEndpointKey?
        var lanes = CellList()
        var laneOf: [TenantScope: Int] = [:]
        var count = 0
    }

    private let maxRows: Int
    private let maxPerTenant: Int
    private var rows = Cells<Row>()
    private var lanes = Cells<Lane>()
    private var roads = Cells<Road>()
    /// All roads that have rows, the one whose turn it is first.
    private var turn = CellList()
    private var rowOf: [ConnectionID: Int] = [:]
    private var roadOf: [TokenEndpointKey?: Int] = [:]
    private var countOf: [TenantScope: Int] = [:]

    /// - Parameters:
    ///   - maxRows: of all tenants; at least 1.
    ///   - maxPerTenant: of one tenant, over all endpoints; at least 1.
    package init(maxRows: Int = 65_536, maxPerTenant: Int = 4_096) {
        self.maxRows = max(1, maxRows)
        self.maxPerTenant = max(1, maxPerTenant)
    }

    package var count: Int { rowOf.count }
    package var isEmpty: Bool { rowOf.isEmpty }

    package func contains(_ connection: ConnectionID) -> Bool { rowOf[connection] != nil }

    package func count(of endpoint: TokenEndpointKey?) -> Int {
        roadOf[endpoint].map { roads.values[$0].count } ?? 0
    }

    package func count(of scope: TenantScope) -> Int { countOf[scope] ?? 0 }

    /// - Parameter endpointLimit: rows that may wait for the row's endpoint, this one included, where that is fewer than the
    ///   endpoint's share.
    package mutating func offer(_ row: DueRefresh, endpointLimit: Int? = nil) -> Offer {
        guard rowOf[row.connectionID] == nil else { return .known }
        guard count < maxRows else { return .full }
        let room = maxRows - count
        let endpointShare = min(endpointLimit ?? .max, row.endpoint == nil ? .max : room)
        guard count(of: row.endpoint) < endpointShare else { return .endpointFull }
        guard count(of: row.scope) < max(1, min(maxPerTenant, room / 8)) else { return .tenantFull }
        insert(row)
        return .queued
    }

    /// Takes the row whose turn it is.
    ///
    /// - Parameter admits: asked for each endpoint at most once (nil: rows whose endpoint isn't known). Where it says yes, a
    ///   row of that endpoint is returned, so that a permit it has taken is used; where it says no, the endpoint keeps its
    ///   turn.
    package mutating func next(_ admits: (TokenEndpointKey?) -> Bool) -> DueRefresh? {
        next(upTo: 1, admits).first
    }

    /// Takes several rows in turn. An endpoint is asked before each row of it that is taken, and not again once it has said
    /// no.
    package mutating func next(upTo limit: Int, _ admits: (TokenEndpointKey?) -> Bool) -> [DueRefresh] {
        var taken: [DueRefresh] = []
        var refused = CellList()
        while taken.count < limit, let road = turn.first {
            roads.unlink(road, from: &turn)
            guard admits(roads.values[road].endpoint) else {
                roads.append(road, to: &refused)
                continue
            }
            // Before its row is taken, because taking the last row takes the road away.
            roads.append(road, to: &turn)
            guard let row = roads.values[road].lanes.first.flatMap({ lanes.values[$0].rows.first }) else { continue }
            passTurn(on: road)
            taken.append(remove(cell: row))
        }
        roads.prepend(&refused, to: &turn)
        return taken
    }

    /// Takes a row out of turn; nil where it doesn't wait.
    @discardableResult
    package mutating func remove(_ connection: ConnectionID) -> DueRefresh? {
        rowOf[connection].map { remove(cell: $0) }
    }

    private mutating func insert(_ due: DueRefresh) {
        let road = road(of: due.endpoint)
        let lane = lane(of: due.scope, on: road)
        var later = lanes.values[lane].rows.last
        while let cell = later, isBefore(due, rows.values[cell].due) { later = rows.previous(of: cell) }
        let row = rows.make(Row(due: due, lane: lane))
        rows.insert(row, after: later, in: &lanes.values[lane].rows)
        rowOf[due.connectionID] = row
        roads.values[road].count += 1
        countOf[due.scope, default: 0] += 1
    }

    private func isBefore(_ left: DueRefresh, _ right: DueRefresh) -> Bool {
        (left.dueAt, left.connectionID) < (right.dueAt, right.connectionID)
    }

    private mutating func road(of endpoint: TokenEndpointKey?) -> Int {
        if let known = roadOf[endpoint] { return known }
        let road = roads.make(Road(endpoint: endpoint))
        roads.append(road, to: &turn)
        roadOf[endpoint] = road
        return road
    }

    private mutating func lane(of scope: TenantScope, on road: Int) -> Int {
        if let known = roads.values[road].laneOf[scope] { return known }
        let lane = lanes.make(Lane(scope: scope, road: road))
        lanes.append(lane, to: &roads.values[road].lanes)
        roads.values[road].laneOf[scope] = lane
        return lane
    }

    /// The tenant whose turn it was goes to the end.
    private mutating func passTurn(on road: Int) {
        guard let lane = roads.values[road].lanes.first else { return }
        lanes.unlink(lane, from: &roads.values[road].lanes)
        lanes.append(lane, to: &roads.values[road].lanes)
    }

    private mutating func remove(cell: Int) -> DueRefresh {
        let lane = rows.values[cell].lane
        let road = lanes.values[lane].road
        rows.unlink(cell, from: &lanes.values[lane].rows)
        let due = rows.values[cell].due
        rows.discard(cell)
        rowOf[due.connectionID] = nil
        roads.values[road].count -= 1
        let left = count(of: due.scope) - 1
        countOf[due.scope] = left > 0 ? left : nil
        if lanes.values[lane].rows.first == nil {
            lanes.unlink(lane, from: &roads.values[road].lanes)
            roads.values[road].laneOf[due.scope] = nil
            lanes.discard(lane)
        }
        if roads.values[road].count == 0 {
            roads.unlink(road, from: &turn)
            roadOf[due.endpoint] = nil
            roads.discard(road)
        }
        return due
    }
}
