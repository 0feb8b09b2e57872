import EmbeddedFiles
import Postgres

/// The history of migrations in the database, and the lock around its changes.
enum MigrationStatements {
    /// The number is "SALLYPOR" in ASCII; it must not change between versions that may run side by side.
    static let lock = Statement("SELECT pg_advisory_xact_lock(5999160069433872210)")

    static let historyExists = Statement("SELECT to_regclass('sallyport.schema_migrations') IS NOT NULL")

    static let readHistory = Statement("SELECT name, checksum FROM sallyport.schema_migrations ORDER BY name")

    static func history(_ rows: [Row]) throws(PostgresError) -> [AppliedMigration] {
        var history: [AppliedMigration] = []
        for row in rows { history.append(AppliedMigration(name: try row.text(0), checksum: try row.bytes(1))) }
        return history
    }

    /// Creates schema and history where they are missing. `IF NOT EXISTS` alone would ask for the right to create a
    /// schema even where somebody else made it beforehand.
    static func createHistory(in transaction: PostgresTransaction) async throws(PostgresError) {
        let row = try await transaction.query(
            Statement("SELECT to_regnamespace('sallyport') IS NULL, to_regclass('sallyport.schema_migrations') IS NULL")
        ).exactlyOne()
        if try row.bool(0) { try await transaction.query(Statement("CREATE SCHEMA sallyport")) }
        guard try row.bool(1) else { return }
        try await transaction.query(
            Statement(
                """
                CREATE TABLE sallyport.schema_migrations (
                    name text NOT NULL,
                    checksum bytea NOT NULL,
                    applied_at timestamptz NOT NULL DEFAULT now(),
                    CONSTRAINT schema_migrations_pkey PRIMARY KEY (name),
                    CONSTRAINT schema_migrations_checksum_length CHECK (octet_length(checksum) = 32)
                )
                """))
    }

    static func remember(_ file: EmbeddedFile) -> Statement {
        Statement(
            "INSERT INTO sallyport.schema_migrations (name, checksum) VALUES ($1, $2)",
            [.text(file.name), .bytes(MigrationPlan.checksum(of: file))])
    }
}
