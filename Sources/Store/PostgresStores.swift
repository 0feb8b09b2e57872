package import Logging
package import Postgres

/// Every port of ``Connections`` in SQL, over one client that is logged in with the service's role.
package struct PostgresStores: Sendable {
    package let environments: PostgresEnvironmentStore
    package let tenants: PostgresTenantStore
    package let integrations: PostgresIntegrationStore
    package let apiKeys: PostgresAPIKeyStore
    package let connections: PostgresConnectionStore
    package let refreshes: PostgresRefreshStore
    package let signingKeys: PostgresSigningKeyStore
    package let wrappedKeys: PostgresWrappedKeyStore
    package let audit: PostgresAuditStore
    package let announcements: PostgresAnnouncementSource

    package init(client: PostgresClient, logger: Logger) {
        environments = PostgresEnvironmentStore(client: client, logger: logger)
        tenants = PostgresTenantStore(client: client, logger: logger)
        integrations = PostgresIntegrationStore(client: client, logger: logger)
        apiKeys = PostgresAPIKeyStore(client: client, logger: logger)
        connections = PostgresConnectionStore(client: client, logger: logger)
        refreshes = PostgresRefreshStore(client: client, logger: logger)
        signingKeys = PostgresSigningKeyStore(client: client, logger: logger)
        wrappedKeys = PostgresWrappedKeyStore(client: client, logger: logger)
        audit = PostgresAuditStore(client: client, logger: logger)
        announcements = PostgresAnnouncementSource(client: client)
    }
}
