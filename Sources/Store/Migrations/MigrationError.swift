import Postgres

/// Why the schema was not brought up to date. Names of our own files and codes alone.
package enum MigrationError: Error, Hashable, Sendable {
    /// Another runner holds the lock, or a table is in use for longer than the bound: repeat later.
    case locked
    /// A file that was applied has another text now: a migration is never edited once it is out.
    case changed(String)
    /// The database has a migration that this program doesn't know and that comes after its own: use a newer program.
    case databaseNewer(String)
    /// A file is missing before the last one that was applied: in the program, or in the database.
    case missing(String)
    /// Not 1 to 63 of `a–z`, `0–9` and `_`, beginning with a letter or `_`.
    case malformedServiceRole
    /// The service's role is the one that migrates; it would own what it must not.
    case serviceRoleIsMigrator
    /// The service's role doesn't exist, and this role may not create it.
    case serviceRoleMissing
    /// The service's role can bypass row-level security or become the owner: superuser, `BYPASSRLS`, or a member of the
    /// migrating role.
    case serviceRoleTooPowerful
    /// This file failed and changed nothing; those before it are applied.
    case failed(String, PostgresFailure)
    /// The database failed outside any file.
    case database(PostgresFailure)
}

/// A client's error as a code: `postgres.server.42501`.
package struct PostgresFailure: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    init(_ error: PostgresError) { description = error.description }
}
