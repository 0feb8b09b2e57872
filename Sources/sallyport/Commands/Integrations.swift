import ArgumentParser
import Catalogue
import StrictJSON
import Connections
import Domain
import Sodium

struct Integrations: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Create, list and delete integrations, and list the providers they can be of.",
        subcommands: [Create.self, List.self, Show.self, Delete.self, Providers.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Configure a provider in an environment.")

        @Argument(help: "Name, unique in the environment.")
        var name: String
        @Option(help: "Catalogue entry, as `sallyport integrations providers` lists them.")
        var provider: String
        @Option(help: "OAuth client id of the whole environment.")
        var clientID: String?
        @Option(help: "File with the OAuth client secret; - is standard input.")
        var clientSecretFile: String?
        @Option(parsing: .upToNextOption, help: "OAuth scopes.")
        var scopes: [String] = []
        @Option(help: "Replaces the provider's base URL template.")
        var baseURL: String?
        @Option(help: "Replaces the provider's token URL template.")
        var tokenURL: String?
        @Option(
            name: .customLong("allow-network"),
            help: "Non-public range that requests may reach, as CIDR; repeat it for more.")
        var networks: [String] = []
        @Flag(help: "Allow http to the upstream and the token endpoint.")
        var allowPlainHTTP = false
        @Flag(help: "Let backends fetch the upstream's access token.")
        var allowTokenFetch = false
        @Option(help: "PEM file of authorities to trust besides the system's.")
        var trustedCertificatesFile: String?
        @OptionGroup var selection: EnvironmentOptions
        @OptionGroup var options: InstallationOptions

        func run() async throws {
            try await AdministrativeSession.run(options, selection) { session in
                let draft = NewIntegration(
                    name: try CommandArgument.slug(name, "an integration's name"),
                    provider: try CommandArgument.slug(provider, "a provider's name"),
                    settings: try settings(),
                    clientSecret: try clientSecretFile.map { path in try SecretInput.read(from: path) })
                let integration = try await session.installation.integrations.create(draft, session.context())
                session.output.show(integration.record)
            }
        }

        private func settings() throws -> IntegrationSettings {
            let networks = try networks.map { text throws(CommandFailure) in
                guard let network = CIDR(text) else { throw CommandFailure(.badData, "--allow-network takes a CIDR") }
                return network
            }
            return IntegrationSettings(
                clientID: clientID, scopes: scopes, baseURL: baseURL, tokenURL: tokenURL, allowedNetworks: networks,
                allowsPlainHTTP: allowPlainHTTP, allowsTokenFetch: allowTokenFetch,
                trustedCertificates: try trustedCertificatesFile.map { path in try TextFile.read(path, limit: 65_536) })
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List integrations, newest first.")

        @OptionGroup var listing: ListOptions
        @OptionGroup var selection: EnvironmentOptions
        @OptionGroup var options: InstallationOptions

        func run() async throws {
            try await AdministrativeSession.run(options, selection) { session in
                let page = try await session.installation.integrations.list(
                    page: CommandArgument.page(listing), session.context())
                session.output.list(page.elements.map(\.record), columns: ["id", "name", "provider", "updated_at"])
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show one integration; never its secret.")

        @Argument(help: "intg_…")
        var id: String
        @OptionGroup var selection: EnvironmentOptions
        @OptionGroup var options: InstallationOptions

        func run() async throws {
            try await AdministrativeSession.run(options, selection) { session in
                session.output.show(
                    try await session.installation.integrations.read(CommandArgument.id(id), session.context()).record)
            }
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Delete an integration that no connection uses.")

        @Argument(help: "intg_…")
        var id: String
        @OptionGroup var selection: EnvironmentOptions
        @OptionGroup var options: InstallationOptions

        func run() async throws {
            try await AdministrativeSession.run(options, selection) { session in
                try await session.installation.integrations.delete(CommandArgument.id(id), session.context())
                session.output.show(["deleted": .string(id)])
            }
        }
    }

    struct Providers: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the catalogue's providers and what they ask for.")

        @OptionGroup var options: InstallationOptions

        func run() async throws {
            try await CommandFailure.run {
                let catalogue = try Installation.catalogue(try await options.settings())
                options.output.list(catalogue.providers.map(\.record), columns: ["name", "title", "fields"])
            }
        }
    }
}
