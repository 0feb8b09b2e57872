internal import Catalogue
internal import Connections
internal import Domain
internal import Grants
internal import Logging
internal import Observability
internal import Sodium
internal import Vault

// Under the lease: ask, decide, write.
extension RefreshWorker {
    /// - Parameters:
    ///   - stored: as it is under the lease.
    ///   - seen: what somebody waits to see replaced; nil for a row that was due.
    func refresh(
        under given: HeldLease, _ stored: StoredConnection, seen: FlightTable.Wish?, settle: Settle
    ) async -> Step {
        let lease = given.lease
        let prepared: Prepared
        do throws(RefreshError) {
            // Somebody may have refreshed it between the reading and the lease.
            if let seen, let known = try await knownOutcome(in: stored, seen) {
                return await giveUp(given, .ended(known))
            }
            prepared = try await prepare(stored)
        } catch {
            return await giveUp(given, .ended(.failure(error)))
        }
        let held: HeldLease
        switch await admit(given, prepared) {
        case .held(let admitted): held = admitted
        case .ended(let step): return step
        }
        // Database and key service may have taken their time.
        let left = held.endsAt - clock.now
        guard left > lease.remaining / 4 else { return await giveUp(held, .again) }
        let reservation: SpoolReservation?
        do throws(SpoolError) {
            // Room for the answer before it is asked for.
            reservation = prepared.grant == .refreshToken ? try spool?.reserve() : nil
        } catch {
            statistics.countSpoolFull()
            log("a refresh waits for room in the spool", lease.connectionID, "\(error)")
            return await giveUp(held, .ended(.failure(.overloaded)))
        }
        // With the line of its answer, or without one, this tells who lost what.
        if prepared.grant == .refreshToken { trace("refresh token is sent", lease) }
        do throws(TokenEndpointFailure) {
            // Over before the lease is, so that nobody else asks while this answer is on its way.
            let obtained = try await obtain(prepared, timeout: min(settings.requestTimeout, left / 2))
            report(held, .succeeded)
            return await keep(obtained, of: prepared, under: lease, reservation, settle: settle)
        } catch {
            if let reservation { spool?.cancel(reservation) }
            report(
                held,
                EndpointOutcome(error, of: lease.connectionID, isClientShared: prepared.isClientSecretShared))
            return await fail(error, prepared, under: lease)
        }
    }

    private func report(_ held: HeldLease, _ outcome: EndpointOutcome) {
        if let permit = held.permit { endpoints.report(permit, outcome) }
    }

    /// Nothing was sent.
    private func giveUp(_ held: HeldLease, _ step: Step) async -> Step {
        giveBack(held.permit)
        await release(held.lease)
        // Still due, and passed by already: it is to be found again before the next pass is.
        if held.isScheduled { onGivenUp() }
        return step
    }

    struct Prepared: Sendable {
        let stored: StoredConnection
        let provider: Provider
        let secrets: [String: SecretBytes]
        /// The client secret among them is the integration's.
        let isClientSecretShared: Bool
        let input: GrantInput
        let endpoint: TokenEndpointKey?

        var grant: RefreshRules.Grant {
            switch input {
            case .clientCredentials: .clientCredentials
            case .refreshToken: .refreshToken
            }
        }
    }

    private func prepare(_ stored: StoredConnection) async throws(RefreshError) -> Prepared {
        guard let provider = catalogue.provider(stored.integration.provider), provider.needsAccessToken else {
            log("a stored connection no longer fits its catalogue entry", stored.connection.id, "provider")
            throw .internalFailure
        }
        let own: [String: SecretBytes]
        let input: GrantInput
        do throws(SealingError) {
            own = try await sealer.openEntered(of: stored, for: .tokenRequest)
            input = try await grantInput(of: provider, stored, own)
        } catch {
            throw await refreshError(error, stored.connection)
        }
        let endpoint = provider.tokenEndpoint(
            fields: stored.connection.fields, settings: stored.integration.settings)
        do throws(SecretsError) {
            let all = try await secrets.completing(own, with: stored.integration, for: provider, purpose: .tokenRequest)
            return Prepared(
                stored: stored, provider: provider, secrets: all, isClientSecretShared: all.count > own.count,
                input: input, endpoint: endpoint)
        } catch {
            switch error {
            case .store(let error): throw refreshError(error, stored.connection.id)
            case .sealing(let error): throw await refreshError(error, stored.connection)
            }
        }
    }

    /// The refresh token that the last answer left; the one that was entered only as long as none has been spent.
    private func grantInput(
        of provider: Provider, _ stored: StoredConnection, _ own: [String: SecretBytes]
    ) async throws(SealingError) -> GrantInput {
        switch provider.grantInput {
        case .none, .clientCredentials: return .clientCredentials
        case .refreshToken(let field):
            if let token = try await sealer.openTokenSet(of: stored, for: .tokenRequest)?.refreshToken {
                return .refreshToken(token)
            }
            guard let entered = own[field] else { throw .refused }
            return .refreshToken(entered)
        }
    }

