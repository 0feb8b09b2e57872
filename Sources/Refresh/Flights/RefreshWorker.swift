internal import Catalogue
internal import Connections
internal import Domain
internal import Logging
internal import Observability
internal import Vault

/// What one flight does: asks for room at the endpoint, takes the lease, asks, writes. Holds no state of its own.
struct RefreshWorker: Sendable {
    let instance: InstanceID
    let connections: any ConnectionStore
    let refreshes: any RefreshStore
    let leases: GroupedCalls<LeaseRequest, LeaseAnswer>
    let writer: AnswerWriter
    let catalogue: Catalogue
    let sealer: CredentialSealer
    let secrets: SecretsReader
    let tokens: TokenAcquisition
    let endpoints: TokenEndpoints
    let spool: RefreshSpool?
    let pending: PendingAnswers
    let takeovers: TakeoverGuard
    let gate: CallGate
    let clock: any DeadlineClock
    let random: any RandomSource
    let settings: RefreshSettings
    let signals: ConnectionSignals
    let statistics: RefreshStatistics
    /// Told when a flight for a due row ended with nothing sent.
    let onGivenUp: @Sendable () -> Void

    /// What a flight is for.
    enum Errand: Sendable {
        /// A row that was due; the endpoint has let it in.
        case scheduled(DueRefresh, EndpointPermit?)
        /// Somebody waits, or will soon, for a token newer than one that it has seen.
        case wished(FlightTable.Wish)
    }

    enum Landing: Sendable {
        case ended(RefreshOutcome)
        /// Another instance sees to it; nothing to do unless somebody waits here.
        case leftToAnother
    }

    /// A step of a flight: it has ended, or it reads again from the start.
    enum Step: Sendable {
        case ended(RefreshOutcome)
        case again
    }

    /// A lease, and when it is over on our clock at the earliest.
    struct HeldLease: Sendable {
        let lease: Lease
        let endsAt: ContinuousClock.Instant
        let permit: EndpointPermit?
        let isScheduled: Bool
    }

    /// How often a flight starts over because something changed under it.
    private static let maxRestarts = 8

    typealias Settle = @Sendable (OpenedTokenSet) -> Void

    /// - Parameter settle: called at most once, with a token that is good but could not be written yet.
    func fly(_ errand: Errand, settle: @escaping Settle) async -> Landing {
        switch errand {
        case .scheduled(let due, let permit): await flyScheduled(due, permit, settle: settle)
        case .wished(let wish): .ended(await flyWished(wish, settle: settle))
        }
    }

    // MARK: Scheduled

    /// One attempt; whatever is in its way is met again when the row is read again.
    private func flyScheduled(_ due: DueRefresh, _ permit: EndpointPermit?, settle: @escaping Settle) async -> Landing {
        let request = LeaseRequest(connectionID: due.connectionID, scope: due.scope, dueAt: due.dueAt)
        let askedAt = clock.now
        let answer: LeaseAnswer
        do throws(RefreshError) {
            answer = try await acquire(request)
        } catch {
            giveBack(permit)
            onGivenUp()
            return .ended(.failure(error))
        }
        switch answer {
        case .granted(let lease, let stored):
            let held = HeldLease(
                lease: lease, endsAt: askedAt.advanced(by: lease.remaining), permit: permit, isScheduled: true)
            switch await refresh(under: held, stored, seen: nil, settle: settle) {
            case .ended(let outcome): return .ended(outcome)
            case .again: return .leftToAnother
            }
        case .held, .notDue, .unresolved, .backingOff, .exhausted, .notFound:
            giveBack(permit)
            return .leftToAnother
        }
    }

    func giveBack(_ permit: EndpointPermit?) {
        if let permit { endpoints.report(permit, .notSent) }
    }

    // MARK: Wished for

    /// Flies until there is a token newer than what was seen, or a reason why there is none.
    private func flyWished(_ wish: FlightTable.Wish, settle: @escaping Settle) async -> RefreshOutcome {
        let connection = wish.connection
        let end = clock.now.advanced(by: settings.longestFlight)
        var restarts = 0
        while clock.now < end, !Task.isCancelled, restarts < Self.maxRestarts {
            // Before reading, so that no announcement falls in between.
            let subscription = signals.subscribe(connection.id)
            do throws(RefreshError) {
                let stored = try await load(connection)
                if let known = try await knownOutcome(in: stored, wish) { return known }
                let permit = try await admit(stored, until: end)
                switch try await lease(connection, wish, permit) {
                case .granted(let held, let stored):
                    switch await refresh(under: held, stored, seen: wish, settle: settle) {
                    case .ended(let outcome): return outcome
                    case .again: restarts += 1
                    }
                case .held(let remaining):
                    let instant = clock.now.advanced(by: min(max(remaining, .zero), settings.pollInterval))
                    await signals.wait(for: subscription, until: min(instant, end), clock: clock)
                }
            } catch {
                return .failure(error)
            }
        }
        return .failure(.timedOut)
    }

    /// Room at the connection's token endpoint. A closed endpoint is told at once, as the back-off that it is.
    private func admit(
        _ stored: StoredConnection, until end: ContinuousClock.Instant
    ) async throws(RefreshError) -> EndpointPermit? {
        guard let provider = catalogue.provider(stored.integration.provider),
            let key = provider.tokenEndpoint(
                fields: stored.connection.fields, settings: stored.integration.settings)
        else { return nil }
        switch await endpoints.admit(key, stored.integration.id, until: end) {
        case .admitted(let permit): return permit
        case .busy: throw .overloaded
        case .blocked(let reason, let until):
            throw .backingOff(reason, remaining: max(until - clock.now, .milliseconds(100)))
        }
    }

