package import Connections
package import Domain
package import Logging
package import Postgres

/// Integrations and their sealed client secrets.
package struct PostgresIntegrationStore: IntegrationStore {
    private let database: Database

    package init(client: PostgresClient, logger: Logger) {
        database = Database(client: client, logger: logger)
    }

    package func create(
        _ integration: Integration, clientSecret: SealedSecret?, audit: AuditEvent
    ) async throws(StoreError) {
        let insert = Statement(
            """
            INSERT INTO sallyport.integrations
                (environment_id, id, name, provider, settings, client_secret, client_secret_key_version,
                 client_secret_version, version, created_at, updated_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
            """,
            [
                integration.environmentID.value, integration.id.value, .text(integration.name.description),
                .text(integration.provider.description), .json(integration.settings.json),
            ] + Self.values(of: clientSecret) + [
                .int(integration.version), .timestamp(integration.createdAt), .timestamp(integration.updatedAt),
            ])
        try await database.change(
            [insert], in: .environment(integration.environmentID), audit: audit,
            announcing: .integrationChanged(integration.id))
    }

    package func find(_ id: IntegrationID, in environment: EnvironmentID) async throws(StoreError) -> Integration? {
        try await database.read(
            Statement(Self.byID, [environment.value, id.value]), in: .environment(environment)
        ).atMostOne { (row) throws(StoreError) in try row.integration() }
    }

    package func find(name: Slug, in environment: EnvironmentID) async throws(StoreError) -> Integration? {
        try await database.read(
            Statement(Self.byName, [environment.value, .text(name.description)]), in: .environment(environment)
        ).atMostOne { (row) throws(StoreError) in try row.integration() }
    }

    package func list(
        in environment: EnvironmentID, page: PageRequest<IntegrationKind>
    ) async throws(StoreError) -> Page<Integration> {
        let query = PageQuery(page)
        let rows = try await database.read(
            Statement(
                query.isBackward ? Self.newer : Self.older, [environment.value, query.anchor, query.limit]),
            in: .environment(environment))
        return try query.page(rows) { (row) throws(StoreError) in try row.integration() }
    }

    package func update(
        _ integration: Integration, clientSecret: SealedSecret?, audit: AuditEvent
    ) async throws(StoreError) {
        let update = Statement(
            """
            WITH changed AS (
                UPDATE sallyport.integrations
                SET settings = $3, version = $4, updated_at = $5,
                    client_secret = coalesce($6, client_secret),
                    client_secret_key_version = coalesce($7, client_secret_key_version),
                    client_secret_version = coalesce($8, client_secret_version)
                WHERE environment_id = $1 AND id = $2 AND version = $4 - 1
                RETURNING 1
            )
            SELECT sallyport.require_change(
                (SELECT count(*) FROM changed),
                EXISTS (SELECT FROM sallyport.integrations WHERE environment_id = $1 AND id = $2))
            """,
            [
                integration.environmentID.value, integration.id.value, .json(integration.settings.json),
                .int(integration.version), .timestamp(integration.updatedAt),
            ] + Self.values(of: clientSecret))
        try await database.change(
            [update], in: .environment(integration.environmentID), audit: audit,
            announcing: .integrationChanged(integration.id))
    }

    package func delete(
        _ id: IntegrationID, in environment: EnvironmentID, audit: AuditEvent
    ) async throws(StoreError) {
        let delete = Statement(
            """
            WITH changed AS (
                DELETE FROM sallyport.integrations WHERE environment_id = $1 AND id = $2 RETURNING 1
            )
            SELECT sallyport.require_change((SELECT count(*) FROM changed), false)
            """,
            [environment.value, id.value])
        try await database.change(
            [delete], in: .environment(environment), audit: audit, announcing: .integrationChanged(id),
            brokenReference: .conflict(.stillReferenced))
    }

    package func clientSecret(
        of id: IntegrationID, in environment: EnvironmentID
    ) async throws(StoreError) -> SealedSecret? {
        try await database.read(
            Statement(
                """
                SELECT client_secret, client_secret_key_version, client_secret_version FROM sallyport.integrations
                WHERE environment_id = $1 AND id = $2 AND client_secret IS NOT NULL
                """,
                [environment.value, id.value]),
            in: .environment(environment)
        ).atMostOne { (row) throws(StoreError) in try row.secret() }
    }

    private static func values(of secret: SealedSecret?) -> [PostgresValue] {
        [
            .optionalBytes(secret?.envelope), .optionalInt(secret.map { Int64($0.keyVersion) }),
            .optionalInt(secret?.recordVersion),
        ]
    }
}

extension RowReader {
    /// Identifiers of environment and integration, name, provider, settings, whether a client secret is stored,
    /// version, creation and last change.
    mutating func integration() throws(StoreError) -> Integration {
        let (environmentID, id) = (try self.id(EnvironmentKind.self), try self.id(IntegrationKind.self))
        return Integration(
            id: id, environmentID: environmentID, name: try slug(), provider: try slug(),
            settings: try IntegrationSettings(json: try text()), hasClientSecret: try bool(), version: try int(),
            createdAt: try timestamp(), updatedAt: try timestamp())
    }
}

extension PostgresIntegrationStore {
    private static let byID: StaticString = """
        SELECT environment_id, id, name, provider, settings, client_secret IS NOT NULL, version, created_at, updated_at
        FROM sallyport.integrations
        WHERE environment_id = $1 AND id = $2
        """

    private static let byName: StaticString = """
        SELECT environment_id, id, name, provider, settings, client_secret IS NOT NULL, version, created_at, updated_at
        FROM sallyport.integrations
        WHERE environment_id = $1 AND name = $2
        """

    private static let older: StaticString = """
        SELECT (
                SELECT id FROM sallyport.integrations WHERE environment_id = $1 AND id >= $2
                ORDER BY id LIMIT 1
            ) IS NOT NULL,
            environment_id, id, name, provider, settings, client_secret IS NOT NULL, version, created_at, updated_at
        FROM sallyport.integrations
        WHERE environment_id = $1 AND id < $2
        ORDER BY id DESC LIMIT $3
        """

    private static let newer: StaticString = """
        SELECT (
                SELECT id FROM sallyport.integrations WHERE environment_id = $1 AND id <= $2
                ORDER BY id DESC LIMIT 1
            ) IS NOT NULL,
            environment_id, id, name, provider, settings, client_secret IS NOT NULL, version, created_at, updated_at
        FROM sallyport.integrations
        WHERE environment_id = $1 AND id > $2
        ORDER BY id ASC LIMIT $3
        """
}