    private func obtain(_ prepared: Prepared, timeout: Duration) async throws(TokenEndpointFailure) -> ObtainedToken {
        let connection = prepared.stored.connection
        return try await tokens.obtain(
            for: prepared.provider, with: prepared.input, fields: connection.fields, secrets: prepared.secrets,
            settings: prepared.stored.integration.settings, poolKey: connection.poolKey, timeout: timeout)
    }

    // MARK: Room at the endpoint of due work

    private enum Admitted {
        case held(HeldLease)
        case ended(Step)
    }

    /// The scheduler's permit was given before the integration was known, and none where the endpoint wasn't. Where the
    /// integration's client is refused for one connection after the other, only a probe goes now and then, and the others
    /// wait without having been tried.
    private func admit(_ held: HeldLease, _ prepared: Prepared) async -> Admitted {
        guard held.isScheduled, let endpoint = prepared.endpoint else { return .held(held) }
        let integration = prepared.stored.integration.id
        let admission =
            if let permit = held.permit {
                endpoints.attribute(permit, to: integration)
            } else {
                endpoints.tryAdmit(endpoint, integration, as: .scheduled)
            }
        switch admission {
        case .admitted(let permit):
            return .held(HeldLease(lease: held.lease, endsAt: held.endsAt, permit: permit, isScheduled: true))
        case .busy: return .ended(await giveUp(held, .ended(.failure(.overloaded))))
        case .blocked(let reason, let until):
            let jitter = settings.rules.wait(attempt: 6, retryAfter: nil, random: random.next())
            let wait = max(until - clock.now, .zero) + jitter
            return .ended(
                await complete(
                    held.lease, .failed(reason, retryAfter: wait), prepared.stored.connection,
                    .backingOff(reason, remaining: wait)))
        }
    }

    // MARK: A token came

    private func keep(
        _ obtained: ObtainedToken, of prepared: Prepared, under lease: Lease, _ reservation: SpoolReservation?,
        settle: Settle
    ) async -> Step {
        let stored = prepared.stored
        let answer = SpooledAnswer(
            obtained, of: stored, under: lease, auditEventID: gate.identifiers.next())
        let opened = OpenedTokenSet(
            accessToken: obtained.tokenSet.accessToken, tokenType: obtained.tokenSet.tokenType,
            refreshToken: obtained.tokenSet.refreshToken, obtainedAt: obtained.obtainedAt, times: obtained.times,
            recordVersion: answer.recordVersion, credentialVersion: stored.entered?.recordVersion ?? 0)
        var entry: PendingAnswers.Entry?
        if prepared.grant == .refreshToken {
            let ticket = await makeDurable(answer, reservation)
            let made = PendingAnswers.Entry(answer: answer, ticket: ticket)
            pending.add(made)
            entry = made
        }
        statistics.count(.success)
        return await write(answer, opened, entry, settle: settle)
    }

    /// Nil where the disk doesn't take it: then it goes to the database without a net, because it can't be had again.
    private func makeDurable(_ answer: SpooledAnswer, _ reservation: SpoolReservation?) async -> SpoolTicket? {
        guard let spool, let reservation else { return nil }
        do throws(SpoolError) {
            let ticket = try await spool.append(answer, reservation)
            trace("token answer is durable", answer.lease)
            return ticket
        } catch {
            log("a token answer could not be spooled", answer.connectionID, "\(error)")
            return nil
        }
    }

    private func trace(_ message: Logger.Message, _ lease: Lease) {
        gate.logger.debug(
            message,
            metadata: .facts([.connection: lease.connectionID.description, .fence: String(lease.fence)]))
    }

    /// Writes until the database takes it or says that it is too late; whoever waits has the token after the first failure.
    private func write(
        _ answer: SpooledAnswer, _ opened: OpenedTokenSet, _ entry: PendingAnswers.Entry?, settle: Settle
    ) async -> Step {
        let end = clock.now.advanced(by: settings.longestWrite)
        var pause = Duration.milliseconds(200)
        var hasSettled = false
        while true {
            switch await writer.write(answer) {
            case .written:
                forget(entry)
                return .ended(.success(opened))
            case .superseded:
                forget(entry)
                // Nobody waits for a flight that has settled.
                return hasSettled ? .ended(.success(opened)) : .again
            case .refused:
                if let entry { pending.leave(entry.answer.connectionID) }
                return .ended(.success(opened))
            case .later:
                if !hasSettled { settle(opened) }
                hasSettled = true
            }
            let next = clock.now.advanced(by: pause)
            pause = min(pause * 2, .seconds(5))
            guard next < end, await slept(until: next) else {
                if let entry {
                    pending.leave(entry.answer.connectionID)
                } else {
                    log("a token set was never stored", answer.connectionID, "store_unavailable")
                }
                return .ended(.success(opened))
            }
        }
    }

