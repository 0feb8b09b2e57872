internal import Catalogue
internal import Connections
internal import Domain
internal import Logging
internal import Observability
internal import Vault

/// What one flight does: reads, takes the lease, asks, writes. Holds no state of its own.
struct RefreshWorker: Sendable {
    let instance: InstanceID
    let connections: any ConnectionStore
    let refreshes: any RefreshStore
    let catalogue: Catalogue
    let sealer: CredentialSealer
    let secrets: SecretsReader
    let tokens: TokenAcquisition
    let gate: CallGate
    let clock: any DeadlineClock
    let random: any RandomSource
    let settings: RefreshSettings
    let signals: ConnectionSignals

    /// A step of a flight: it has ended, or it reads again from the start.
    enum Step: Sendable {
        case ended(RefreshOutcome)
        case again
    }

    /// A lease, and when it is over on our clock at the earliest.
    struct HeldLease: Sendable {
        let lease: Lease
        let endsAt: ContinuousClock.Instant
    }

    /// How often a flight starts over because something changed under it.
    private static let maxRestarts = 8

    /// Flies until there is a token newer than `seen`, or a reason why there is none.
    ///
    /// - Parameter settle: called at most once, with a token that is good but could not be written yet.
    func fly(
        _ connection: Connection, seen: SeenVersions, settle: @escaping @Sendable (OpenedTokenSet) -> Void
    ) async -> RefreshOutcome {
        let end = clock.now.advanced(by: settings.longestFlight)
        var restarts = 0
        while clock.now < end, !Task.isCancelled, restarts < Self.maxRestarts {
            // Before reading, so that no announcement falls in between.
            let subscription = signals.subscribe(connection.id)
            do throws(RefreshError) {
                let stored = try await load(connection)
                if let known = try await knownOutcome(in: stored, connection, seen) { return known }
                let askedAt = clock.now
                switch try await acquire(connection) {
                case .granted(let lease):
                    // Counted from before the database was asked: it can only end later.
                    let held = HeldLease(lease: lease, endsAt: askedAt.advanced(by: lease.remaining))
                    switch await refresh(under: held, connection, seen: seen, settle: settle) {
                    case .ended(let outcome): return outcome
                    case .again: restarts += 1
                    }
                case .held(let remaining):
                    let instant = clock.now.advanced(by: min(max(remaining, .zero), settings.pollInterval))
                    await signals.wait(for: subscription, until: min(instant, end), clock: clock)
                case .backingOff(let remaining):
                    let reason = stored.connection.statusReason ?? .tokenEndpointUnreachable
                    return .failure(.backingOff(reason, remaining: remaining))
                }
            } catch {
                return .failure(error)
            }
        }
        return .failure(.timedOut)
    }

    // MARK: Reading

    func load(_ connection: Connection) async throws(RefreshError) -> StoredConnection {
        let scope = connection.scope
        let stored: StoredConnection?
        do throws(StoreError) {
            stored = try await connections.load(
                connection.id, in: ReadScope(environmentID: scope.environmentID, tenantID: scope.tenantID))
        } catch {
            throw refreshError(error, connection)
        }
        guard let stored else { throw .notFound }
        return stored
    }

    /// What needs no asking: a token newer than what the caller has seen, or that the connection was ended since the caller
    /// read it, so that what was refused isn't sent once more by everybody who waited. Who read it as ended (to verify it
    /// again) has it asked.
    func knownOutcome(
        in stored: StoredConnection, _ connection: Connection, _ seen: SeenVersions
    ) async throws(RefreshError) -> RefreshOutcome? {
        if let newer = try await newerToken(in: stored, than: seen) { return .success(newer) }
        guard connection.status != .reauthRequired, stored.connection.status == .reauthRequired else { return nil }
        return .failure(.ended(stored.connection.statusReason ?? .invalidGrant))
    }

    /// The stored token set, opened, where it is newer than what the caller has seen and still good.
    func newerToken(
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

    private func acquire(_ connection: Connection) async throws(RefreshError) -> LeaseAnswer {
        do throws(StoreError) {
            return try await refreshes.acquireLease(
                on: connection.id, in: connection.scope, owner: instance, duration: settings.leaseDuration)
        } catch {
            throw refreshError(error, connection)
        }
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

    func refreshError(_ error: StoreError, _ connection: Connection) -> RefreshError {
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

    func log(_ message: Logger.Message, _ connection: Connection, _ reason: String) {
        gate.logger.error(
            message, metadata: .facts([.connection: connection.id.description, .reason: reason]))
    }
}
