import ArgumentParser
import StrictJSON
import Connections
import Domain

struct Tenants: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Create, list and delete tenants.", subcommands: [Create.self, List.self, Show.self, Delete.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make a tenant with its first tenant key.")

        @Argument(help: "Name for people, 1 to 200 characters.")
        var name: String
        @Option(help: "The product's own key of this customer.")
        var externalID: String?
        @OptionGroup var selection: EnvironmentOptions
        @OptionGroup var options: InstallationOptions

        func run() async throws {
            try await AdministrativeSession.run(options, selection) { session in
                let tenant = try await session.installation.tenants.create(
                    name: name, externalID: externalID, session.context())
                session.output.show(tenant.record)
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List tenants, newest first.")

        @OptionGroup var listing: ListOptions
        @OptionGroup var selection: EnvironmentOptions
        @OptionGroup var options: InstallationOptions

        func run() async throws {
            try await AdministrativeSession.run(options, selection) { session in
                let page = try await session.installation.tenants.list(
                    page: CommandArgument.page(listing), session.context())
                session.output.list(page.elements.map(\.record), columns: ["id", "name", "external_id", "created_at"])
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show one tenant.")

        @Argument(help: "tnt_…")
        var id: String
        @OptionGroup var selection: EnvironmentOptions
        @OptionGroup var options: InstallationOptions

        func run() async throws {
            try await AdministrativeSession.run(options, selection) { session in
                session.output.show(
                    try await session.installation.tenants.read(CommandArgument.id(id), session.context()).record)
            }
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete a tenant with its connections, credentials and keys; its audit events stay.")

        @Argument(help: "tnt_…")
        var id: String
        @Flag(help: "Don't ask; needed where standard input is no terminal.")
        var yes = false
        @OptionGroup var selection: EnvironmentOptions
        @OptionGroup var options: InstallationOptions

        func run() async throws {
            try await AdministrativeSession.run(options, selection) { session in
                try Confirmation.require(yes, "delete tenant \(id) and every credential of it")
                try await session.installation.tenants.delete(CommandArgument.id(id), session.context())
                session.output.show(["deleted": .string(id)])
            }
        }
    }
}
