internal import Connections
internal import Domain
internal import Logging
internal import Observability
internal import Synchronization

/// What a caller did with a connection, as the audit counts it.
struct UsageKey: Hashable, Sendable {
    /// ``Domain/Principal/auditName``.
    let actor: String
    let scope: TenantScope
    let connectionID: ConnectionID
    let action: AuditEvent.Action
    let outcome: AuditEvent.Outcome
}

struct Usage: Sendable {
    let key: UsageKey
    let count: Int64
}

/// A refusal of a known caller, kept one by one.
struct Denial: Sendable {
    let environmentID: EnvironmentID
    let tenantID: TenantID?
    let actor: String
    let action: AuditEvent.Action
    let object: String?
    let reason: DataPlaneProblem
    let requestID: String
    let at: Timestamp
}

/// Collects uses and denials from the loops and writes them to the audit store: uses once a second as one event for each
/// kind with its count, denials with the next writing, at the latest after a second.
///
/// Bounded: while the store is away, counts merge and denials beyond ``maxDenials`` are dropped and counted.
final class UsageRecorder: Sendable {
    static let maxKinds = 20_000
    static let maxDenials = 10_000
    /// Events of one write.
    private static let batch = 500

    private struct State {
        var uses: [UsageKey: Int64] = [:]
        var denials: [Denial] = []
        var dropped = 0
    }

    private let state = Mutex(State())
    private let store: any AuditStore
    private let clock: any WallClock
    private let identifiers: IdentifierSource
    private let logger: Logger

    init(store: any AuditStore, clock: any WallClock, identifiers: IdentifierSource, logger: Logger) {
        self.store = store
        self.clock = clock
        self.identifiers = identifiers
        self.logger = logger
    }

    func add(_ uses: [Usage]) {
        guard !uses.isEmpty else { return }
        state.withLock { state in
            for use in uses { Self.merge(use.key, use.count, into: &state) }
        }
    }

    func add(_ denial: Denial) {
        state.withLock { state in
            if state.denials.count < Self.maxDenials {
                state.denials.append(denial)
            } else {
                state.dropped += 1
            }
        }
    }

    private static func merge(_ key: UsageKey, _ count: Int64, into state: inout State) {
        if state.uses[key] != nil || state.uses.count < maxKinds {
            state.uses[key, default: 0] += count
        } else {
            state.dropped += Int(count)
        }
    }

    /// How many uses and denials were lost since the last call.
    func takeDropped() -> Int {
        state.withLock { state in
            defer { state.dropped = 0 }
            return state.dropped
        }
    }

    /// Writes all that waits. What the store doesn't take stays for the next call; where the outcome of a write is
    /// unknown it is counted as written, so that no use is counted twice.
    func write() async {
        let (uses, denials) = state.withLock { state in
            defer {
                state.uses.removeAll(keepingCapacity: true)
                state.denials.removeAll()
            }
            return (state.uses, state.denials)
        }
        var waitingDenials = denials[...]
        var waitingUses = uses.map { Usage(key: $0.key, count: $0.value) }[...]
        while !waitingDenials.isEmpty || !waitingUses.isEmpty {
            let someDenials = waitingDenials.prefix(Self.batch)
            let someUses = waitingUses.prefix(Self.batch - someDenials.count)
            guard await append(someDenials.map(event) + someUses.map(event)) else { break }
            waitingDenials = waitingDenials.dropFirst(someDenials.count)
            waitingUses = waitingUses.dropFirst(someUses.count)
        }
        putBack(waitingUses, waitingDenials)
    }

    private func append(_ events: [AuditEvent]) async -> Bool {
        do {
            try await store.append(events)
            return true
        } catch {
            switch error {
            case .outcomeUnknown:
                logger.warning("audit events of uses may be lost", metadata: .facts([.count: String(events.count)]))
                return true
            case .unavailable, .conflict, .stale, .notFound, .corrupt, .failed:
                logger.warning("audit events of uses wait", metadata: .facts([.count: String(events.count)]))
                return false
            }
        }
    }

    private func putBack(_ uses: ArraySlice<Usage>, _ denials: ArraySlice<Denial>) {
        guard !uses.isEmpty || !denials.isEmpty else { return }
        state.withLock { state in
            for use in uses { Self.merge(use.key, use.count, into: &state) }
            let room = max(0, Self.maxDenials - state.denials.count)
            state.denials.insert(contentsOf: denials.prefix(room), at: 0)
            state.dropped += max(0, denials.count - room)
        }
    }

    private func event(_ use: Usage) -> AuditEvent {
        AuditEvent(
            id: identifiers.next(), environmentID: use.key.scope.environmentID, tenantID: use.key.scope.tenantID,
            at: clock.now(), actor: use.key.actor, action: use.key.action, outcome: use.key.outcome,
            object: use.key.connectionID.description, count: use.count)
    }

    private func event(_ denial: Denial) -> AuditEvent {
        AuditEvent(
            id: identifiers.next(), environmentID: denial.environmentID, tenantID: denial.tenantID, at: denial.at,
            actor: denial.actor, action: denial.action, outcome: .denied, object: denial.object,
            reason: denial.reason.code, requestID: denial.requestID)
    }
}
