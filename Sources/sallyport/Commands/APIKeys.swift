import ArgumentParser
import StrictJSON
import Connections
import Domain
import Sodium

struct APIKeys: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "api-keys", abstract: "Create, list and revoke API keys.",
        subcommands: [Create.self, List.self, Revoke.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a key. It is written once, to a file or to standard output, and kept nowhere else.")

        @Argument(help: "Name for people.")
        var name: String
        @Option(help: "Bind the key to one tenant (tnt_…).")
        var tenant: String?
        @Option(
            parsing: .upToNextOption,
            help: "Permissions by name; all of them by default: \(PermissionSet.all.names.joined(separator: " ")).")
        var permissions: [String] = PermissionSet.all.names
        @Option(help: "New file, mode 0600, that gets the key instead of standard output.")
        var keyFile: String?
        @OptionGroup var selection: EnvironmentOptions
        @OptionGroup var options: InstallationOptions

        func run() async throws {
            try await AdministrativeSession.run(options, selection) { session in
                guard let set = PermissionSet(names: permissions) else {
                    throw CommandFailure(.badData, "an unknown permission; --help lists them")
                }
                let draft = NewAPIKey(
                    name: name, tenantID: try tenant.map { text in try CommandArgument.id(text) }, permissions: set)
                let created = try await session.installation.apiKeys.create(draft, session.context())
                if let keyFile {
                    try PrivateFile.create(keyFile, holding: created.text)
                    return session.output.show(created.key.record.adding("key_file", .string(keyFile)))
                }
                let text = created.text.revealUTF8(for: .newAPIKeyShownOnce) ?? ""
                session.output.show(created.key.record.adding("api_key", .string(text)))
                session.output.say("This is the only time that the key is shown.")
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List API keys, newest first; never their secrets.")

        @OptionGroup var listing: ListOptions
        @OptionGroup var selection: EnvironmentOptions
        @OptionGroup var options: InstallationOptions

        func run() async throws {
            try await AdministrativeSession.run(options, selection) { session in
                let page = try await session.installation.apiKeys.list(
                    page: CommandArgument.page(listing), session.context())
                session.output.list(
                    page.elements.map(\.record), columns: ["id", "name", "tenant_id", "created_at", "revoked_at"])
            }
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End a key, and every caller token issued to it, on every instance.")

        @Argument(help: "key_…")
        var id: String
        @OptionGroup var selection: EnvironmentOptions
        @OptionGroup var options: InstallationOptions

        func run() async throws {
            try await AdministrativeSession.run(options, selection) { session in
                try await session.installation.apiKeys.revoke(CommandArgument.id(id), session.context())
                session.output.show(["revoked": .string(id)])
            }
        }
    }
}
