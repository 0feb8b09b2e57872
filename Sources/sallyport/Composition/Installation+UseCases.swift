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
            catalogue: catalogue, vault: vault, outbound: outbound, refresher: engine.coordinator,
            clock: ContinuousClock())
    }

    var opener: ConnectionOpener {
        ConnectionOpener(
            gate: gate, connections: stores.connections, catalogue: catalogue, vault: vault,
            refresher: engine.coordinator)
    }

    /// Runs one piece of work with the database and the outbound client up, for commands. One that may obtain a token has the
    /// refresh engine beside it, and the database's clock.
    static func open(
        _ settings: Settings, for use: Use = .command, _ body: @Sendable (Installation) async throws -> Void
    ) async throws {
        let installation = try await Installation(
            settings, logger: ProcessLogger.startForCommand(settings), for: use)
        try await installation.withClients {
            switch use {
            case .command: try await body(installation)
            case .serving, .refreshing, .linking:
                try await ClockAlignment(clock: installation.clock).align(with: installation.postgres)
                try await installation.withEngine(schedules: false) { try await body(installation) }
            }
        }
    }

    /// Runs `body` while the clients run; ends them after it, whatever came of it.
    func withClients(_ body: @Sendable () async throws -> Void) async throws {
        try outbound.start()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await postgres.run() }
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

    /// Runs `body` beside the refresh engine, which begins nothing more of its own after it.
    ///
    /// - Parameter schedules: whether what is due is refreshed here.
    func withEngine(schedules: Bool, _ body: @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await engine.run(schedules: schedules) }
            defer { group.cancelAll() }
            try await body()
        }
    }

    /// Refreshes first: what was received is in the spool or in the database before the clients end.
    private func endClients() async {
        await engine.drain(until: .now + refreshBounds.requestTimeout + .seconds(10))
        await engine.spool?.close()
        await outbound.shutdown(within: .seconds(2))
        await postgres.shutdown()
    }
}
