import ArgumentParser
import Domain
import PeerTokens
import Sodium
import SystemPackage
import Vault

/// Writes tenants and connections with valid sealed credentials as an SQL script for `psql`, for benchmarks and tests alone.
@main
struct RefreshSeed: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes an SQL script that fills a migrated database with linked connections, for benchmarks.",
        discussion: """
            Environment and integration (of provider generic-oauth2-refresh-token) exist already. Pipe the script into psql as a \
            superuser: it turns foreign-key checks off for its session, because all that it refers to is in it or exists.

            Every connection's token set holds rt.<connection>.1.<mac>, good at a TokenPeer of the same seed.
            """)

    @Option(help: "The installation's root key file.")
    var rootKey: String
    @Option(help: "Environment (env_…).")
    var environment: String
    @Option(help: "Integration (intg_…).")
    var integration: String
    @Option(help: "URL of the token endpoint.")
    var tokenURL: String
    @Option(help: "Seed of the TokenPeer.")
    var peerSeed: String
    @Option(help: "How many connections.")
    var connections: Int
    @Option(help: "How many tenants; connections go to them in turn.")
    var tenants: Int
    @Option(help: "So many connections are due soon; the others are far away.")
    var due = 0
    @Option(help: "Seconds from now until the first of them is due.")
    var dueIn = 60
    @Option(help: "Seconds over which they are spread.")
    var dueWindow = 0
    @Option(help: "Lifetime in seconds of the others' tokens, somewhere within it; 0: far away.")
    var lifetime = 0
    @Option(help: "File for one line 'tenant connection' each.")
    var list: String?

    func validate() throws {
        guard connections > 0, tenants > 0, (0...connections).contains(due), dueIn >= 0, dueWindow >= 0, lifetime >= 0
        else { throw ValidationError("a count or a time is out of range") }
    }

    func run() async throws {
        guard let environment = EnvironmentID(environment), let integration = IntegrationID(integration),
            let tokenURL = URLParts(tokenURL)
        else { throw ValidationError("environment, integration or token URL can't be read") }
        let now = SystemWallClock().now()
        var plan = SeedPlan(now: now, connections: connections, dueAt: now + .seconds(dueIn))
        plan.dueCount = due
        plan.dueWindow = .seconds(dueWindow)
        plan.lifetime = lifetime > 0 ? .seconds(lifetime) : nil
        let writer = SeedWriter(
            environment: environment, integration: integration, tokenURL: tokenURL,
            tokens: try PeerTokens(seed: peerSeed),
            plan: plan, rootKey: try FileRootKeyProvider(path: rootKey), tenants: tenants)
        try await write(with: writer)
    }

    private static let batch = 1_000

    private func write(with writer: SeedWriter) async throws {
        let output = FileDescriptor.standardOutput
        let listing = try list.map { path in
            try FileDescriptor.open(
                FilePath(path), .writeOnly, options: [.create, .truncate], permissions: [.ownerReadWrite])
        }
        try output.writeAll("\\set ON_ERROR_STOP on\nSET session_replication_role = replica;\n".utf8)
        let (ids, copy) = try await writer.tenants(tenants)
        try output.writeAll(copy)
        let starts = Array(stride(from: 0, to: connections, by: Self.batch))
        try await withThrowingTaskGroup(of: [SeedWriter.Made].self) { group in
            var waiting = starts[...]
            var done = 0
            for start in waiting.prefix(2) { group.addTask { try await make(start, of: ids, with: writer) } }
            waiting = waiting.dropFirst(2)
            while let made = try await group.next() {
                if let start = waiting.popFirst() {
                    group.addTask { try await make(start, of: ids, with: writer) }
                }
                try output.writeAll(writer.copy(of: made))
                try listing?.writeAll(made.map { "\($0.tenant) \($0.id)\n" }.joined().utf8)
                done += made.count
                if done % 50_000 < Self.batch { try Self.tell("\(done) of \(connections) connections") }
            }
        }
    }

    private func make(_ start: Int, of tenants: [TenantID], with writer: SeedWriter) async throws -> [SeedWriter.Made] {
        var made: [SeedWriter.Made] = []
        for index in start..<min(start + Self.batch, connections) {
            made.append(try await writer.connection(index, of: tenants[index % tenants.count]))
        }
        return made
    }

    private static func tell(_ text: String) throws { try FileDescriptor.standardError.writeAll((text + "\n").utf8) }
}
