import Connections
import Domain
import Store

extension World {
    /// Terms of an instance that asks for the first time.
    static func terms(
        _ owner: InstanceID = ids.next(), for duration: Duration = .seconds(60), wait: Duration? = .seconds(300)
    ) -> LeaseTerms {
        LeaseTerms(owner: owner, duration: duration, unresolvedWait: wait, ended: [], maxAttemptsPerHour: 10_000)
    }

    static func obtained(_ recordVersion: Int64) -> RefreshResult { .obtained(sealed(recordVersion), times, facts) }
}

extension PostgresStores {
    struct NoLease: Error {}
    struct NotWritten: Error { let answer: CompletionAnswer? }

    /// A lease on the world's connection; fails if somebody else has it.
    func lease(
        _ world: World, owner: InstanceID = World.ids.next(), for duration: Duration = .seconds(60)
    ) async throws -> Lease {
        let answers = try await refreshes.acquireLeases(
            [LeaseRequest(connectionID: world.connection.id, scope: world.scope)],
            on: World.terms(owner, for: duration))
        guard case .granted(let lease, _) = answers.first else { throw NoLease() }
        return lease
    }

    /// Offers a result with an event of `world`.
    func complete(_ result: RefreshResult, under lease: Lease, of world: World) async throws -> CompletionAnswer {
        let answers = try await refreshes.complete([
            RefreshCompletion(lease: lease, result: result, audit: world.event(.credentialRefreshed))
        ])
        guard let answer = answers.first, answers.count == 1 else { throw NotWritten(answer: nil) }
        return answer
    }

    /// Writes a result that must be written.
    func write(_ result: RefreshResult, under lease: Lease, of world: World) async throws {
        let answer = try await complete(result, under: lease, of: world)
        guard answer == .written else { throw NotWritten(answer: answer) }
    }
}
