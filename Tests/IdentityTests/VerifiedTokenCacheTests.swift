import Connections
import Domain
import Identity
import Sodium
import TestSupport
import Testing

@Suite("The cache of verified caller tokens")
struct VerifiedTokenCacheTests {
    private let world: IdentityWorld

    init() async throws { world = try await IdentityWorld() }

    private func entry(_ number: Int, expiresIn: Duration = .seconds(300)) -> (Digest32, VerifiedCallerToken) {
        let token = VerifiedCallerToken(
            principal: world.base.principal(), expiresAt: world.now + expiresIn, jti: "\(number)",
            apiKeyID: world.apiKeyID, kid: world.own.kid)
        return (SHA256.digest(utf8: "\(number)"), token)
    }

    @Test func `finds what was put in, by the digest of the token alone`() async throws {
        let cache = VerifiedTokenCache(verifier: world.verifier)
        let text = try await world.issue()
        let token = try world.verify(text)
        cache.insert(token, for: SHA256.digest(text), now: world.now)
        #expect(cache.token(SHA256.digest(text), now: world.now) === token)
        var other = text
        other[other.count - 1] ^= 1
        #expect(cache.token(SHA256.digest(other), now: world.now) == nil)
    }

    @Test func `never outlives exp`() {
        let cache = VerifiedTokenCache(verifier: world.verifier)
        let (digest, token) = entry(1, expiresIn: .seconds(60))
        cache.insert(token, for: digest, now: world.now)
        let exp = token.expiresAt
        #expect(cache.token(digest, now: exp - .microseconds(1)) === token)
        #expect(cache.token(digest, now: exp) == nil)
        #expect(cache.count == 0)
        // Not brought back by a clock that goes back.
        #expect(cache.token(digest, now: exp - .seconds(30)) == nil)
    }

    @Test func `keeps nothing that has expired already`() {
        let cache = VerifiedTokenCache(verifier: world.verifier)
        let (digest, token) = entry(1, expiresIn: .zero)
        cache.insert(token, for: digest, now: world.now)
        #expect(cache.count == 0)
    }

    @Test func `is bounded, and lets the least recently used one go`() {
        let cache = VerifiedTokenCache(verifier: world.verifier, capacity: 3)
        let entries = (0..<4).map { entry($0) }
        for (digest, token) in entries[..<3] { cache.insert(token, for: digest, now: world.now) }
        #expect(cache.token(entries[0].0, now: world.now) != nil)
        cache.insert(entries[3].1, for: entries[3].0, now: world.now)
        #expect(cache.count == 3)
        #expect(cache.token(entries[1].0, now: world.now) == nil)
        for index in [0, 2, 3] { #expect(cache.token(entries[index].0, now: world.now) === entries[index].1) }
    }

    @Test func `replaces an entry of the same digest`() {
        let cache = VerifiedTokenCache(verifier: world.verifier, capacity: 2)
        let (digest, first) = entry(1)
        let second = entry(1).1
        cache.insert(first, for: digest, now: world.now)
        cache.insert(second, for: digest, now: world.now)
        #expect(cache.count == 1)
        #expect(cache.token(digest, now: world.now) === second)
    }

    @Test(arguments: [1, 2, 7, 64])
    func `agrees with a plain list under any order of use`(_ capacity: Int) {
        let cache = VerifiedTokenCache(verifier: world.verifier, capacity: capacity)
        let entries = (0..<100).map { entry($0, expiresIn: .seconds($0 % 5 == 0 ? 10 : 300)) }
        var model: [Int] = []
        var random = SystemRandomNumberGenerator()
        for step in 0..<20_000 {
            let number = Int.random(in: 0..<100, using: &random)
            let now = world.now + .seconds(step < 10_000 ? 0 : 20)
            let (digest, token) = entries[number]
            let isLive = now < token.expiresAt
            if Bool.random(using: &random) {
                let found = cache.token(digest, now: now)
                let expected = model.contains(number) && isLive
                if (found != nil) != expected { Issue.record("step \(step): look-up of \(number)") }
                model.removeAll { $0 == number }
                if expected { model.append(number) }
            } else if isLive {
                cache.insert(token, for: digest, now: now)
                model.removeAll { $0 == number }
                if model.count >= capacity { model.removeFirst() }
                model.append(number)
            }
            if cache.count != model.count { Issue.record("step \(step): \(cache.count), not \(model.count)") }
        }
    }

    @Test func `drops the tokens of a revoked API key with the next look-up, and no others`() async throws {
        let cache = VerifiedTokenCache(verifier: world.verifier)
        let (digest, token) = entry(1)
        let other = VerifiedCallerToken(
            principal: world.base.principal(), expiresAt: token.expiresAt, jti: "2",
            apiKeyID: APIKeyID(high: 3, low: 4), kid: world.own.kid)
        let otherDigest = SHA256.digest(utf8: "2")
        cache.insert(token, for: digest, now: world.now)
        cache.insert(other, for: otherDigest, now: world.now)
        let revocations = world.revocations
        let service = Task { await revocations.run() }
        // Ended below.
        await world.base.clock.waitForSleepers(1)
        world.base.database.announce(.apiKeyRevoked(world.apiKeyID))
        let key = world.apiKeyID
        await Waiting.until { revocations.isRevoked(key) }
        let epoch = world.epoch
        await Waiting.until { epoch.value > 0 }
        #expect(cache.token(digest, now: world.now) == nil)
        #expect(cache.token(otherDigest, now: world.now) === other)
        #expect(cache.count == 1)
        service.cancel()
        await service.value
    }

    @Test func `drops the tokens of a withdrawn signing key`() async throws {
        let cache = VerifiedTokenCache(verifier: world.verifier)
        let (digest, token) = entry(1)
        cache.insert(token, for: digest, now: world.now)
        world.signingStore.remove(world.own.kid)
        try await world.keys.reload()
        #expect(cache.token(digest, now: world.now) == nil)
    }

    @Test func `is empty after it was emptied, and works on`() {
        let cache = VerifiedTokenCache(verifier: world.verifier, capacity: 4)
        for number in 0..<4 { cache.insert(entry(number).1, for: entry(number).0, now: world.now) }
        cache.removeAll()
        #expect(cache.count == 0)
        let (digest, token) = entry(9)
        cache.insert(token, for: digest, now: world.now)
        #expect(cache.token(digest, now: world.now) === token)
    }
}
