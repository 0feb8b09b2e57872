internal import Catalogue
internal import Connections
internal import Domain
internal import Grants
internal import Logging
internal import Sodium
internal import Vault

// Under the lease: ask, decide, write.
extension RefreshWorker {
    func refresh(
        under held: HeldLease, _ connection: Connection, seen: SeenVersions,
        settle: @Sendable (OpenedTokenSet) -> Void
    ) async -> Step {
        let lease = held.lease
        let prepared: Prepared
        do throws(RefreshError) {
            // Again, because what was read before the lease may be older than the last winner's write.
            let stored = try await load(connection)
            if let known = try await knownOutcome(in: stored, connection, seen) {
                await release(lease, connection)
                return .ended(known)
            }
            prepared = try await prepare(stored)
        } catch {
            await release(lease, connection)
            return .ended(.failure(error))
        }
        // Database and key service may have taken their time.
        let left = held.endsAt - clock.now
        guard left > lease.remaining / 4 else {
            await release(lease, connection)
            return .again
        }
        do throws(TokenEndpointFailure) {
            // Over before the lease is, so that nobody else asks while this answer is on its way.
            let obtained = try await obtain(prepared, timeout: min(settings.requestTimeout, left / 2))
            return await keep(obtained, of: prepared.stored, under: lease, settle: settle)
        } catch {
            return await fail(error, prepared, under: lease)
        }
    }

    private struct Prepared: Sendable {
        let stored: StoredConnection
        let provider: Provider
        let secrets: [String: SecretBytes]
        /// The client secret among them is the integration's.
        let isClientSecretShared: Bool
    }

    private func prepare(_ stored: StoredConnection) async throws(RefreshError) -> Prepared {
        guard let provider = catalogue.provider(stored.integration.provider), provider.needsAccessToken else {
            log("a stored connection no longer fits its catalogue entry", stored.connection, "provider")
            throw .internalFailure
        }
        let own: [String: SecretBytes]
        do throws(SealingError) {
            own = try await sealer.openEntered(of: stored, for: .tokenRequest)
        } catch {
            throw await refreshError(error, stored.connection)
        }
        do throws(SecretsError) {
            let all = try await secrets.completing(own, with: stored.integration, for: provider, purpose: .tokenRequest)
            return Prepared(
                stored: stored, provider: provider, secrets: all, isClientSecretShared: all.count > own.count)
        } catch {
            switch error {
            case .store(let error): throw refreshError(error, stored.connection)
            case .sealing(let error): throw await refreshError(error, stored.connection)
            }
        }
    }

    private func obtain(
        _ prepared: Prepared, timeout: Duration
    ) async throws(TokenEndpointFailure) -> ObtainedToken {
        let connection = prepared.stored.connection
        return try await tokens.obtain(
            for: prepared.provider, fields: connection.fields, secrets: prepared.secrets,
            settings: prepared.stored.integration.settings, poolKey: connection.poolKey, timeout: timeout)
    }

    // MARK: A token came

    private func keep(
        _ obtained: ObtainedToken, of stored: StoredConnection, under lease: Lease,
        settle: @Sendable (OpenedTokenSet) -> Void
    ) async -> Step {
        let connection = stored.connection
        let recordVersion = (stored.tokenSet?.recordVersion ?? 0) + 1
        let opened = OpenedTokenSet(
            accessToken: obtained.tokenSet.accessToken, tokenType: obtained.tokenSet.tokenType,
            refreshToken: obtained.tokenSet.refreshToken, obtainedAt: obtained.obtainedAt, times: obtained.times,
            recordVersion: recordVersion, credentialVersion: stored.entered?.recordVersion ?? 0)
        let sealed: SealedSecret
        do throws(SealingError) {
            sealed = try await sealer.sealTokenSet(
                obtained, of: connection.id, in: connection.scope, recordVersion: recordVersion)
        } catch {
            log("a token set could not be sealed", connection, "\(error)")
            await release(lease, connection)
            return .ended(.success(opened))
        }
        return await write(sealed, opened, stored, under: lease, settle: settle)
    }

