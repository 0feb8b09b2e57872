import Connections
import Domain
import Identity
import Logging
import TestSupport
import Testing

@Suite("Revocations")
struct RevocationsTests {
    private let world: IdentityWorld
    private let key = APIKeyID(high: 11, low: 12)

    init() async throws { world = try await IdentityWorld() }

    private func store(_ id: APIKeyID) async throws {
        let environment = world.base.environment.id
        let event = AuditEvent.test(
            environment, IdentifierSource(clock: world.base.clock.wall, random: world.base.random), at: world.now)
        try await FakeAPIKeyStore(world.base.database).create(
            APIKey(
                id: id, environmentID: environment, tenantID: nil, name: "k", permissions: .proxy,
                secretHash: [UInt8](repeating: 0, count: 32), createdAt: world.now, expiresAt: nil, revokedAt: nil),
            audit: event)
    }

    private func revoke(_ id: APIKeyID) async throws {
        let environment = world.base.environment.id
        let event = AuditEvent.test(
            environment, IdentifierSource(clock: world.base.clock.wall, random: world.base.random), at: world.now)
        try await FakeAPIKeyStore(world.base.database).revoke(
            id, in: ReadScope(environmentID: environment, tenantID: nil), at: world.now, audit: event)
    }

    /// Runs the service until the body is done.
    private func running(_ body: () async throws -> Void) async rethrows {
        let revocations = world.revocations
        let service = Task { await revocations.run() }
        await world.base.clock.waitForSleepers(1)
        defer { service.cancel() }
        try await body()
        service.cancel()
        await service.value
    }

    @Test func `knows after the start what was revoked before it`() async throws {
        try await store(key)
        try await revoke(key)
        #expect(!world.revocations.isRevoked(key))
        try await world.revocations.load()
        #expect(world.revocations.isRevoked(key))
    }

    @Test func `hears of a revocation when it is announced`() async throws {
        try await store(key)
        try await running {
            try await revoke(key)
            let (revocations, key) = (world.revocations, key)
            await Waiting.until { revocations.isRevoked(key) }
        }
    }

    @Test func `finds by its poll what was never announced, and survives a poll that fails`() async throws {
        try await store(key)
        let revocations = Revocations(
            store: FakeRevocationStore(world.base.database), announcements: Silence(), epoch: world.epoch,
            clock: world.base.clock.wall, timer: world.base.clock,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        let (clock, database, key) = (world.base.clock, world.base.database, key)
        let service = Task { await revocations.run() }
        // Ended below.
        await clock.waitForSleepers(1)
        try await revoke(key)
        database.fail(.revocationList, with: .unavailable)
        clock.advance(by: Revocations.pollInterval)
        await clock.waitForSleepers(1)
        #expect(database.calls(of: .revocationList) == 2)
        #expect(!revocations.isRevoked(key))
        clock.advance(by: Revocations.pollInterval)
        await clock.waitForSleepers(1)
        #expect(revocations.isRevoked(key))
        service.cancel()
        await service.value
    }

    @Test func `reads everything again after a gap, and tells the caches`() async {
        await running {
            let before = world.epoch.value
            let calls = world.base.database.calls(of: .revocationList)
            world.base.database.announce(.gap)
            let (epoch, database) = (world.epoch, world.base.database)
            await Waiting.until { epoch.value > before && database.calls(of: .revocationList) > calls }
        }
    }

    @Test func `moves the epoch once for a key, however often it hears of it`() async throws {
        try await store(key)
        try await revoke(key)
        try await world.revocations.load()
        let epoch = world.epoch.value
        try await world.revocations.load()
        try await world.revocations.load()
        #expect(world.epoch.value == epoch)
    }

    @Test func `forgets a key when no token of it can live any more`() async throws {
        try await store(key)
        try await revoke(key)
        try await world.revocations.load()
        world.base.clock.advance(by: Revocations.memory - .seconds(1))
        try await world.revocations.load()
        #expect(world.revocations.isRevoked(key))
        world.base.clock.advance(by: .seconds(2))
        try await world.revocations.load()
        #expect(!world.revocations.isRevoked(key))
        #expect(world.revocations.count == 0)
    }

    @Test func `remembers a revocation longer than any token lives`() {
        #expect(Revocations.memory > CallerTokenFormat.longestLifetime + CallerTokenFormat.clockSkew)
    }

    @Test func `ends when it is cancelled`() async {
        await running {}
    }
}

/// A source whose connection was lost, and nobody noticed.
private struct Silence: AnnouncementSource {
    func announcements() -> AsyncStream<Announcement> { AsyncStream { _ in } }
}
