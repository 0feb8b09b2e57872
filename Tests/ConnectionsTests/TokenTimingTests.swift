import Connections
import Domain
import Grants
import Sodium
import Testing
import TestSupport

@Suite("When the next token is due")
struct TokenTimingTests {
    private static let sentAt = Timestamp(seconds: 1_795_000_000)

    private func set(
        _ lifetime: Duration?, refreshToken: Bool = false, refreshLifetime: Duration? = nil
    ) -> TokenSet {
        TokenSet(
            accessToken: SecretBytes(utf8: "t"), tokenType: "Bearer", expiresIn: lifetime,
            expiresAt: lifetime.map { Self.sentAt + $0 }, refreshToken: refreshToken ? SecretBytes(utf8: "r") : nil,
            refreshTokenExpiresIn: refreshLifetime, scope: nil)
    }

    private func wait(_ tokenSet: TokenSet, _ random: UInt64) -> Duration? {
        TokenTiming.times(of: tokenSet, obtainedAt: Self.sentAt, random: random).refreshDueAt.map { $0 - Self.sentAt }
    }

    /// Lifetimes from a second to ten years, and chance from end to end.
    private static let lifetimes = [1, 2, 5, 6, 10, 20, 30, 60, 300, 600, 3_600, 86_400, 10 * 366 * 86_400]
    private static let chances = [0, 1, UInt64.max / 3, UInt64.max / 2, UInt64.max - 1, UInt64.max]

    @Test(arguments: lifetimes)
    func `lies ahead of the expiry by a tenth of the lifetime at most, and by half as much more by chance`(
        _ seconds: Int
    ) throws {
        let lifetime = Duration.seconds(seconds)
        let margin = min(.seconds(300), lifetime / 10)
        for random in Self.chances {
            let due = try #require(wait(set(lifetime), random))
            #expect(due <= max(lifetime - margin, TokenTiming.shortestRest * 1.5))
            #expect(due >= lifetime - margin * 1.5 - .microseconds(1))
            #expect(due >= TokenTiming.shortestRest, "a server of short tokens is not asked in a loop")
        }
    }

    @Test func `for tokens of more than twenty seconds lies before the moment in which callers would notice`() throws {
        for seconds in Self.lifetimes where seconds > 20 {
            for random in Self.chances {
                let due = try #require(wait(set(.seconds(seconds)), random))
                let renewal = try #require(
                    TokenTiming.renewalAt(obtainedAt: Self.sentAt, expiresAt: Self.sentAt + .seconds(seconds)))
                #expect(Self.sentAt + due <= renewal)
            }
        }
    }

    @Test func `never lies further than half of the refresh token's own life`() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2_000 {
            let access: Duration? = Bool.random() ? .seconds(Int.random(in: 1...100_000)) : nil
            let refresh = Duration.seconds(Int.random(in: 60...10_000_000))
            let chance = random.next()
            let due = try #require(wait(set(access, refreshToken: true, refreshLifetime: refresh), chance))
            #expect(due <= refresh / 2)
            #expect(due >= min(TokenTiming.shortestRest, refresh / 2))
            if let access { #expect(due <= max(access, TokenTiming.shortestRest * 1.5)) }
        }
    }

    @Test func `is early for a refresh token that dies before its access token`() throws {
        let due = try #require(wait(set(.seconds(86_400), refreshToken: true, refreshLifetime: .seconds(1_800)), 0))
        #expect(due == .seconds(900))
    }

    @Test func `keeps a refresh token alive whose life nobody knows`() throws {
        for random in Self.chances {
            let due = try #require(wait(set(nil, refreshToken: true), random))
            #expect(due <= .seconds(86_400) && due >= .seconds(77_760) - .microseconds(1))
        }
    }

    @Test func `is never where nothing expires and nothing dies unused`() {
        for random in Self.chances {
            #expect(wait(set(nil), random) == nil)
            #expect(wait(set(nil, refreshLifetime: .seconds(60)), random) == nil, "there is no refresh token")
        }
    }

    @Test func `spreads what was obtained together`() throws {
        for tokenSet in [
            set(.seconds(300)), set(.seconds(3_600)), set(.seconds(1)), set(nil, refreshToken: true),
            set(nil, refreshToken: true, refreshLifetime: .seconds(3_600)),
        ] {
            var random = SystemRandomNumberGenerator()
            var seen: Set<Duration> = []
            for _ in 0..<200 { seen.insert(try #require(wait(tokenSet, random.next()))) }
            #expect(seen.count > 150)
        }
    }

    @Test func `a storm of short tokens is bounded`() throws {
        var elapsed = Duration.zero
        var refreshes = 0
        while elapsed < .seconds(3_600) {
            elapsed += try #require(wait(set(.seconds(1)), UInt64.random(in: 0...UInt64.max)))
            refreshes += 1
        }
        #expect(refreshes <= 720)
    }
}