    /// Writes until the database takes it or says that it is too late; whoever waits has the token after the first failure.
    private func write(
        _ sealed: SealedSecret, _ opened: OpenedTokenSet, _ stored: StoredConnection, under lease: Lease,
        settle: @Sendable (OpenedTokenSet) -> Void
    ) async -> Step {
        let connection = stored.connection
        let end = clock.now.advanced(by: settings.longestWrite)
        var pause = Duration.milliseconds(200)
        var hasSettled = false
        // The same event each time: a write whose answer was lost is not recorded twice.
        let event = event(.credentialRefreshed, .success, connection)
        while true {
            do throws(StoreError) {
                try await refreshes.complete(lease, with: .obtained(sealed, opened.times), audit: event)
                return .ended(.success(opened))
            } catch {
                switch error {
                case .stale:
                    return await afterStaleWrite(sealed, opened, connection, hasSettled: hasSettled)
                case .notFound:
                    return .ended(.failure(.notFound))
                case .unavailable, .outcomeUnknown:
                    if !hasSettled { settle(opened) }
                    hasSettled = true
                case .conflict, .corrupt, .failed:
                    log("a token set could not be stored", connection, "\(error)")
                    return .ended(.success(opened))
                }
            }
            let next = clock.now.advanced(by: pause)
            pause = min(pause * 2, .seconds(5))
            guard next < end, await slept(until: next) else {
                log("a token set was never stored", connection, "store_unavailable")
                return .ended(.success(opened))
            }
        }
    }

    /// Too late, or written already by an attempt whose answer was lost.
    private func afterStaleWrite(
        _ sealed: SealedSecret, _ opened: OpenedTokenSet, _ connection: Connection, hasSettled: Bool
    ) async -> Step {
        do throws(RefreshError) {
            let stored = try await load(connection)
            if stored.tokenSet == sealed { return .ended(.success(opened)) }
        } catch {
            return .ended(hasSettled ? .success(opened) : .failure(error))
        }
        // Nobody waits for a flight that has settled.
        return hasSettled ? .ended(.success(opened)) : .again
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

    private func fail(
        _ failure: TokenEndpointFailure, _ prepared: Prepared, under lease: Lease
    ) async -> Step {
        let sent = prepared.stored
        let connection = sent.connection
        let circumstances = RefreshRules.Circumstances(
            attempt: lease.attempt,
            backsOffFor: connection.status == .backingOff ? connection.statusReason : nil,
            isClientSecretShared: prepared.isClientSecretShared)
        switch settings.rules.decide(failure, circumstances, random: random.next()) {
        case .end(let reason):
            do throws(RefreshError) {
                // Only what is stored still can be ended: somebody may have entered another credential meanwhile, or mended
                // the integration.
                let stored = try await load(connection)
                guard stored.entered?.recordVersion == sent.entered?.recordVersion,
                    stored.integration.version == sent.integration.version
                else {
                    await release(lease, connection)
                    return .again
                }
            } catch {
                return .ended(.failure(error))
            }
            return await complete(lease, .ended(reason), connection, .ended(reason))
        case .backOff(let reason, let wait):
            return await complete(
                lease, .failed(reason, retryAfter: wait), connection, .backingOff(reason, remaining: wait))
        }
    }

    private func complete(
        _ lease: Lease, _ result: RefreshResult, _ connection: Connection, _ outcome: RefreshError
    ) async -> Step {
        let event = event(.credentialRefreshed, .failure, connection, reason: .tokenEndpointFailed)
        do throws(StoreError) {
            try await refreshes.complete(lease, with: result, audit: event)
        } catch .stale {
            return .again
        } catch {
            // The lease runs out by itself; until then nobody asks, which is back-off enough.
            log("a failed refresh could not be recorded", connection, "\(error)")
        }
        return .ended(.failure(outcome))
    }

    private func release(_ lease: Lease, _ connection: Connection) async {
        do throws(StoreError) {
            try await refreshes.release(lease)
        } catch {
            log("a lease could not be given back; it runs out by itself", connection, "\(error)")
        }
    }
}