    private func forget(_ entry: PendingAnswers.Entry?) {
        guard let entry else { return }
        pending.remove(entry)
        if let ticket = entry.ticket { spool?.remove(ticket) }
    }

    /// False where the task was cancelled.
    private func slept(until instant: ContinuousClock.Instant) async -> Bool {
        do {
            try await clock.sleep(until: instant, tolerance: nil)
            return true
        } catch {
            return false
        }
    }

    // MARK: None came

    private func fail(_ failure: TokenEndpointFailure, _ prepared: Prepared, under lease: Lease) async -> Step {
        let sent = prepared.stored
        let connection = sent.connection
        let circumstances = RefreshRules.Circumstances(
            grant: prepared.grant, attempt: lease.attempt, lastError: lease.lastError,
            followsUnresolved: lease.followsUnresolved, isClientSecretShared: prepared.isClientSecretShared,
            isClientSuspect: prepared.endpoint.map { endpoints.isSuspect($0, sent.integration.id) } ?? false)
        let decision = settings.rules.decide(failure, circumstances, random: random.next())
        statistics.count(RefreshOutcomeClass(decision))
        switch decision {
        case .end(let reason):
            do throws(RefreshError) {
                // Only what is stored still can be ended: an operator may have mended the integration meanwhile. Another
                // credential has outdated the lease.
                let stored = try await load(connection)
                guard stored.integration.version == sent.integration.version else {
                    await release(lease)
                    return .again
                }
            } catch {
                return .ended(.failure(error))
            }
            return await complete(lease, .ended(reason), connection, .ended(reason))
        case .backOff(let reason, let wait):
            // What may have been spent stays so, whatever fails after it, until a token comes.
            let mayBeSpent = prepared.grant == .refreshToken && reason == .outcomeUnknown
            return await complete(
                mayBeSpent ? lease.unresolved : lease, .failed(reason, retryAfter: wait), connection,
                .backingOff(reason, remaining: wait))
        }
    }

    private func complete(
        _ lease: Lease, _ result: RefreshResult, _ connection: Connection, _ outcome: RefreshError
    ) async -> Step {
        let event = event(.credentialRefreshed, .failure, connection, reason: .tokenEndpointFailed)
        do throws(StoreError) {
            switch try await writer.completions.call(
                RefreshCompletion(lease: lease, result: result, audit: event))
            {
            case .written: break
            case .stale: return .again
            case .keyRetired, .failed: log("a failed refresh could not be recorded", connection.id, "failed")
            }
        } catch {
            // This instance may take its own lease again at once; the others wait until it runs out.
            log("a failed refresh could not be recorded", connection.id, "\(error)")
        }
        return .ended(.failure(outcome))
    }

    func release(_ lease: Lease) async {
        do throws(StoreError) {
            try await refreshes.release(lease)
        } catch {
            log("a lease could not be given back; it runs out by itself", lease.connectionID, "\(error)")
        }
    }
}

extension Lease {
    /// The same lease, of an attempt whose outcome nobody knows.
    fileprivate var unresolved: Lease {
        Lease(
            connectionID: connectionID, scope: scope, owner: owner, fence: fence, attempt: attempt,
            lastError: lastError, followsUnresolved: true, remaining: remaining)
    }
}

extension EndpointOutcome {
    /// What a failure says about the endpoint, apart from the connection.
    ///
    /// - Parameter isClientShared: the client that was named is the integration's and not the connection's own.
    init(_ failure: TokenEndpointFailure, of connection: ConnectionID, isClientShared: Bool) {
        switch failure {
        case .invalidGrant, .refused: self = .grantRefused
        case .refusedWithoutReason: self = .refusedWithoutReason(connection)
        case .invalidClient: self = isClientShared ? .clientRefused(connection) : .grantRefused
        case .rateLimited(let retryAfter): self = .rateLimited(retryAfter)
        case .serverError(let retryAfter): self = .failed(.tokenEndpointUnreachable, retryAfter: retryAfter)
        case .redirected: self = .failed(.tokenEndpointRefused, retryAfter: nil)
        case .malformed: self = .failed(.tokenEndpointMalformed, retryAfter: nil)
        case .unresolvable, .tlsFailed: self = .failed(.tokenEndpointMisconfigured, retryAfter: nil)
        case .unreachable, .timedOut: self = .failed(.tokenEndpointUnreachable, retryAfter: nil)
        case .outcomeUnknown: self = .failed(.outcomeUnknown, retryAfter: nil)
        case .destinationRefused, .overloaded, .misconfigured: self = .notSent
        }
    }
}
