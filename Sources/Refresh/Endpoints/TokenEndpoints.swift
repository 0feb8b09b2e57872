package import Connections
package import Domain
internal import Synchronization

/// Limits, breakers and suspicions of all token endpoints, as this process sees them.
///
/// Each attempt asks for a permit before it sends and reports how it ended. An endpoint that is down costs a probe now and
/// then; when it returns, what waited goes to it from one request at a time upwards and no faster than the pace allows; other
/// endpoints never notice. Nothing here is shared between instances: each presses within its own limits.
package final class TokenEndpoints: Sendable {
    private let table: Mutex<EndpointTable>
    private let clock: any DeadlineClock
    private let random: any RandomSource
    private let onChange: @Sendable () -> Void

    /// - Parameters:
    ///   - clock: steady; all instants are on it.
    ///   - random: the jitter of waits.
    ///   - onChange: called when something may be open that scheduled work was turned away from, because an attempt ended:
    ///     a place, a breaker, a suspicion. What opens by time alone is told by ``nextOpening(after:)``. Called from
    ///     whatever task reported, with no lock held; it must not block.
    package init(
        limits: EndpointLimits = EndpointLimits(), clock: any DeadlineClock, random: any RandomSource,
        onChange: @escaping @Sendable () -> Void = {}
    ) {
        table = Mutex(EndpointTable(EndpointRules(limits)))
        self.clock = clock
        self.random = random
        self.onChange = onChange
    }

    /// Admits a request now or says why not. Callers in line at the endpoint come first.
    ///
    /// - Parameter integration: nil where it isn't known yet: then ``attribute(_:to:)`` follows.
    package func tryAdmit(
        _ endpoint: TokenEndpointKey, _ integration: IntegrationID?, as purpose: AdmissionPurpose
    ) -> Admission {
        let now = clock.now
        return admission(table.withLock { $0.admit(endpoint, integration, as: purpose, now: now) }, of: endpoint)
    }

    /// Admits a caller's request, and waits for a place or the pace where it must: first come, first served. Never waits
    /// for a breaker, a shut door or a suspect client: `.blocked` comes at once, also to those in line.
    ///
    /// - Returns: `.busy` when the deadline has passed, the caller is cancelled or the line is full. Whoever leaves gives
    ///   the place in line to the next.
    package func admit(
        _ endpoint: TokenEndpointKey, _ integration: IntegrationID?, until deadline: ContinuousClock.Instant
    ) async -> Admission {
        let first = tryAdmit(endpoint, integration, as: .caller)
        guard case .busy = first, clock.now < deadline, !Task.isCancelled else { return first }
        let (signals, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let now = clock.now
        let joined = table.withLock { $0.join(endpoint, integration, signal, now: now) }
        guard case .waiting(let number, let until) = joined else { return admission(joined, of: endpoint) }
        let place = Place(number: number, endpoint: endpoint, signals: signals, signal: signal, deadline: deadline)
        return await wait(in: place, lookingAgainAt: until)
    }

    /// Says for which integration an admitted request is, once that is known. `.blocked` where its client is suspect: the
    /// permit has then been given back, and nothing may be sent. `.admitted` holds the same permit.
    package func attribute(_ permit: EndpointPermit, to integration: IntegrationID) -> Admission {
        let now = clock.now
        let (answer, wake) = table.withLock {
            $0.attribute(permit.ticket.id, of: permit.endpoint, to: integration, now: now)
        }
        tell(wake)
        switch answer {
        case .admitted: return .admitted(permit)
        case .blocked(let reason, let until):
            _ = permit.ticket.spend()
            return .blocked(reason, until: until)
        case .busy(let until), .waiting(_, let until): return .busy(until: until)
        }
    }

    /// Gives the permit back with what the attempt came to. Report before asking ``isSuspect(_:_:)``.
    package func report(_ permit: EndpointPermit, _ outcome: EndpointOutcome) {
        guard permit.ticket.spend() else { return }
        settle(permit.ticket.id, of: permit.endpoint, outcome)
    }

    /// Whether refusals at the endpoint say nothing of the grants of that integration, because its client may be meant.
    package func isSuspect(_ endpoint: TokenEndpointKey, _ integration: IntegrationID) -> Bool {
        table.withLock { $0.isSuspect(endpoint, integration) }
    }

    /// Whether the endpoint admits nobody now or one probe at most: its breaker has opened and not closed since, or the
    /// server said to wait.
    package func isShut(_ endpoint: TokenEndpointKey) -> Bool {
        let now = clock.now
        return table.withLock { $0.isShut(endpoint, now: now) }
    }

    /// The integration was changed: its client is tried again at once.
    package func integrationChanged(_ integration: IntegrationID) {
        table.withLock { $0.forgive(integration) }
        onChange()
    }

    /// The earliest instant, not before `now`, at which time alone opens an endpoint that scheduled work was turned away
    /// from; nil where none does. An opening that has come already is told once: whoever is turned away again hears of it
    /// again.
    package func nextOpening(after now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        table.withLock { $0.nextOpening(after: now) }
    }

    /// Every endpoint that is remembered, in order of its name.
    package var snapshot: [EndpointSnapshot] {
        let now = clock.now
        return table.withLock { $0.snapshots(now: now) }
    }

    func settle(_ attempt: UInt64, of endpoint: TokenEndpointKey, _ outcome: EndpointOutcome) {
        let now = clock.now
        let random = random.next()
        tell(table.withLock { $0.report(attempt, of: endpoint, outcome, now: now, random: random) })
    }

    private struct Place: Sendable {
        let number: UInt64
        let endpoint: TokenEndpointKey
        let signals: AsyncStream<Void>
        let signal: AsyncStream<Void>.Continuation
        let deadline: ContinuousClock.Instant
    }

    private func wait(in place: Place, lookingAgainAt first: ContinuousClock.Instant?) async -> Admission {
        await withDiscardingTaskGroup(returning: Admission.self) { group in
            func wake(at instant: ContinuousClock.Instant) {
                group.addTask { [clock] in
                    // It throws when the wait is over: then nobody listens.
                    try? await clock.sleep(until: instant, tolerance: nil)
                    place.signal.yield()
                }
            }
            defer { group.cancelAll() }
            wake(at: place.deadline)
            var alarm = first
            if let alarm { wake(at: alarm) }
            // The stream ends when the caller is cancelled.
            for await _ in place.signals {
                let now = clock.now
                let (answer, woken) = table.withLock { $0.look(place.number, at: place.endpoint, now: now) }
                tell(woken)
                guard case .waiting(_, let until) = answer else { return admission(answer, of: place.endpoint) }
                guard now < place.deadline else { break }
                if let until, alarm.map({ until < $0 || $0 <= now }) ?? true {
                    alarm = until
                    wake(at: until)
                }
            }
            tell(table.withLock { $0.leave(place.number, at: place.endpoint) })
            return .busy(until: nil)
        }
    }

    private func admission(_ answer: EndpointTable.Answer, of endpoint: TokenEndpointKey) -> Admission {
        switch answer {
        case .admitted(let id):
            .admitted(
                EndpointPermit(
                    endpoint: endpoint,
                    ticket: EndpointPermit.Ticket(id: id, endpoint: endpoint, endpoints: self)))
        case .busy(let until), .waiting(_, let until): .busy(until: until)
        case .blocked(let reason, let until): .blocked(reason, until: until)
        }
    }

    private func tell(_ wake: EndpointTable.Wake) {
        for signal in wake.signals { signal.yield() }
        if wake.isForScheduler { onChange() }
    }
}
