import ArgumentParser
import Connections
import Domain

struct Environments: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Create and list environments.", subcommands: [Create.self, List.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make an environment with its first keys.")

        @Argument(help: "1 to 63 of a–z, 0–9 and -.")
        var name: String
        @OptionGroup var options: InstallationOptions

        func run() async throws {
            try await CommandFailure.run {
                let slug = try CommandArgument.slug(name, "an environment's name")
                try await Installation.open(try await options.settings()) { installation in
                    let environment = try await installation.environments.create(name: slug, requestID: "cli")
                    options.output.show(environment.record)
                }
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the environments, oldest first.")

        @OptionGroup var options: InstallationOptions

        func run() async throws {
            try await CommandFailure.run {
                try await Installation.open(try await options.settings()) { installation in
                    let all = try await installation.environments.list()
                    options.output.list(all.map(\.record), columns: ["id", "name", "created_at"])
                }
            }
        }
    }
}
