import Connections
import Domain
import Logging
import Postgres
import Store

/// Whether the database keeps what it acknowledges, and whether the refreshes keep up.
struct DurabilityChecks: Sendable {
    let client: PostgresClient
    let logger: Logger

    /// Later than this, something is in the way.
    private static let longestLag = Duration.seconds(60)

    func run() async -> [Finding] { [await durability(), await backlog()] }

    struct Durability: Hashable, Sendable {
        let synchronousCommit: String
        let hasFsync: Bool
        let hasSynchronousStandbys: Bool
        let replicas: Int
    }

    private func durability() async -> Finding {
        let check = "durability"
        do {
            let rows = try await client.read(
                Statement(
                    """
                    SELECT current_setting('synchronous_commit'), current_setting('fsync')::boolean,
                        current_setting('synchronous_standby_names') <> '',
                        (SELECT count(*) FROM pg_catalog.pg_stat_replication)
                    """))
            guard let row = rows.first else { throw PostgresError.decoding(column: 0) }
            return Self.finding(
                Durability(
                    synchronousCommit: try row.text(0), hasFsync: try row.bool(1),
                    hasSynchronousStandbys: try row.bool(2), replicas: Int(try row.int(3))))
        } catch {
            return .failed(check, "its settings can't be read (\(error))", mend: "see the check \"database\"")
        }
    }

    /// What a lost commit costs: a refresh token that was rotated exists nowhere else.
    static func finding(_ found: Durability) -> Finding {
        let check = "durability"
        guard found.hasFsync else {
            return .failed(
                check, "fsync is off: a crash of the database's machine loses refresh tokens",
                mend: "fsync = on in postgresql.conf")
        }
        switch (found.synchronousCommit, found.hasSynchronousStandbys, found.replicas) {
        case ("off", _, _):
            return .failed(
                check, "synchronous_commit is off: a crash loses commits, and refresh tokens with them",
                mend: "synchronous_commit = on in postgresql.conf, and for the role: "
                    + "alter role … reset synchronous_commit")
        case ("local", true, _):
            return .warning(
                check, "synchronous_commit is local: a fail-over loses the last commits, and refresh tokens with them",
                mend: "synchronous_commit = on")
        case (_, false, 1...):
            return .warning(
                check,
                "the \(found.replicas) replicas are asynchronous: a fail-over to one of them loses the last commits, "
                    + "and refresh tokens with them",
                mend: "synchronous_standby_names in postgresql.conf, for those that may become the primary")
        case (_, true, _):
            return .ok(check, "commits wait for a replica (synchronous_commit = \(found.synchronousCommit))")
        case (_, false, _):
            return .ok(check, "commits are synced to disk; there is no replica")
        }
    }

    private func backlog() async -> Finding {
        let check = "refreshes"
        do throws(StoreError) {
            let backlog = try await PostgresRefreshStore(client: client, logger: logger).backlog()
            let alive = try await InstanceQueries(client: client, logger: logger).all()
                .count { $0.silentFor < .seconds(20) }
            return Self.finding(backlog, aliveInstances: alive)
        } catch {
            return .failed(
                check, "what is due can't be read (\(error))", mend: "see the checks \"schema\" and \"role\"")
        }
    }

    static func finding(_ backlog: RefreshBacklog, aliveInstances: Int) -> Finding {
        let check = "refreshes"
        let lag = RefreshOverview.seconds(backlog.lag)
        guard backlog.lag > longestLag else {
            return .ok(check, backlog.due == 0 ? "nothing is overdue" : "\(backlog.due) due, the oldest for \(lag)")
        }
        return .warning(
            check, "\(backlog.due) due, the oldest for \(lag)",
            mend: aliveInstances == 0
                ? "no instance runs: start one" : "sallyport refresh status; docs/operations-refresh.md says what to do"
        )
    }
}
