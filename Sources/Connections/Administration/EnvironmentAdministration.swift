package import Domain
package import Vault

/// Makes the first caller-token signing key of an environment, where it has none.
package protocol SigningKeyPreparing: Sendable {
    /// Does nothing where the environment has an active key already; safe to repeat and to run twice at once.
    func prepareSigningKey(of environment: EnvironmentID) async throws(UseCaseError)
}

/// Environments of the installation: the command line's alone, so that no principal is asked for.
package struct EnvironmentAdministration: Sendable {
    private let gate: CallGate
    private let environments: any EnvironmentStore
    private let vault: Vault
    private let signingKeys: any SigningKeyPreparing

    package init(
        gate: CallGate, environments: any EnvironmentStore, vault: Vault, signingKeys: any SigningKeyPreparing
    ) {
        self.gate = gate
        self.environments = environments
        self.vault = vault
        self.signingKeys = signingKeys
    }

    /// Makes the environment, its first environment key and its first signing key.
    ///
    /// - Throws: `.conflict(.environmentName)`. Where a key could not be made, the environment is there all the same:
    ///   ``prepare(_:)`` makes up for it.
    package func create(name: Slug, requestID: String) async throws(UseCaseError) -> Environment {
        let environment = Environment(id: gate.identifiers.next(), name: name, createdAt: gate.wallClock.now())
        let event = AuditEvent(
            id: gate.identifiers.next(), environmentID: environment.id, tenantID: nil, at: environment.createdAt,
            actor: "cli", action: .environmentCreated, outcome: .success, object: environment.id.description,
            requestID: requestID)
        try await gate.storing(.environment) { () async throws(StoreError) in
            try await environments.create(environment, audit: event)
        }
        try await prepare(environment.id)
        return environment
    }

    /// The environment of that name, made if it is missing; its keys are there afterwards either way.
    package func findOrCreate(name: Slug, requestID: String) async throws(UseCaseError) -> Environment {
        if let found = try await lookUp(name) {
            try await prepare(found.id)
            return found
        }
        do throws(UseCaseError) {
            return try await create(name: name, requestID: requestID)
        } catch .conflict(.environmentName) {
            guard let found = try await lookUp(name) else { throw .internalFailure }
            try await prepare(found.id)
            return found
        }
    }

    package func find(name: Slug) async throws(UseCaseError) -> Environment {
        guard let found = try await lookUp(name) else { throw .notFound(.environment) }
        return found
    }

    /// All of them, oldest first.
    package func list() async throws(UseCaseError) -> [Environment] {
        try await gate.storing(.environment) { () async throws(StoreError) in try await environments.list() }
    }

    /// Makes the first environment key and signing key where they are missing; safe to repeat.
    package func prepare(_ environment: EnvironmentID) async throws(UseCaseError) {
        try await gate.prepareKey(for: .environment(environment), in: vault)
        try await signingKeys.prepareSigningKey(of: environment)
    }

    private func lookUp(_ name: Slug) async throws(UseCaseError) -> Environment? {
        try await gate.storing(.environment) { () async throws(StoreError) in try await environments.find(name: name) }
    }
}
