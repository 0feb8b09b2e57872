import Refresh
import Postgres
import OutboundHTTP
import Store
import Connections
import Domain
import Identity

extension Installation {
    var environments: EnvironmentAdministration {
        EnvironmentAdministration(
            gate: gate, environments: stores.environments, vault: vault, signingKeys: signingKeys)
    }

    var tenants: TenantAdministration { TenantAdministration(gate: gate, tenants: stores.tenants, vault: vault) }

    var integrations: IntegrationAdministration {
        IntegrationAdministration(
            gate: gate, integrations: stores.integrations, connections: stores.connections, catalogue: catalogue,
            vault: vault)
    }

    var apiKeys: APIKeyAdministration {
        APIKeyAdministration(gate: gate, keys: stores.apiKeys, tenants: stores.tenants, minting: APIKeyMinter())
    }

    var connections: ConnectionLinking {
        ConnectionLinking(
            gate: gate, connections: stores.connections, tenants: stores.tenants, integrations: stores.integrations,
            catalogue: catalogue, vault: vault, outbound: outbound, refresher: refresher, clock: ContinuousClock())
    }

    var opener: ConnectionOpener {
        ConnectionOpener(
            gate: gate, connections: stores.connections, catalogue: catalogue, vault: vault, refresher: refresher)
    }

    /// Runs one piece of work with the database and the outbound client up, for commands.
    static func open(_ settings: Settings, _ body: @Sendable (Installation) async throws -> Void) async throws {
        let installation = try Installation(settings, logger: ProcessLogger.startForCommand(settings))
        try await installation.withClients { try await body(installation) }
    }

    /// Runs `body` while the clients run; ends them after it, whatever came of it.
    func withClients(_ body: @Sendable () async throws -> Void) async throws {
        try outbound.start()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await postgres.run() }
            group.addTask { await refresher.run() }
            defer { group.cancelAll() }
            do {
                try await body()
            } catch {
                await endClients()
                throw error
            }
            await endClients()
        }
    }

    /// Refreshes first: a token that was obtained is stored, and its lease given back, before the clients end.
    private func endClients() async {
        await refresher.drain(until: .now + .seconds(15))
        await outbound.shutdown(within: .seconds(2))
        await postgres.shutdown()
    }
}
