internal import Connections
internal import Domain
internal import Logging
internal import Observability
internal import Sodium
internal import Vault

/// Writes a received token set into the database: seals it, and sets it where lease and version are still what they were.
struct AnswerWriter: Sendable {
    let connections: any ConnectionStore
    let completions: GroupedCalls<RefreshCompletion, CompletionAnswer>
    let vault: Vault
    let sealer: CredentialSealer
    let gate: CallGate
    let takeovers: TakeoverGuard

    enum Outcome: Sendable {
        /// It is stored, by this call or by one whose answer was lost.
        case written
        /// Fence or version moved on, or the connection is gone: it must not be written any more.
        case superseded
        /// Database or key store are away: again later.
        case later
        /// The database or the vault refuse it for a reason that only an operator can mend; the log has it.
        case refused
    }

    /// How often a token set is sealed again because its key version was retired meanwhile.
    private static let maxSealings = 3

    /// - Returns: what became of it; never throws, because the caller must act on each case.
    func write(_ answer: SpooledAnswer) async -> Outcome {
        for _ in 0..<Self.maxSealings {
            let sealed: SealedSecret
            do throws(SealingError) {
                sealed = try await sealer.sealTokenSet(
                    answer.obtained, of: answer.connectionID, in: answer.scope, recordVersion: answer.recordVersion)
            } catch {
                if error == .unavailable { return .later }
                log("a received token set could not be sealed", answer, "\(error)")
                return .refused
            }
            switch await complete(answer, with: sealed) {
            case .success(.written): return .written
            case .success(.stale): return await afterStale(answer)
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
        _ answer: SpooledAnswer, with sealed: SealedSecret
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
                        lease: answer.lease, result: .obtained(sealed, answer.times, answer.facts),
                        audit: event)))
        } catch {
            return .failure(error)
        }
    }

    /// Too late, or written already by a call whose answer was lost. Each sealing gives another envelope, so that only what
    /// is in it can tell.
    private func afterStale(_ answer: SpooledAnswer) async -> Outcome {
        let stored: StoredConnection?
        do throws(StoreError) {
            stored = try await connections.load(
                answer.connectionID,
                in: ReadScope(environmentID: answer.scope.environmentID, tenantID: answer.scope.tenantID))
        } catch {
            return error == .unavailable || error == .outcomeUnknown ? .later : .refused
        }
        guard let stored, stored.tokenSetVersion == answer.recordVersion else { return .superseded }
        do throws(SealingError) {
            let opened = try await sealer.openTokenSet(of: stored, for: .tokenRequest)
            return opened?.accessToken.constantTimeEquals(answer.accessToken) ?? false ? .written : .superseded
        } catch {
            return error == .unavailable ? .later : .superseded
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
