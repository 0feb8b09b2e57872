import Catalogue
import Connections
import Domain
import Identity
import Logging
import Observability
import OutboundHTTP
import Postgres
import Refresh
import Sodium
import Store
import Vault

/// Everything that a command or the server works with, wired once; nothing in it runs before ``start()``-like services do.
struct Installation: Sendable {
    let settings: Settings
    let logger: Logger
    let metrics = MetricRegistry()
    /// Follows the database's clock, which all instances share; see ``ClockAlignment``.
    let clock = AlignedClock()
    let identifiers: IdentifierSource
    let instance: InstanceID

    let postgres: PostgresClient
    let stores: PostgresStores
    let rootKey: FileRootKeyProvider
    let vault: Vault
    let catalogue: Catalogue
    let outbound: CurlClient
    /// Events that answers depend on, written in groups.
    let audit: GroupedAuditStore
    let gate: CallGate
    let epoch = RevocationEpoch()
    let revocations: Revocations
    let signingKeys: SigningKeys
    let engine: RefreshEngine
    /// Bounds of refreshing, checked.
    let refreshBounds: RefreshBounds

    /// What an installation is made for.
    enum Use {
        /// Serving: answers that can't be had again lie on disk before they are written.
        case serving
        /// A command that spends what is stored, and maybe can't be had again.
        case refreshing
        /// A command that spends what was just entered.
        case linking
        /// A command that obtains no token.
        case command

        var spoolNeed: SpoolNeed {
            switch self {
            case .serving, .refreshing: .required
            case .linking: .wanted
            case .command: .none
            }
        }
    }

    /// Reads the root key and the catalogue, and opens the spool where it is needed; opens no connection.
    init(_ settings: Settings, logger: Logger, for use: Use) async throws(CommandFailure) {
        self.settings = settings
        self.logger = logger
        try Self.hardenMemory(settings, logger)
        identifiers = IdentifierSource(clock: clock, random: SystemRandomSource())
        instance = identifiers.next()
        postgres = PostgresClient(configuration: try Self.database(settings), logger: logger)
        stores = PostgresStores(client: postgres, logger: logger)
        rootKey = try Self.rootKey(settings)
        vault = Vault(keys: KeyRing(store: stores.wrappedKeys, roots: RootKeys(active: rootKey)))
        catalogue = try Self.catalogue(settings)
        do {
            outbound = try CurlClient()
        } catch {
            throw CommandFailure(
                .configuration, "the outbound client can't be made (\(error)); libcurl 7.88 or later is needed")
        }
        audit = GroupedAuditStore(stores.audit)
        gate = CallGate(wallClock: clock, identifiers: identifiers, audit: audit, logger: logger)
        revocations = Revocations(
            store: stores.apiKeys, announcements: stores.announcements, epoch: epoch, clock: clock, logger: logger)
        signingKeys = SigningKeys(
            store: stores.signingKeys, vault: vault, epoch: epoch, clock: clock, logger: logger)
        do {
            refreshBounds = try RefreshBounds.checked(settings)
        } catch {
            throw CommandFailure(error)
        }
        let spool = try await SpoolOpening.open(
            use.spoolNeed, refreshBounds, instance: instance, root: rootKey, logger: logger)
        engine = RefreshEngine(
            instance: instance,
            ports: RefreshEngine.Ports(
                connections: stores.connections, integrations: stores.integrations, refreshes: stores.refreshes,
                announcements: stores.announcements, outbound: outbound),
            catalogue: catalogue, vault: vault, spool: spool, gate: gate, clock: ContinuousClock(),
            random: SystemRandomSource(), metrics: metrics, settings: RefreshSettings(refreshBounds))
    }

    static func catalogue(_ settings: Settings) throws(CommandFailure) -> Catalogue {
        do {
            return try Catalogue.load(directory: settings.text("catalogue.directory"))
        } catch {
            let findings = error.findings.map(\.message).joined(separator: "\n  ")
            throw CommandFailure(.configuration, "the provider catalogue is refused:\n  \(findings)")
        }
    }

    private static func rootKey(_ settings: Settings) throws(CommandFailure) -> FileRootKeyProvider {
        guard let path = settings.text("root_key.file") else {
            throw CommandFailure(SettingsError.missing("root_key.file"))
        }
        do throws(RootKeyFileError) {
            return try FileRootKeyProvider(path: path)
        } catch {
            throw CommandFailure(
                .configuration,
                "the root key file \(path) can't be used (\(error)); `sallyport doctor` says how to mend it")
        }
    }

    private static func database(_ settings: Settings) throws(CommandFailure) -> PostgresConfiguration {
        guard let url = settings.text("database.url") else {
            throw CommandFailure(SettingsError.missing("database.url"))
        }
        var configuration = PostgresConfiguration(connectionString: url)
        configuration.listenConnectionString = settings.text("database.listen_url")
        configuration.poolSize = settings.integer("database.pool_size")
        configuration.usePreparedStatements = settings.boolean("database.prepared_statements")
        configuration.statementTimeout = settings.duration("database.statement_timeout")
        if let file = settings.text("database.password_file") {
            configuration.password = try PostgresPassword(file: file)
        }
        return configuration
    }

    private static func hardenMemory(_ settings: Settings, _ logger: Logger) throws(CommandFailure) {
        do {
            let status = try SecretMemory.harden()
            guard status.lockFailures > 0 else { return }
        } catch {
            throw CommandFailure(.internalFault, "secret memory can't be set up")
        }
        if settings.boolean("memory.require_lock") {
            throw CommandFailure(
                .configuration, "secret memory can't be locked: raise RLIMIT_MEMLOCK, or unset memory.require_lock")
        }
        logger.warning("secret memory is not locked: it may be written to swap")
    }
}
