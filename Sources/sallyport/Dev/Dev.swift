import StrictJSON
import PostgresCluster
import ArgumentParser
import Connections
import Domain
import Sodium
import Vault

#if canImport(FoundationEssentials)
    import FoundationEssentials
#endif

struct Dev: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve at once, with a private PostgreSQL and everything else that is needed.",
        subcommands: [Run.self, SQL.self], defaultSubcommand: Run.self)

    struct Run: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Serve with a private PostgreSQL in a state directory (the default).",
            discussion: """
                Starts a PostgreSQL cluster of its own on a private socket, makes a root key file, migrates, makes the environment \
                'dev' and an API key, and serves. Everything survives a restart. Settings can be changed with --set as for `serve`.
                """)

        @Option(help: "Where everything is kept; by default below ~/.local/state, as root below /var/lib.")
        var stateDirectory: String?
        @OptionGroup var options: InstallationOptions

        func run() async throws {
            try await CommandFailure.run {
                let state = try DevState(stateDirectory, environment: ProcessInfo.processInfo.environment)
                let database = try DevDatabase(state)
                let base = try await options.settings()
                let logger = ProcessLogger.start(base)
                try await database.start(logger: logger)
                let settings = try base.replacing([
                    "database.url": database.serviceURL, "database.service_role": DevDatabase.service,
                    "root_key.file": state.rootKeyFile, "refresh.spool_directory": state.spoolDirectory,
                ])
                if !state.exists(state.rootKeyFile) { try Self.makeRootKey(state.rootKeyFile) }
                let installation = try await Installation(settings, logger: logger, for: .serving)
                try await Server(installation).run(
                    beforeServing: { try await Self.prepareEnvironment(installation, state) },
                    whenReady: { addresses in Self.greet(addresses, state, options.output) })
                try? await database.cluster.stop()  // The watchdog ends a server that doesn't stop.
            }
        }

        private static func makeRootKey(_ path: String) throws(CommandFailure) {
            do {
                _ = try FileRootKeyProvider.create(at: path)
            } catch {
                throw CommandFailure(.failed, "the root key \(path) can't be created (\(error))")
            }
        }

        private static func prepareEnvironment(_ installation: Installation, _ state: DevState) async throws {
            let name = try CommandArgument.slug("dev", "an environment's name")
            let environment = try await installation.environments.findOrCreate(name: name, requestID: "dev")
            guard !state.exists(state.apiKeyFile) else { return }
            let context = CallContext(
                principal: Principal(
                    identity: .commandLine, environmentID: environment.id, tenantID: nil, permissions: .all),
                requestID: "dev", deadline: .now.advanced(by: .seconds(30)))
            let created = try await installation.apiKeys.create(
                NewAPIKey(name: "dev", tenantID: nil, permissions: .all), context)
            try PrivateFile.create(state.apiKeyFile, holding: created.text)
        }

        private static func greet(_ addresses: Server.Addresses, _ state: DevState, _ output: CommandOutput) {
            output.show([
                "control_plane": .string(addresses.control), "data_plane": .string(addresses.data),
                "api_key_file": .string(state.apiKeyFile), "state_directory": .string(state.directory),
            ])
        }
    }

    struct SQL: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Look into the private PostgreSQL of a running `dev` with psql or pg_dump.")

        @Argument(help: "A statement; without one, an interactive session.")
        var statement: String?
        @Flag(help: "Write a dump of the database instead.")
        var dump = false
        @Option(help: "As for `dev`.")
        var stateDirectory: String?

        func run() async throws {
            try await CommandFailure.run {
                let state = try DevState(stateDirectory, environment: ProcessInfo.processInfo.environment)
                let database = try DevDatabase(state)
                let url = database.cluster.connectionString(database: DevDatabase.name, user: "postgres")
                var arguments = [dump ? "pg_dump" : "psql", "--dbname=\(url)"]
                if !dump, let statement { arguments += ["--no-psqlrc", "--command=\(statement)"] }
                throw ProgramReplacement.run(arguments)
            }
        }
    }
}
