import Glibc
import Postgres
import StrictJSON
import TestSupport

/// One installation: a migrated database, a root key, an environment and an API key with every permission.
struct Site: Sendable {
    /// Its own; removed afterwards.
    let directory: String
    let databaseURL: String
    /// As superuser: sees and changes every row.
    let superuser: PostgresClient
    let superuserURL: String
    /// The API key's text.
    let key: String

    var keyFile: String { directory + "/api-key" }
    var rootKeyFile: String { directory + "/root.key" }
    /// Shared by all instances of the site.
    var spoolDirectory: String { directory + "/spool" }

    /// Runs `body` with a site on the test run's cluster.
    static func with<Result>(_ body: (Site) async throws -> Result) async throws -> Result {
        try await MigratedDatabase.with { migrated in
            try await TestDirectory.with { directory in
                let database = migrated.database
                let site = try await make(
                    directory, databaseURL: database.connectionString(user: MigratedDatabase.serviceRole),
                    superuser: migrated.superuser, superuserURL: database.connectionString())
                return try await body(site)
            }
        }
    }

    /// Makes root key, environment and API key with the binary's own commands.
    static func make(
        _ directory: String, databaseURL: String, superuser: PostgresClient, superuserURL: String
    ) async throws -> Site {
        try await Binary.succeed(["root-key", "create", directory + "/root.key"])
        let settings = [
            "--set", "database.url=\(databaseURL)", "--set", "root_key.file=\(directory)/root.key",
            "--set", "refresh.spool_directory=\(directory)/spool",
        ]
        try await Binary.succeed(["environments", "create", "production"] + settings)
        try await Binary.succeed(["api-keys", "create", "all", "--key-file", directory + "/api-key"] + settings)
        return Site(
            directory: directory, databaseURL: databaseURL, superuser: superuser, superuserURL: superuserURL,
            key: TextFiles.read(directory + "/api-key"))
    }

    /// `--set` arguments that lead a command here.
    var settings: [String] {
        [
            "--set", "database.url=\(databaseURL)", "--set", "root_key.file=\(rootKeyFile)",
            "--set", "refresh.spool_directory=\(directory)/spool",
        ]
    }

    /// Starts an instance, waits until both listeners answer, runs `body`, and ends it.
    func serving<Result>(
        _ more: [String: String] = [:], _ body: (Instance) async throws -> Result
    ) async throws -> Result {
        let instance = try await start(more)
        defer { instance.process.kill(SIGKILL) }
        return try await body(instance)
    }

    /// Starts an instance; the caller ends it.
    func start(_ more: [String: String] = [:], control: Int? = nil, data: Int? = nil) async throws -> Instance {
        let instance = try launch(more, control: control, data: data)
        try await instance.waitUntilReady()
        return instance
    }

    /// Starts an instance and waits for nothing.
    func launch(_ more: [String: String] = [:], control: Int? = nil, data: Int? = nil) throws -> Instance {
        let control = try control ?? FreePort.next()
        let data = try data ?? FreePort.next()
        var values = [
            "control.port": "\(control)", "data.port": "\(data)", "log.format": "json", "log.level": "info",
            "tokens.issuer": "http://sallyport.test",
        ]
        values.merge(more) { $1 }
        let pairs = values.sorted { $0.key < $1.key }.flatMap { ["--set", "\($0.key)=\($0.value)"] }
        let process = try TestProcess(Binary.path(), ["serve"] + settings + pairs)
        return Instance(process: process, control: control, data: data, key: key)
    }

    /// One number that a query of the superuser gives.
    func count(_ sql: StaticString) async throws -> Int64 {
        let rows = try await superuser.read(Statement(sql))
        return try rows.map { row in try row.int(0) }.first ?? 0
    }
}
