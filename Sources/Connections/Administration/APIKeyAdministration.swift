package import Domain
package import Sodium

/// Makes the secret of an API key; Identity implements it.
package protocol APIKeyMinting: Sendable {
    func mint(_ id: APIKeyID) -> MintedAPIKey
}

package struct MintedAPIKey: Sendable {
    /// The whole key as the backend sends it; shown once and kept nowhere.
    package let text: SecretBytes
    /// What is stored: ``APIKey/secretHash``.
    package let secretHash: [UInt8]

    package init(text: SecretBytes, secretHash: [UInt8]) {
        self.text = text
        self.secretHash = secretHash
    }
}

/// A key just made, with the one sight of its text.
package struct CreatedAPIKey: Sendable {
    package let key: APIKey
    package let text: SecretBytes
}

/// An API key to make.
package struct NewAPIKey: Sendable {
    /// 1 to 200 characters.
    package var name: String
    /// Binds the key to one tenant; nil for every tenant, which a tenant's key can't ask for.
    package var tenantID: TenantID?
    /// At least one, and no more than the caller has.
    package var permissions: PermissionSet
    package var expiresAt: Timestamp?

    package init(name: String, tenantID: TenantID?, permissions: PermissionSet, expiresAt: Timestamp? = nil) {
        self.name = name
        self.tenantID = tenantID
        self.permissions = permissions
        self.expiresAt = expiresAt
    }
}

/// API keys of an environment and of its tenants.
package struct APIKeyAdministration: Sendable {
    private let gate: CallGate
    private let keys: any APIKeyStore
    private let tenants: any TenantStore
    private let minting: any APIKeyMinting

    package init(gate: CallGate, keys: any APIKeyStore, tenants: any TenantStore, minting: any APIKeyMinting) {
        self.gate = gate
        self.keys = keys
        self.tenants = tenants
        self.minting = minting
    }

    /// Makes a key and shows its text once. Needs `api-keys:write`.
    ///
    /// - Throws: `.invalid` at `/name`, `/permissions` (`.exceedsCaller` where it would have more than the caller, which
    ///   is recorded), `/tenant_id`, `/expires_at`; `.notFound(.tenant)`; `.denied` where a tenant's key asks for one of
    ///   the whole environment.
    package func create(_ draft: NewAPIKey, _ context: CallContext) async throws(UseCaseError) -> CreatedAPIKey {
        try await gate.require(.writeAPIKeys, for: .apiKeyCreated, context)
        // A caller token lives for minutes under a restriction; a key made with one would outlive and widen it.
        guard context.principal.restriction == nil else {
            await gate.recordDenial(of: .apiKeyCreated, object: nil, reason: .restricted, context)
            throw .denied([])
        }
        if draft.tenantID == nil { try await gate.requireWholeEnvironment(for: .apiKeyCreated, context) }
        let now = gate.wallClock.now()
        try await check(draft, now: now, context)
        if let tenantID = draft.tenantID { try await requireTenant(tenantID, context) }
        let id: APIKeyID = gate.identifiers.next()
        let minted = minting.mint(id)
        let key = APIKey(
            id: id, environmentID: context.principal.environmentID, tenantID: draft.tenantID, name: draft.name,
            permissions: draft.permissions, secretHash: minted.secretHash, createdAt: now, expiresAt: draft.expiresAt,
            revokedAt: nil)
        let event = gate.event(.apiKeyCreated, tenant: key.tenantID, object: id.description, context)
        try await gate.storing(.tenant) { () async throws(StoreError) in try await keys.create(key, audit: event) }
        return CreatedAPIKey(key: key, text: minted.text)
    }

    /// Needs `api-keys:read`; a tenant's key sees that tenant's keys alone.
    package func read(_ id: APIKeyID, _ context: CallContext) async throws(UseCaseError) -> APIKey {
        try await gate.require(.readAPIKeys, object: id.description, context)
        let found = try await gate.storing(.apiKey) { () async throws(StoreError) in
            try await keys.find(id, in: context.principal.readScope)
        }
        guard let found else { throw .notFound(.apiKey) }
        return found
    }

    /// Needs `api-keys:read`.
    package func list(
        page: PageRequest<APIKeyKind>, _ context: CallContext
    ) async throws(UseCaseError) -> Page<APIKey> {
        try await gate.require(.readAPIKeys, context)
        return try await gate.storing(.apiKey) { () async throws(StoreError) in
            try await keys.list(in: context.principal.readScope, page: page)
        }
    }

    /// Ends the key and every caller token issued to it, on every instance. Needs `api-keys:write`; revoking again
    /// changes nothing.
    package func revoke(_ id: APIKeyID, _ context: CallContext) async throws(UseCaseError) {
        try await gate.require(.writeAPIKeys, for: .apiKeyRevoked, object: id.description, context)
        let found = try await gate.storing(.apiKey) { () async throws(StoreError) in
            try await keys.find(id, in: context.principal.readScope)
        }
        guard let found else { throw .notFound(.apiKey) }
        let event = gate.event(.apiKeyRevoked, tenant: found.tenantID, object: id.description, context)
        try await gate.storing(.apiKey) { () async throws(StoreError) in
            try await keys.revoke(id, in: context.principal.readScope, at: gate.wallClock.now(), audit: event)
        }
    }

    private func check(_ draft: NewAPIKey, now: Timestamp, _ context: CallContext) async throws(UseCaseError) {
        var problems = [TextRules.problem(of: draft.name, at: "/name")].compactMap(\.self)
        if draft.permissions.isEmpty { problems.append(InputProblem("/permissions", .empty)) }
        if !draft.permissions.isSubset(of: context.principal.permissions) {
            problems.append(InputProblem("/permissions", .exceedsCaller))
            await gate.recordDenial(of: .apiKeyCreated, object: nil, reason: .exceedsCaller, context)
        }
        if let expiresAt = draft.expiresAt, expiresAt <= now {
            problems.append(InputProblem("/expires_at", .inThePast))
        }
        guard problems.isEmpty else { throw .invalid(problems) }
    }

    private func requireTenant(_ id: TenantID, _ context: CallContext) async throws(UseCaseError) {
        let found = try await gate.storing(.tenant) { () async throws(StoreError) in
            try await tenants.find(id, in: context.principal.readScope)
        }
        guard found != nil else { throw .notFound(.tenant) }
    }
}
