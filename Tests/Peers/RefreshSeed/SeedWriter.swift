import Connections
import Domain
import Grants
import PeerTokens
import Sodium
import Vault

/// Makes the rows of tenants and connections, each with its sealed credentials.
struct SeedWriter: Sendable {
    let environment: EnvironmentID
    let integration: IntegrationID
    let tokenURL: URLParts
    let tokens: PeerTokens
    let plan: SeedPlan
    let rootKey: any RootKeyProvider
    private let identifiers: IdentifierSource
    private let random = SystemRandomSource()
    private let sealer: CredentialSealer
    private let vault: Vault

    init(
        environment: EnvironmentID, integration: IntegrationID, tokenURL: URLParts, tokens: PeerTokens, plan: SeedPlan,
        rootKey: any RootKeyProvider, tenants: Int
    ) {
        self.environment = environment
        self.integration = integration
        self.tokenURL = tokenURL
        self.tokens = tokens
        self.plan = plan
        self.rootKey = rootKey
        identifiers = IdentifierSource(clock: SystemWallClock(), random: SystemRandomSource())
        vault = Vault(
            keys: KeyRing(store: MemoryKeyStore(), roots: RootKeys(active: rootKey), capacity: max(1_024, tenants)))
        sealer = CredentialSealer(vault: vault)
    }

    /// Rows of new tenants and of their keys.
    func tenants(_ count: Int) async throws -> (ids: [TenantID], copy: [UInt8]) {
        let ids: [TenantID] = (0..<count).map { _ in identifiers.next() }
        var copy = CopyText()
        copy.begin("tenants (environment_id, id, name, created_at)")
        for (index, id) in ids.enumerated() {
            copy.row([.id(environment), .id(id), .text("Tenant \(index)"), .time(plan.now)])
        }
        copy.end()
        copy.begin("tenant_keys (environment_id, tenant_id, version, root_id, wrapped, state)")
        for id in ids {
            let owner = KeyOwner.tenant(environment, id)
            let version = try await vault.prepareKey(for: owner)
            let key = try await vault.keys.key(for: owner, version: version)
            let wrapped = try await rootKey.wrap(key, owner: owner, version: version)
            copy.row([
                .id(environment), .id(id), .text("\(version)"), .text(rootKey.id), .bytes(wrapped), .text("active"),
            ])
        }
        copy.end()
        return (ids, copy.bytes)
    }

    /// One connection as it will be stored.
    struct Made: Sendable {
        let tenant: TenantID
        let id: ConnectionID
        let times: SeedPlan.Times
        let entered: SealedSecret
        let tokenSet: SealedSecret
    }

    func connection(_ index: Int, of tenant: TenantID) async throws -> Made {
        let id: ConnectionID = identifiers.next()
        let scope = TenantScope(environmentID: environment, tenantID: tenant)
        let times = plan.times(of: index, draw: Double(random.next() >> 11) / Double(1 << 53))
        let family = id.description
        // What was entered is spent: linking traded it for the token set.
        let entered = [
            "client_secret": SecretBytes(utf8: "not looked at"),
            "refresh_token": SecretBytes(utf8: tokens.text(of: PeerRefreshToken(family: family, generation: 0))),
        ]
        let access = PeerAccessToken(family: family, generation: 1, expiresAt: times.expiresAt.microseconds / 1_000)
        let obtained = ObtainedToken(
            tokenSet: TokenSet(
                accessToken: SecretBytes(utf8: access.text), tokenType: "Bearer",
                expiresIn: times.expiresAt - times.obtainedAt, expiresAt: times.expiresAt,
                refreshToken: SecretBytes(utf8: tokens.text(of: PeerRefreshToken(family: family, generation: 1))),
                scope: nil),
            obtainedAt: times.obtainedAt, times: TokenTimes(expiresAt: times.expiresAt, refreshDueAt: times.dueAt),
            endpoint: TokenEndpointKey(tokenURL), isScopeMissing: false)
        return Made(
            tenant: tenant, id: id, times: times,
            entered: try await sealer.sealEntered(entered, of: id, in: scope, recordVersion: 1),
            tokenSet: try await sealer.sealTokenSet(obtained, of: id, in: scope, recordVersion: 1))
    }

    /// Rows of connections, one transaction.
    func copy(of made: [Made]) -> [UInt8] {
        let origin = Origin(scheme: tokenURL.scheme, host: tokenURL.host, port: tokenURL.port, basePath: "")
        let endpoint = TokenEndpointKey(tokenURL).text
        // No value in it needs escaping: the URL is of a host and a port.
        let fields = """
            {"base_url":"\(origin)","token_url":"\(endpoint)","client_id":"bench","verification_path":"/check"}
            """
        var copy = CopyText()
        copy.append("BEGIN;\n")
        copy.begin(
            """
            connections (environment_id, tenant_id, id, integration_id, status, origin, fields, version, created_at, \
            updated_at, verified_at)
            """)
        for one in made {
            copy.row(
                key(one) + [
                    .id(integration), .text("active"), .text(origin.description), .text(fields), .text("1"),
                    .time(plan.now), .time(plan.now), .time(plan.now),
                ])
        }
        copy.end()
        copy.begin(
            "credentials (environment_id, tenant_id, connection_id, kind, envelope, key_version, record_version, expires_at)"
        )
        for one in made {
            copy.row(key(one) + credential("entered", one.entered, nil))
            copy.row(key(one) + credential("token_set", one.tokenSet, one.times.expiresAt))
        }
        copy.end()
        copy.begin(
            """
            refresh_states (environment_id, tenant_id, connection_id, refresh_due_at, endpoint, spends_refresh_token, \
            token_set_version, last_success_at)
            """)
        for one in made {
            copy.row(
                key(one) + [
                    .time(one.times.dueAt), .text(endpoint), .text("t"), .text("1"), .time(one.times.obtainedAt),
                ])
        }
        copy.end()
        copy.append("COMMIT;\n")
        return copy.bytes
    }

    private func key(_ one: Made) -> [CopyText.Cell] { [.id(environment), .id(one.tenant), .id(one.id)] }

    private func credential(_ kind: String, _ sealed: SealedSecret, _ expiresAt: Timestamp?) -> [CopyText.Cell] {
        [
            .text(kind), .bytes(sealed.envelope), .text("\(sealed.keyVersion)"), .text("\(sealed.recordVersion)"),
            .optionalTime(expiresAt),
        ]
    }
}
