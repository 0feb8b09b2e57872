package import Catalogue
package import Domain
internal import Logging
internal import Observability
internal import Sodium
package import Vault

/// Opens connections for use: authorises, opens the credential, sees to a fresh token, records, answers.
package final class ConnectionOpener: ConnectionOpening {
    /// Longest that an answer is used without asking again, should an announcement be lost.
    static let longestUse = Duration.seconds(300)
    /// A token younger than this is not replaced because the upstream refused it: another would be refused too.
    static let youngestReplaced = Duration.seconds(10)
    /// How often a connection that changes while it is opened is read again.
    private static let attempts = 3

    private let gate: CallGate
    private let connections: any ConnectionStore
    private let catalogue: Catalogue
    private let sealer: CredentialSealer
    private let refresher: any TokenRefreshing
    private let memory = OpeningMemory()

    package init(
        gate: CallGate, connections: any ConnectionStore, catalogue: Catalogue, vault: Vault,
        refresher: any TokenRefreshing
    ) {
        self.gate = gate
        self.connections = connections
        self.catalogue = catalogue
        self.sealer = CredentialSealer(vault: vault)
        self.refresher = refresher
    }

    package func open(
        _ id: ConnectionID, for principal: Principal, deadline: ContinuousClock.Instant
    ) async throws(UseError) -> UsableConnection {
        try await open(id, for: principal, replacing: nil, deadline: deadline)
    }

    package func reopen(
        _ stale: UsableConnection, for principal: Principal, deadline: ContinuousClock.Instant
    ) async throws(UseError) -> UsableConnection {
        try await open(stale.id, for: principal, replacing: stale.generation, deadline: deadline)
    }

    /// - Parameter refused: the generation that the upstream answered with a 401; a newer one is used as it is.
    private func open(
        _ id: ConnectionID, for principal: Principal, replacing refused: UsableConnection.Generation?,
        deadline: ContinuousClock.Instant
    ) async throws(UseError) -> UsableConnection {
        let caller = CallContext(principal: principal, requestID: "", deadline: deadline)
        for _ in 0..<Self.attempts {
            var stored = try await authorise(id, caller)
            try Self.requireUsable(stored.connection)
            guard let provider = catalogue.provider(stored.integration.provider) else {
                throw fault(.missingProvider, id)
            }
            let opened: OpenedCredential
            if provider.needsAccessToken {
                let token = try await token(of: stored, replacing: refused, caller)
                if token.recordVersion != stored.tokenSet?.recordVersion {
                    stored = try await afterWaiting(stored, caller)
                }
                // The account was linked anew meanwhile: its token must not go where the old one belonged, nor the other
                // way round.
                guard token.credentialVersion == stored.entered?.recordVersion else { continue }
                opened = try tokenCredential(token, stored, provider)
            } else {
                opened = try await enteredCredential(stored, provider, caller)
            }
            try await recordOpening(of: stored.connection, caller)
            return Self.usable(stored, provider, opened)
        }
        throw .backingOff(remaining: .seconds(1))
    }

    /// What a use needs beside the stored connection.
    private struct OpenedCredential {
        let injection: PreparedInjection
        let token: OpenedTokenSet?
        let usableUntil: Timestamp
    }

    // MARK: Authorising

    private func authorise(_ id: ConnectionID, _ caller: CallContext) async throws(UseError) -> StoredConnection {
        let principal = caller.principal
        guard !principal.permissions.isDisjoint(with: [.proxy, .fetchTokens]) else {
            await gate.recordDenial(
                of: .credentialOpened, object: id.description, reason: .permissionMissing, caller)
            throw .denied
        }
        let stored: StoredConnection?
        do throws(StoreError) {
            stored = try await connections.load(id, in: principal.readScope)
        } catch {
            throw useError(error, id)
        }
        guard let stored else { throw .notFound }
        // The store filters already; a row of another tenant must not get further than this whatever the store did.
        let scope = stored.connection.scope
        guard scope.environmentID == principal.environmentID,
            principal.tenantID == nil || principal.tenantID == scope.tenantID
        else { throw .notFound }
        if let allowed = principal.restriction?.connections, !allowed.isEmpty, !allowed.contains(id) {
            await gate.recordDenial(of: .credentialOpened, object: id.description, reason: .restricted, caller)
            throw .denied
        }
        return stored
    }

    /// The connection as it is now: obtaining a token takes seconds, in which it may have been suspended or deleted. A
    /// database that is away takes nothing from a token that was obtained.
    private func afterWaiting(
        _ stored: StoredConnection, _ caller: CallContext
    ) async throws(UseError) -> StoredConnection {
        do throws(UseError) {
            let now = try await authorise(stored.connection.id, caller)
            try Self.requireUsable(now.connection)
            return now
        } catch .storeUnavailable {
            return stored
        }
    }

    private static func requireUsable(_ connection: Connection) throws(UseError) {
        switch connection.status {
        case .active, .backingOff: return
        case .pending: throw .notVerified
        case .reauthRequired: throw .reauthRequired(connection.statusReason)
        case .suspended: throw .suspended
        }
    }

    // MARK: Opening

    private func enteredCredential(
        _ stored: StoredConnection, _ provider: Provider, _ caller: CallContext
    ) async throws(UseError) -> OpenedCredential {
        let secrets: [String: SecretBytes]
        do throws(SealingError) {
            secrets = try await sealer.openEntered(of: stored, for: .proxy)
        } catch {
            throw await useError(error, stored.connection, caller)
        }
        let injection = try inject(stored, provider, secrets, accessToken: nil)
        return OpenedCredential(
            injection: injection, token: nil, usableUntil: gate.wallClock.now() + Self.longestUse)
    }

    private func tokenCredential(
        _ token: OpenedTokenSet, _ stored: StoredConnection, _ provider: Provider
    ) throws(UseError) -> OpenedCredential {
        let injection = try inject(stored, provider, [:], accessToken: token.accessToken)
        let now = gate.wallClock.now()
        var until = now + Self.longestUse
        if let renewal = TokenTiming.renewalAt(obtainedAt: token.obtainedAt, expiresAt: token.times.expiresAt) {
            // Past its renewal another one is on its way, or can't be had: ask again soon, and not after its end.
            let soon = now + .seconds(1)
            let end = token.times.expiresAt.map { $0 - TokenTiming.lastMoments } ?? until
            until = min(until, renewal > now ? renewal : max(now, min(soon, end)))
        }
        return OpenedCredential(injection: injection, token: token, usableUntil: until)
    }

    private func inject(
        _ stored: StoredConnection, _ provider: Provider, _ secrets: [String: SecretBytes], accessToken: SecretBytes?
    ) throws(UseError) -> PreparedInjection {
        let fields = provider.completed(stored.connection.fields, settings: stored.integration.settings)
        do throws(InjectionError) {
            return try provider.injection(fields: fields, secrets: secrets, accessToken: accessToken)
        } catch {
            throw fault(.noInjection, stored.connection.id)
        }
    }

    /// The stored token while it is valid, else another.
    ///
    /// Nobody waits for a refresh while the stored token can be served: past its renewal, which means that the scheduler is late
    /// or another instance's announcement was missed, the refresher is told and the token goes out. Only one that the upstream
    /// refused is waited for, and served again while no other can be had.
    private func token(
        of stored: StoredConnection, replacing refused: UsableConnection.Generation?, _ caller: CallContext
    ) async throws(UseError) -> OpenedTokenSet {
        let current: OpenedTokenSet?
        do throws(SealingError) {
            current = try await sealer.openTokenSet(of: stored, for: .proxy)
        } catch {
            throw await useError(error, stored.connection, caller)
        }
        let now = gate.wallClock.now()
        if let current, isServed(current, replacing: refused, now: now) {
            if Self.isPastRenewal(current, now: now) { refresher.nudge(of: stored) }
            return current
        }
        do throws(RefreshError) {
            return try await refresher.refreshedTokenSet(of: stored, deadline: caller.deadline)
        } catch {
            if let current, Self.outlasts(error), isValid(current, now: gate.wallClock.now()) { return current }
            throw Self.useError(error)
        }
    }

    private func isServed(
        _ token: OpenedTokenSet, replacing refused: UsableConnection.Generation?, now: Timestamp
    ) -> Bool {
        guard isValid(token, now: now) else { return false }
        guard let refused else { return true }
        // Versions of token sets grow for ever, whatever else changes on the connection.
        return token.recordVersion > refused.tokenSetVersion || token.obtainedAt + Self.youngestReplaced > now
    }

    private static func isPastRenewal(_ token: OpenedTokenSet, now: Timestamp) -> Bool {
        TokenTiming.renewalAt(obtainedAt: token.obtainedAt, expiresAt: token.times.expiresAt).map { $0 <= now } ?? false
    }

    private func isValid(_ token: OpenedTokenSet, now: Timestamp) -> Bool {
        token.times.expiresAt.map { $0 - TokenTiming.lastMoments > now } ?? true
    }

    /// Whether a token that is still valid is served although no other could be had.
    private static func outlasts(_ error: RefreshError) -> Bool {
        switch error {
        case .backingOff, .timedOut, .storeUnavailable, .overloaded: true
        case .ended, .envelopeRefused, .notFound, .internalFailure: false
        }
    }

    // MARK: Recording and answering

    /// Fails closed: what can't be recorded is not handed out.
    private func recordOpening(of connection: Connection, _ caller: CallContext) async throws(UseError) {
        let now = gate.wallClock.now()
        guard !memory.isRecorded(connection.id, by: caller.principal, now: now) else { return }
        let event = gate.event(
            .credentialOpened, tenant: connection.scope.tenantID, object: connection.id.description, caller)
        do throws(StoreError) {
            try await gate.audit.append([event])
        } catch {
            throw .storeUnavailable
        }
        memory.remember(connection.id, by: caller.principal, now: now)
    }

    private static func usable(
        _ stored: StoredConnection, _ provider: Provider, _ opened: OpenedCredential
    ) -> UsableConnection {
        let connection = stored.connection
        let settings = stored.integration.settings
        let fetchable = settings.allowsTokenFetch ? opened.token : nil
        return UsableConnection(
            id: connection.id, scope: connection.scope, integrationID: connection.integrationID,
            origin: connection.origin, destination: settings.destination,
            trustedCertificates: settings.trustedCertificates, injection: opened.injection,
            fetchableToken: fetchable.map {
                FetchableToken(
                    accessToken: $0.accessToken, tokenType: $0.tokenType, expiresAt: $0.times.expiresAt)
            },
            isRefreshable: provider.needsAccessToken, csrf: provider.csrf, usableUntil: opened.usableUntil,
            generation: .init(
                connectionVersion: connection.version, tokenSetVersion: opened.token?.recordVersion ?? 0))
    }

    // MARK: Errors

    private enum Fault: String { case missingProvider, noInjection }

    private func fault(_ fault: Fault, _ id: ConnectionID) -> UseError {
        gate.logger.error(
            "a stored connection no longer fits its catalogue entry",
            metadata: .facts([.connection: id.description, .reason: fault.rawValue]))
        return .internalFailure
    }

    private func useError(_ error: StoreError, _ id: ConnectionID) -> UseError {
        switch error {
        case .unavailable, .outcomeUnknown: return .storeUnavailable
        case .notFound: return .notFound
        case .corrupt, .failed, .stale, .conflict:
            gate.logger.error(
                "a connection could not be read",
                metadata: .facts([.connection: id.description, .reason: "\(error)"]))
            return .internalFailure
        }
    }

    private func useError(
        _ error: SealingError, _ connection: Connection, _ caller: CallContext
    ) async -> UseError {
        switch error {
        case .refused:
            await gate.recordRefusedEnvelope(of: connection, caller)
            return .envelopeRefused
        case .unavailable: return .storeUnavailable
        case .failed: return .internalFailure
        }
    }

    private static func useError(_ error: RefreshError) -> UseError {
        switch error {
        case .ended(let reason): .reauthRequired(reason)
        case .backingOff(_, let remaining): .backingOff(remaining: remaining)
        case .timedOut: .timedOut
        case .storeUnavailable: .storeUnavailable
        case .envelopeRefused: .envelopeRefused
        case .notFound: .notFound
        case .overloaded: .backingOff(remaining: .seconds(1))
        case .internalFailure: .internalFailure
        }
    }
}
