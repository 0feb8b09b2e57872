internal import Connections
internal import Domain
internal import Logging
internal import Observability
internal import Sodium
internal import Vault

/// Writes a received token set into the database: seals it, and sets it where lease and version are still what they were.
struct AnswerWriter: Sendable {
    let connections: any ConnectionStore
    let refreshes: any RefreshStore
    let completions: GroupedCalls<RefreshCompletion, CompletionAnswer>
    let vault: Vault
    let sealer: CredentialSealer
    let gate: CallGate
    let takeovers: TakeoverGuard

    enum Outcome: Sendable {
        /// It is stored, by this call or by one whose answer was lost.
        case written
        /// Another token set or credential is stored, or the connection is gone: it must not be written any more.
        case superseded
        /// Database or key store are away: again later.
        case later
        /// The database or the vault refuse it for a reason that only an operator can mend; the log has it.
        case refused
    }

    /// How often a token set is sealed anew because its key version was retired, or its lease taken, meanwhile.
    private static let maxSealings = 3

    /// - Returns: what became of it; never throws, because the caller must act on each case.
    func write(_ answer: SpooledAnswer) async -> Outcome {
        var lease = answer.lease
        for _ in 0..<Self.maxSealings {
            let sealed: SealedSecret
            do throws(SealingError) {
                sealed = try await sealer.sealTokenSet(
                    answer.obtained, of: answer.connectionID, in: answer.scope, recordVersion: answer.recordVersion)
            } catch {
                return await afterSealing(error, answer)
            }
            switch await complete(answer, under: lease, with: sealed) {
            case .success(.written): return .written
            case .success(.stale):
                switch await afterStale(answer) {
                case .ended(let outcome): return outcome
                case .leased(let anew): lease = anew
                }
            case .success(.keyRetired): vault.keys.forget(KeyOwner(answer.scope))
            case .success(.failed):
                log("a received token set was refused by the database", answer, "failed")
                return .refused
            case .failure(.unavailable), .failure(.outcomeUnknown):
                takeovers.lostTouch()
                return .later
            case .failure(let error):
                log("a received token set could not be stored", answer, "\(error)")
                return .refused
            }
        }
        return .later
    }

    private func complete(
        _ answer: SpooledAnswer, under lease: Lease, with sealed: SealedSecret
    ) async -> Result<CompletionAnswer, StoreError> {
        // The same event each time: a write whose answer was lost is not recorded twice.
        let event = AuditEvent(
            id: answer.auditEventID, environmentID: answer.scope.environmentID, tenantID: answer.scope.tenantID,
            at: answer.obtainedAt, actor: "system", action: .credentialRefreshed, outcome: .success,
            object: answer.connectionID.description)
        do throws(StoreError) {
            return .success(
                try await completions.call(
                    RefreshCompletion(
                        lease: lease, result: .obtained(sealed, answer.times, answer.facts),
                        audit: event, eventID: gate.identifiers.next())))
        } catch {
            return .failure(error)
        }
    }

    /// What can't be sealed belongs nowhere any more where the tenant went, and its keys with it.
    private func afterSealing(_ error: SealingError, _ answer: SpooledAnswer) async -> Outcome {
        if case .success(nil) = await load(answer) { return .superseded }
        if error == .unavailable { return .later }
        log("a received token set could not be sealed", answer, "\(error)")
        return .refused
    }

    private enum AfterStale {
        case ended(Outcome)
        /// To be written under this lease.
        case leased(Lease)
    }

    /// Too late, written already by a call whose answer was lost, or without its lease and not too late. Each sealing gives
    /// another envelope, so that only what is in it can tell.
    private func afterStale(_ answer: SpooledAnswer) async -> AfterStale {
        switch await load(answer) {
        case .failure(let error):
            return .ended(error == .unavailable || error == .outcomeUnknown ? .later : .refused)
        case .success(let stored?) where stored.tokenSetVersion == answer.recordVersion:
            return .ended(await compare(answer, with: stored))
        case .success(let stored?) where answer.follows(stored): return await leaseAnew(for: answer)
        case .success: return .ended(.superseded)
        }
    }

    private func compare(_ answer: SpooledAnswer, with stored: StoredConnection) async -> Outcome {
        do throws(SealingError) {
            let opened = try await sealer.openTokenSet(of: stored, for: .tokenRequest)
            return opened?.accessToken.constantTimeEquals(answer.accessToken) ?? false ? .written : .superseded
        } catch {
            return error == .unavailable ? .later : .superseded
        }
    }

    /// The stored refresh token is the one that this answer replaced, so nothing else is worth keeping: whoever took the
    /// lease meanwhile (another instance after the wait, or a claim of ours that was late) sent nothing, or sent what is
    /// spent. So a lease of its own is taken, once nobody holds one.
    private func leaseAnew(for answer: SpooledAnswer) async -> AfterStale {
        let request = LeaseRequest(connectionID: answer.connectionID, scope: answer.scope, ignoresBackoff: true)
        do throws(StoreError) {
            switch try await refreshes.acquireLeases([request], on: takeovers.terms(afterEndOf: answer.owner)).first {
            case .granted(let lease, let stored)?:
                guard answer.follows(stored) else {
                    try await refreshes.release(lease)
                    return .ended(.superseded)
                }
                gate.logger.notice(
                    "a received token set is written under a lease taken anew",
                    metadata: .facts([
                        .connection: answer.connectionID.description, .fence: String(lease.fence),
                    ]))
                return .leased(lease)
            case .notFound?: return .ended(.superseded)
            case .held?, .unresolved?, .backingOff?, .notDue?, .exhausted?, nil: return .ended(.later)
            }
        } catch {
            return .ended(error == .unavailable || error == .outcomeUnknown ? .later : .refused)
        }
    }

    private func load(_ answer: SpooledAnswer) async -> Result<StoredConnection?, StoreError> {
        do throws(StoreError) {
            return .success(
                try await connections.load(
                    answer.connectionID,
                    in: ReadScope(environmentID: answer.scope.environmentID, tenantID: answer.scope.tenantID)))
        } catch {
            return .failure(error)
        }
    }

    private func log(_ message: Logger.Message, _ answer: SpooledAnswer, _ reason: String) {
        gate.logger.error(
            message,
            metadata: .facts([
                .connection: answer.connectionID.description, .fence: String(answer.lease.fence), .reason: reason,
            ]))
    }
}

extension SpooledAnswer {
    /// Whether it was had with the refresh token that is stored still.
    fileprivate func follows(_ stored: StoredConnection) -> Bool {
        guard let credentialVersion, refreshToken != nil else { return false }
        return stored.tokenSetVersion == recordVersion - 1 && stored.entered?.recordVersion == credentialVersion
    }
}
