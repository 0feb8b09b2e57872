import Domain
import Logging
import Postgres
import Store
import Vault

/// The database: whether it answers, as whom, how its schema and row-level security stand, whether the clocks agree.
struct DatabaseChecks: Sendable {
    let settings: Settings
    let logger: Logger

    func run() async -> [Finding] {
        let check = "database"
        guard let url = settings.text("database.url") else {
            return [.failed(check, "database.url is not set", mend: "a libpq connection string of the service's role")]
        }
        do {
            return try await PostgresSession.run(
                url, passwordFile: settings.text("database.password_file"), logger: logger
            ) { client in
                let queries = DoctorQueries(client: client, logger: logger)
                let report = try await queries.report(clock: SystemWallClock())
                let migrations = try await MigrationRunner(
                    client: client, serviceRole: settings.required("database.service_role"), logger: logger
                ).status()
                let more = await DurabilityChecks(client: client, logger: logger).run()
                return [server(report), schema(migrations), role(report.role), rows(report), clock(report)] + more
            }
        } catch let failure as CommandFailure {
            return [.failed(check, failure.description, mend: "see database.password_file")]
        } catch {
            return [
                .failed(
                    check, "no connection (\(error))",
                    mend: "check database.url, that the server runs, and that pg_hba.conf lets the service's role in")
            ]
        }
    }

    private func server(_ report: DatabaseReport) -> Finding {
        let version = "PostgreSQL \(report.serverVersion / 10_000).\(report.serverVersion % 10_000)"
        guard report.serverVersion >= DatabaseReport.minimumServerVersion else {
            return .failed("database", version, mend: "PostgreSQL 15 or later is needed")
        }
        guard !report.isReadOnly else {
            return .failed(
                "database", "\(version), read-only",
                mend: "connect to the primary: several hosts with target_session_attrs=read-write in database.url")
        }
        return .ok("database", version)
    }

    private func schema(_ status: MigrationStatus) -> Finding {
        if let problem = status.problem {
            return .failed("schema", "\(problem)", mend: "a newer binary, or a database that this one made")
        }
        guard status.pending.isEmpty else {
            return .failed("schema", "\(status.pending.count) migrations are pending", mend: "sallyport migrate")
        }
        return .ok("schema", "\(status.applied.count) migrations, none pending")
    }

    private func role(_ role: RoleReport) -> Finding {
        guard role.isSafe else {
            return .failed(
                "role",
                "\(role.name) can do more than it must (superuser, bypass of row-level security, ownership or creation)",
                mend: "alter role \(role.name) nosuperuser nobypassrls nocreatedb nocreaterole; own nothing with it; "
                    + "run the migrations under another role")
        }
        return .ok("role", "\(role.name) owns nothing and can't bypass row-level security")
    }

    private func rows(_ report: DatabaseReport) -> Finding {
        let open = report.tables.filter { !$0.isGuarded }.map(\.name)
        guard open.isEmpty, !report.tables.isEmpty else {
            return .failed(
                "row-level security",
                open.isEmpty ? "there are no tables" : "not forced on \(open.joined(separator: ", "))",
                mend: open.isEmpty
                    ? "sallyport migrate"
                    : "alter table … enable row level security, force row level security, under the migrating role")
        }
        return .ok("row-level security", "forced on \(report.tables.count) tables")
    }

    private func clock(_ report: DatabaseReport) -> Finding {
        let milliseconds = report.clockDifference.microseconds / 1_000
        guard abs(milliseconds) < 2_000 else {
            return .warning(
                "clock", "the database's clock differs by \(milliseconds) ms",
                mend: "synchronise both machines (chrony, systemd-timesyncd): token times follow the database's clock, "
                    + "certificates and logs this machine's")
        }
        return .ok("clock", "agrees with the database within \(max(1, abs(milliseconds))) ms")
    }
}
