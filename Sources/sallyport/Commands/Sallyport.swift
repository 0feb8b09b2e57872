import ArgumentParser

@main
struct Sallyport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sallyport",
        abstract: "Credential vault and auth service between a product and its customers' systems.",
        discussion: """
            Start with `sallyport dev`: it brings a private PostgreSQL of its own and serves at once.
            For an installation: `sallyport root-key create`, `sallyport migrate`, `sallyport environments create`, \
            `sallyport serve`; `sallyport doctor` says what is missing and how to mend it.
            Exit codes: 0 done, 1 failed, 64 usage, 65 data refused, 66 not found, 69 unavailable, 70 internal, \
            75 try again, 77 not permitted, 78 configuration.
            """,
        version: SallyportVersion.text,
        subcommands: [
            Serve.self, Dev.self, Migrate.self, RootKey.self, Environments.self, Tenants.self, Integrations.self,
            ConnectionsCommand.self, RefreshCommand.self, APIKeys.self, Doctor.self, Config.self,
        ])
}

enum SallyportVersion {
    /// Changed with docs/CHANGELOG.md.
    static let text = "0.1.0"
}

/// What every command that needs the installation takes.
struct InstallationOptions: ParsableArguments {
    @Option(help: "Configuration file (YAML). Environment variables and --set go before it.")
    var config: String?

    @Option(
        name: .customLong("set"),
        help: "One setting, as KEY=VALUE; repeat it for more. `sallyport config` lists the keys.")
    var set: [String] = []

    @Flag(help: "Write one JSON document instead of a table.")
    var json = false

    func settings() async throws -> Settings { try await SettingsLoader(file: config, overrides: set).load() }
    var output: CommandOutput { CommandOutput(json: json) }
}

/// Which environment an administrative command works in.
struct EnvironmentOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "Name of the environment; may be left out where there is only one.")
    var environment: String?
}

/// How much of a list to show.
struct ListOptions: ParsableArguments {
    @Option(help: "How many at most, newest first (1–200).")
    var limit = 50

    @Option(help: "Show those older than this identifier.")
    var after: String?
}
