package import Connections
import Domain
import Postgres

extension PostgresRefreshStore {
    package func complete(_ completions: [RefreshCompletion]) async throws(StoreError) -> [CompletionAnswer] {
        // An event of another tenant's is a fault of ours: it is not for row-level security alone to find.
        let order = completions.indices.filter { completions[$0].isOfOneTenant }
            .sorted { completions[$0].key < completions[$1].key }
        var answers = [CompletionAnswer](repeating: .failed, count: completions.count)
        do throws(PostgresError) {
            let written = try await write(order.map { completions[$0] })
            for (index, isWritten) in zip(order, written) { answers[index] = isWritten ? .written : .stale }
        } catch {
            guard Self.isRefusal(error) else { throw database.failure(error, effect: .write) }
            for index in order { answers[index] = try await writeAlone(completions[index]) }
        }
        return answers
    }

    /// All in one transaction; for each, whether it was still its lease's to write.
    private func write(_ completions: [RefreshCompletion]) async throws(PostgresError) -> [Bool] {
        guard let first = completions.first else { return [] }
        var batch = ScopedStatements(beginningIn: .tenant(first.lease.scope))
        let places = completions.map { batch.append($0.statement, in: .tenant($0.lease.scope)) }
        let results = try await database.client.transaction(batch.statements, context: batch.firstScope.context)
        guard results.count == batch.statements.count else { throw .rowCount(results.count) }
        return places.map { !results[$0].isEmpty }
    }

    private func writeAlone(_ completion: RefreshCompletion) async throws(StoreError) -> CompletionAnswer {
        var triesLeft = 3
        while true {
            triesLeft -= 1
            let failure: PostgresError
            do throws(PostgresError) {
                return try await write([completion]).first ?? false ? .written : .stale
            } catch {
                failure = error
            }
            if case .server(.foreignKeyViolation, constraint: "credentials_tenant_key_fkey") = failure {
                return .keyRetired
            }
            if triesLeft > 0, Self.isRefusal(failure), failure.isSafeToRetry { continue }
            switch database.failure(failure, effect: .write) {
            case .unavailable: throw .unavailable
            case .outcomeUnknown: throw .outcomeUnknown
            case .conflict, .stale, .notFound, .corrupt, .failed: return .failed
            }
        }
    }

    /// The server undid this transaction and goes on serving others.
    private static func isRefusal(_ error: PostgresError) -> Bool {
        guard case .server(let state, _) = error else { return false }
        return ![SQLState.readOnlyTransaction, .adminShutdown, .crashShutdown, .cannotConnectNow].contains(state)
    }
}

extension RefreshCompletion {
    fileprivate var key: RefreshKey { RefreshKey(scope: lease.scope, connectionID: lease.connectionID) }

    fileprivate var isOfOneTenant: Bool {
        audit.environmentID == lease.scope.environmentID && audit.tenantID == lease.scope.tenantID
    }

    /// One row comes back where it was written, none where it is stale.
    fileprivate var statement: Statement {
        let common =
            CredentialStatements.key(of: lease.connectionID, in: lease.scope) + [
                .int(lease.fence), lease.owner.value,
                .optionalText(AnnouncementPayload.text(of: .connectionChanged(lease.connectionID))),
            ] + AuditStatements.values(of: audit)
        switch result {
        case .obtained(let sealed, let times, let facts):
            return Statement(
                CompletionSQL.obtained,
                common + [
                    .bytes(sealed.envelope), .int(Int64(sealed.keyVersion)), .int(sealed.recordVersion),
                    .optionalTimestamp(times.expiresAt), .optionalTimestamp(times.refreshDueAt),
                    .text(facts.endpoint.text), .bool(facts.spendsRefreshToken), .bool(facts.isScopeMissing),
                    .optionalID(eventID),
                ])
        case .ended(let reason):
            return Statement(CompletionSQL.ended, common + [.text(reason.rawValue)])
        case .failed(let reason, let retryAfter):
            return Statement(
                CompletionSQL.failed,
                common + [
                    .text(reason.rawValue), .duration(max(.zero, retryAfter)), .bool(lease.followsUnresolved),
                ])
        }
    }
}
