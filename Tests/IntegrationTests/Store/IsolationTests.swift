import Connections
import Domain
import Postgres
import Store
import TestSupport
import Testing
import Vault

@Suite("Another tenant's objects are not there")
struct IsolationTests {
    /// What a method that is asked for another's object may answer.
    enum Answer: Equatable {
        case absent
        case present

        init(_ value: (some Any)?) { self = value == nil ? .absent : .present }
    }

    /// Whom an object must be hidden from.
    enum Strangers {
        /// Another tenant of the same environment, and another environment.
        case tenants
        /// Another environment: the object belongs to one as a whole, or is named by environment and tenant itself.
        case environments
    }

    /// A question for `owner`'s object in the scope of `stranger`.
    struct Question: Sendable {
        let stores: PostgresStores
        let owner: World
        let stranger: World
        /// Held on the owner's connection.
        let lease: Lease
    }

    struct Case: CustomStringConvertible, Sendable {
        /// Protocol and method as the port declares them.
        let method: String
        let strangers: Strangers
        let ask: @Sendable (Question) async throws -> Answer
        var description: String { method }

        init(
            _ method: String, _ strangers: Strangers, _ ask: @escaping @Sendable (Question) async throws -> Answer
        ) {
            self.method = method
            self.strangers = strangers
            self.ask = ask
        }
    }

    @Test func `every method of every port is in the table, or has a reason why it can't be`() throws {
        var declared: [String] = []
        for file in try SourceTree.names(in: "Sources/Connections/Ports", suffix: "Store.swift")
            + ["AdministrationStores.swift"]
        {
            declared += Self.methods(in: try SourceTree.text(of: "Sources/Connections/Ports/" + file))
        }
        declared += Self.methods(in: try SourceTree.text(of: "Sources/Vault/Keys/KeyOwner.swift"))
        let known = Self.cases.map(\.method) + declared.filter { Self.withoutScope[$0] != nil }
        #expect(declared.count > 30)
        for method in Set(declared) {
            let (uses, entries) = (declared.count { $0 == method }, known.count { $0 == method })
            #expect(entries >= uses, "\(method) is declared \(uses) times and tested \(entries) times")
        }
        #expect(Set(known).subtracting(declared).isEmpty)
    }

    /// All in one database, each question in worlds of its own.
    @Test func `a second tenant and a second environment get nothing and change nothing`() async throws {
        try await MigratedDatabase.with { migrated in
            let foreigner = try await World.make(in: migrated.stores)
            for method in Self.cases { try await ask(method, of: migrated.stores, foreigner: foreigner, in: migrated) }
        }
    }

    /// The statements' own filters are the first lock; a superuser passes the second one.
    @Test func `so it is for a role that row-level security doesn't bind`() async throws {
        try await MigratedDatabase.with { migrated in
            let foreigner = try await World.make(in: migrated.stores)
            let unbound = PostgresStores(client: migrated.superuser, logger: .quiet)
            for method in Self.cases { try await ask(method, of: unbound, foreigner: foreigner, in: migrated) }
        }
    }

    private func ask(
        _ method: Case, of stores: PostgresStores, foreigner: World, in migrated: MigratedDatabase
    ) async throws {
        let owner = try await World.make(in: migrated.stores)
        var strangers = [foreigner]
        if method.strangers == .tenants {
            strangers.append(try await World.make(in: migrated.stores, sharing: owner.environment))
        }
        let lease = try await migrated.stores.lease(owner)
        let before = try await migrated.superuser.contentDigest()
        for stranger in strangers {
            let question = Question(stores: stores, owner: owner, stranger: stranger, lease: lease)
            #expect(try await answer(to: question, by: method) == .absent, "\(method)")
            #expect(try await migrated.superuser.contentDigest() == before, "\(method)")
        }
        // The same question of the owner is answered, else the test would pass for a method that never answers.
        let question = Question(stores: stores, owner: owner, stranger: owner, lease: lease)
        #expect(try await answer(to: question, by: method) == .present, "\(method)")
    }

    private func answer(to question: Question, by method: Case) async throws -> Answer {
        do {
            return try await method.ask(question)
        } catch let error as StoreError where error == .notFound || error == .stale {
            return .absent
        }
    }

    private static func methods(in source: String) -> [String] {
        var methods: [String] = []
        var port: Substring?
        for line in source.split(separator: "\n") {
            if let match = line.firstMatch(of: /^package protocol (\w+Store)\b/) { port = match.1 }
            if line == "}" { port = nil }
            if let port, let match = line.firstMatch(of: /^    func (\w+)/) { methods.append("\(port).\(match.1)") }
        }
        return methods
    }

    /// Methods that no scope limits, and why.
    private static let withoutScope: [String: String] = [
        "EnvironmentStore.create": "environments belong to the installation",
        "EnvironmentStore.find": "environments belong to the installation",
        "EnvironmentStore.list": "environments belong to the installation",
        "TenantStore.create": "the tenant is new; its environment must exist",
        "IntegrationStore.create": "the integration is new; its environment must exist",
        "APIKeyStore.findForAuthentication": "the caller is not known yet; it must know the key",
        "AuditStore.append": "an event states its own scope",
        "RefreshStore.due": "an instance finds the due work of every tenant, by identifiers and times alone",
        "RefreshStore.backlog": "it counts over all tenants",
        "SigningKeyStore.all": "every instance verifies the tokens of every environment",
        "SigningKeyStore.insertFirst": "the key is new; its environment must exist",
        "RevocationStore.apiKeysRevoked": "every instance refuses the tokens of every revoked key",
        "WrappedKeyStore.insertFirstKey": "the key is new; its owner must exist",
    ]
}
