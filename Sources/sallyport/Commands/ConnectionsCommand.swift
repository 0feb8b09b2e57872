import ArgumentParser
import StrictJSON
import Connections
import Domain
import Sodium

struct ConnectionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "connections", abstract: "Link accounts, list, verify, refresh and delete connections.",
        subcommands: [
            Create.self, List.self, Show.self, Verify.self, Refresh.self, Suspend.self, Resume.self, Delete.self,
        ])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Link an account: verify it with a real call, then store it encrypted.")

        @Option(help: "tnt_…")
        var tenant: String
        @Option(help: "Name or intg_… of the integration.")
        var integration: String
        @Option(help: "Name for people.")
        var displayName: String?
        @Option(name: .customLong("field"), help: "A plain field as NAME=VALUE; repeat it for more.")
        var fields: [String] = []
        @Option(
            name: .customLong("secret-file"),
            help: "A secret field as NAME=PATH; the file holds the value, - is standard input; repeat it for more.")
        var secretFiles: [String] = []
        @Flag(help: "Store it unverified, as pending.")
        var skipVerification = false
        @OptionGroup var selection: EnvironmentOptions
        @OptionGroup var options: InstallationOptions

        func run() async throws {
            try await AdministrativeSession.run(options, selection, for: .linking) { session in
                var secrets: [String: SecretBytes] = [:]
                for (name, path) in try CommandArgument.pairs(secretFiles, "--secret-file") {
                    secrets[name] = try SecretInput.read(from: path)
                }
                let draft = NewConnection(
                    tenantID: try CommandArgument.id(tenant), integration: try reference(), displayName: displayName,
                    fields: try CommandArgument.pairs(fields, "--field"), secrets: secrets, verify: !skipVerification)
                session.output.show(
                    try await session.installation.connections.create(draft, session.context()).record)
            }
        }

        private func reference() throws(CommandFailure) -> IntegrationReference {
            if let id = IntegrationID(integration) { return .id(id) }
            return .name(try CommandArgument.slug(integration, "an integration's name"))
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List connections, newest first.")

        @Option(help: "Only this tenant's (tnt_…).")
        var tenant: String?
        @Option(help: "Only this integration's (intg_…).")
        var integration: String?
        @Option(help: "Only in this status: \(ConnectionStatus.allCases.map(\.rawValue).joined(separator: ", ")).")
        var status: String?
        @OptionGroup var listing: ListOptions
        @OptionGroup var selection: EnvironmentOptions
        @OptionGroup var options: InstallationOptions

        func run() async throws {
            try await AdministrativeSession.run(options, selection) { session in
                let page = try await session.installation.connections.list(
                    try filter(), page: CommandArgument.page(listing), session.context())
                session.output.list(
                    page.elements.map(\.record),
                    columns: ["id", "tenant_id", "status", "status_reason", "origin", "updated_at"])
            }
        }

        private func filter() throws(CommandFailure) -> ConnectionFilter {
            var filter = ConnectionFilter()
            if let tenant { filter.tenantID = try CommandArgument.id(tenant) }
            if let integration { filter.integrationID = try CommandArgument.id(integration) }
            if let status {
                guard let known = ConnectionStatus(rawValue: status) else {
                    throw CommandFailure(.badData, "no such status; --help lists them")
                }
                filter.status = known
            }
            return filter
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show one connection and how its refreshes stand; never its credential.")
        @OptionGroup var target: ConnectionTarget

        func run() async throws {
            try await target.run { session, id in
                let (connection, refresh) = try await session.installation.connections.readDetail(id, session.context())
                return connection.record.adding("refresh", refresh?.record ?? .null)
            }
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Prove the stored credential with a real call now.")
        @OptionGroup var target: ConnectionTarget

        func run() async throws {
            try await target.run(for: .refreshing) { session, id in
                try await session.installation.connections.verify(id, session.context()).record
            }
        }
    }

    struct Refresh: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Obtain a new token now, past the connection's own back-off.",
            discussion: """
                Joins a refresh that another instance has under way. The cap on attempts in an hour, and an attempt of which nobody \
                knows yet how it ended, still hold. Answers that can't be had again go through this machine's spool, so run it as \
                the service's user.
                """)
        @OptionGroup var target: ConnectionTarget

        func run() async throws {
            try await target.run(for: .refreshing) { session, id in
                let (connection, refresh) = try await session.installation.connections.refresh(id, session.context())
                return connection.record.adding("refresh", refresh.record)
            }
        }
    }

    struct Suspend: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Refuse every use of a connection until it is resumed.")
        @OptionGroup var target: ConnectionTarget

        func run() async throws {
            try await target.run { session, id in
                try await session.installation.connections.update(
                    id, ConnectionChange(suspended: true), session.context()
                ).record
            }
        }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Allow a suspended connection again.")
        @OptionGroup var target: ConnectionTarget

        func run() async throws {
            try await target.run { session, id in
                try await session.installation.connections.update(
                    id, ConnectionChange(suspended: false), session.context()
                ).record
            }
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Delete a connection and its credential.")

        @Flag(help: "Don't ask; needed where standard input is no terminal.")
        var yes = false
        @OptionGroup var target: ConnectionTarget

        func run() async throws {
            try await target.run { session, id in
                try Confirmation.require(yes, "delete connection \(id) and its credential")
                try await session.installation.connections.delete(id, session.context())
                return ["deleted": .string(id.description)]
            }
        }
    }
}
