import ArgumentParser
import StrictJSON
import Logging
import Postgres
import Store

struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring the database's schema to this binary's version.",
        discussion: "Runs as the role of database.migrator_url. Safe to repeat and to run twice at once.")

    @OptionGroup var options: InstallationOptions

    func run() async throws {
        try await CommandFailure.run {
            let settings = try await options.settings()
            let url = try settings.required("database.migrator_url")
            let applied = try await Self.apply(
                url: url, passwordFile: settings.text("database.migrator_password_file"),
                serviceRole: try settings.required("database.service_role"),
                logger: ProcessLogger.startForCommand(settings))
            options.output.show(["applied": .array(applied.map { .string($0) })])
            options.output.say(applied.isEmpty ? "Nothing to do." : "Applied \(applied.count).")
        }
    }
}

extension Migrate {
    /// Applies what is pending; gives the names of the files that were applied.
    static func apply(
        url: String, passwordFile: String?, serviceRole: String, logger: Logger
    ) async throws -> [String] {
        try await PostgresSession.run(url, passwordFile: passwordFile, logger: logger) { client in
            do {
                return try await MigrationRunner(client: client, serviceRole: serviceRole, logger: logger).migrate()
            } catch {
                throw CommandFailure(error)
            }
        }
    }
}

extension CommandFailure {
    init(_ error: MigrationError) {
        switch error {
        case .locked: self.init(.temporary, "another migration is running, or a table is in use: repeat")
        case .changed(let name):
            self.init(.badData, "\(name) was applied with another text: a migration is never edited")
        case .databaseNewer(let name):
            self.init(.badData, "the database has \(name), which this binary doesn't know: use a newer one")
        case .missing(let name): self.init(.badData, "\(name) is missing before the last migration that was applied")
        case .malformedServiceRole: self.init(.configuration, "database.service_role is not a plain role name")
        case .serviceRoleIsMigrator:
            self.init(.configuration, "database.service_role must not be the role that migrates")
        case .serviceRoleMissing:
            self.init(
                .configuration,
                "the role of database.service_role doesn't exist, and the migrating role may not create it")
        case .serviceRoleTooPowerful:
            self.init(
                .configuration, "the role of database.service_role can bypass row-level security or become the owner")
        case .failed(let name, let failure): self.init(.failed, "\(name) failed and changed nothing (\(failure))")
        case .database(let failure): self.init(.unavailable, "the database failed (\(failure))")
        }
    }
}
