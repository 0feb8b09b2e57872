import PostgresCluster
import StrictJSON
import TestSupport
import Testing

/// An installation made command by command, as README.md tells, with one configuration file.
struct Hand {
    let directory: String
    private let file: String

    init(_ directory: String, _ cluster: PrivateCluster) throws {
        self.directory = directory
        file = directory + "/sallyport.yaml"
        try TextFiles.write(
            """
            database:
              url: "\(cluster.connectionString(database: "sallyport", user: OwnCluster.service))"
              migrator_url: "\(cluster.connectionString(database: "sallyport", user: OwnCluster.owner))"
            root_key:
              file: \(directory)/root.key
            refresh:
              spool_directory: \(directory)/spool
            """, to: file)
    }

    private func json(_ arguments: [String]) async throws -> JSONValue {
        try await Site.json(arguments + ["--config", file])
    }

    func install() async throws {
        let key = try await Site.json(["root-key", "create", directory + "/root.key"])
        #expect(key["root_key_file"]?.string == directory + "/root.key")
        let before = try await Binary.run(["doctor", "--config", file, "--json"])
        #expect(before.status == 1, "the schema is missing: \(before)")
        let applied = try await json(["migrate"])["applied"]?.elements ?? []
        #expect(applied.count >= 5)
        #expect(try await json(["migrate"])["applied"]?.elements?.isEmpty ?? false)
        #expect(try await json(["environments", "create", "production"])["name"]?.string == "production")
        #expect(try await json(["environments", "list"])["result"]?.elements?.count == 1)
        let made = try await json(["api-keys", "create", "backend", "--key-file", directory + "/backend.key"])
        #expect(made["api_key"] == nil && made["key_file"] != nil)
        let doctor = try await json(["doctor"])["result"]?.elements ?? []
        #expect(doctor.count >= 8)
        #expect(!doctor.contains { $0["outcome"]?.string == "failed" }, "\(doctor)")
    }

    func administer(_ upstream: FakeUpstream) async throws {
        let tenant = try await json(["tenants", "create", "Müller & Söhne", "--external-id", "m-1"])
        let id = tenant["id"]?.string ?? ""
        #expect(try await json(["tenants", "list"])["result"]?.elements?.count == 1)
        #expect(try await json(["tenants", "show", id])["name"]?.string == "Müller & Söhne")
        #expect(try await json(["integrations", "providers"])["result"]?.elements?.count ?? 0 >= 5)
        let integration =
            try await json([
                "integrations", "create", "fake", "--provider", "generic-basic", "--allow-network", "127.0.0.0/8",
                "--allow-plain-http",
            ])["id"]?.string ?? ""
        #expect(try await json(["integrations", "list"])["result"]?.elements?.count == 1)
        #expect(try await json(["integrations", "show", integration])["provider"]?.string == "generic-basic")
        try await connections(id, integration, upstream)
        let keys = try await json(["api-keys", "list"])["result"]?.elements ?? []
        let key = keys.first?["id"]?.string ?? ""
        #expect(try await json(["api-keys", "revoke", key])["revoked"]?.string == key)
        #expect(try await json(["integrations", "delete", integration])["deleted"]?.string == integration)
        #expect(try await json(["tenants", "delete", id, "--yes"])["deleted"]?.string == id)
        #expect(try await json(["tenants", "list"])["result"]?.elements?.isEmpty ?? false)
    }

    private func connections(_ tenant: String, _ integration: String, _ upstream: FakeUpstream) async throws {
        try TextFiles.write("secret\n", to: directory + "/password")
        let connection =
            try await json([
                "connections", "create", "--tenant", tenant, "--integration", "fake", "--field",
                "base_url=\(upstream.base)", "--field", "username=user", "--secret-file",
                "password=\(directory)/password",
                "--display-name", "Fake",
            ])["id"]?.string ?? ""
        #expect(try await json(["connections", "list", "--tenant", tenant])["result"]?.elements?.count == 1)
        #expect(try await json(["connections", "list", "--status", "suspended"])["result"]?.elements?.isEmpty ?? false)
        let shown = try await json(["connections", "show", connection])
        #expect(shown["display_name"]?.string == "Fake" && shown["refresh"] == .null)
        let refused = try await Binary.run(["connections", "refresh", connection, "--config", file])
        #expect(refused.status == 65, "it has nothing to refresh: \(refused)")
        let overview = try await json(["refresh", "status"])
        #expect(overview["due"]?.int == 0 && overview["connections"]?["backing_off"]?.int == 0)
        #expect(try await json(["connections", "suspend", connection])["status"]?.string == "suspended")
        #expect(try await json(["connections", "resume", connection])["status"]?.string == "active")
        #expect(try await json(["connections", "verify", connection])["status"]?.string == "active")
        let used = try await Binary.run(["integrations", "delete", integration, "--config", file])
        #expect(used.status == 65, "a connection uses it: \(used)")
        #expect(try await json(["connections", "delete", connection, "--yes"])["deleted"]?.string == connection)
    }
}
