import ArgumentParser
import Domain
import StrictJSON

/// A command on one connection.
struct ConnectionTarget: ParsableArguments {
    @Argument(help: "conn_…")
    var id: String
    @OptionGroup var selection: EnvironmentOptions
    @OptionGroup var options: InstallationOptions

    func run(
        for use: Installation.Use = .command,
        _ body: @Sendable (AdministrativeSession, ConnectionID) async throws -> JSONValue
    ) async throws {
        try await AdministrativeSession.run(options, selection, for: use) { session in
            session.output.show(try await body(session, try CommandArgument.id(id)))
        }
    }
}