    private enum Leased {
        case granted(HeldLease, StoredConnection)
        case held(remaining: Duration)
    }

    private func lease(
        _ connection: Connection, _ wish: FlightTable.Wish, _ permit: EndpointPermit?
    ) async throws(RefreshError) -> Leased {
        let askedAt = clock.now
        let answer: LeaseAnswer
        do throws(RefreshError) {
            answer = try await acquire(
                LeaseRequest(
                    connectionID: connection.id, scope: connection.scope, ignoresBackoff: wish.isForced))
        } catch {
            giveBack(permit)
            throw error
        }
        if case .granted(let lease, let stored) = answer {
            // Counted from before the database was asked: it can only end later.
            let endsAt = askedAt.advanced(by: lease.remaining)
            return .granted(HeldLease(lease: lease, endsAt: endsAt, permit: permit, isScheduled: false), stored)
        }
        giveBack(permit)
        switch answer {
        case .granted: throw .internalFailure
        case .held(let remaining): return .held(remaining: remaining)
        case .notDue: return .held(remaining: .zero)
        case .unresolved(let remaining): throw .backingOff(.outcomeUnknown, remaining: remaining)
        case .backingOff(let reason, let remaining):
            throw .backingOff(reason ?? connection.statusReason ?? .tokenEndpointUnreachable, remaining: remaining)
        case .exhausted(let remaining): throw .backingOff(.attemptsExhausted, remaining: remaining)
        case .notFound: throw .notFound
        }
    }

    private func acquire(_ request: LeaseRequest) async throws(RefreshError) -> LeaseAnswer {
        // What was received and is not written yet must not be asked for with the token that it replaces.
        guard !pending.holds(request.connectionID) else { throw .storeUnavailable }
        do throws(StoreError) {
            return try await leases.call(request)
        } catch {
            if error == .unavailable || error == .outcomeUnknown { takeovers.lostTouch() }
            throw refreshError(error, request.connectionID)
        }
    }

    // MARK: Reading

    func load(_ connection: Connection) async throws(RefreshError) -> StoredConnection {
        let scope = connection.scope
        let stored: StoredConnection?
        do throws(StoreError) {
            stored = try await connections.load(
                connection.id, in: ReadScope(environmentID: scope.environmentID, tenantID: scope.tenantID))
        } catch {
            throw refreshError(error, connection.id)
        }
        guard let stored else { throw .notFound }
        return stored
    }

    /// What needs no asking: a token newer than what the caller has seen, or that the connection was ended since the caller
    /// read it, so that what was refused isn't sent once more by everybody who waited. Who read it as ended (to verify it
    /// again) has it asked.
    func knownOutcome(
        in stored: StoredConnection, _ wish: FlightTable.Wish
    ) async throws(RefreshError) -> RefreshOutcome? {
        if let newer = try await newerToken(in: stored, than: wish.seen) { return .success(newer) }
        guard wish.connection.status != .reauthRequired, stored.connection.status == .reauthRequired else { return nil }
        return .failure(.ended(stored.connection.statusReason ?? .invalidGrant))
    }

    /// The stored token set, opened, where it is newer than what the caller has seen and still good.
    private func newerToken(
        in stored: StoredConnection, than seen: SeenVersions
    ) async throws(RefreshError) -> OpenedTokenSet? {
        let found = SeenVersions(stored)
        guard stored.tokenSet != nil, found.credential != seen.credential || found.token > seen.token else {
            return nil
        }
        do throws(SealingError) {
            guard let opened = try await sealer.openTokenSet(of: stored, for: .tokenRequest) else { return nil }
            let isGood = opened.times.expiresAt.map { $0 - TokenTiming.lastMoments > gate.wallClock.now() } ?? true
            return isGood ? opened : nil
        } catch {
            throw await refreshError(error, stored.connection)
        }
    }

    /// Its lifetime is over: of no use to anybody.
    func hasEnded(_ tokenSet: OpenedTokenSet) -> Bool {
        tokenSet.times.expiresAt.map { $0 <= gate.wallClock.now() } ?? false
    }

    // MARK: Events and errors

    /// An event of the service's own doing.
    func event(
        _ action: AuditEvent.Action, _ outcome: AuditEvent.Outcome, _ connection: Connection, reason: AuditReason? = nil
    ) -> AuditEvent {
        AuditEvent(
            id: gate.identifiers.next(), environmentID: connection.scope.environmentID,
            tenantID: connection.scope.tenantID, at: gate.wallClock.now(), actor: "system", action: action,
            outcome: outcome, object: connection.id.description, reason: reason?.rawValue)
    }

    func refreshError(_ error: StoreError, _ connection: ConnectionID) -> RefreshError {
        switch error {
        case .unavailable, .outcomeUnknown: return .storeUnavailable
        case .notFound: return .notFound
        case .conflict, .stale, .corrupt, .failed:
            log("a refresh could not use the database", connection, "\(error)")
            return .internalFailure
        }
    }

    func refreshError(_ error: SealingError, _ connection: Connection) async -> RefreshError {
        switch error {
        case .refused:
            await gate.record(event(.envelopeRefused, .failure, connection, reason: .envelopeRefused))
            return .envelopeRefused
        case .unavailable: return .storeUnavailable
        case .failed: return .internalFailure
        }
    }

    func log(_ message: Logger.Message, _ connection: ConnectionID, _ reason: String) {
        gate.logger.error(message, metadata: .facts([.connection: connection.description, .reason: reason]))
    }
}
