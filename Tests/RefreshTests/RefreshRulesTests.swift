import Connections
import Domain
import Refresh
import Testing

@Suite("Deciding after a token endpoint refused or failed")
struct RefreshRulesTests {
    let rules = RefreshRules()

    @Test(arguments: [
        (TokenEndpointFailure.invalidClient, StatusReason.invalidClient), (.refused, .tokenEndpointRefused),
    ])
    func `a refusal that says why ends the connection at once`(
        _ failure: TokenEndpointFailure, _ reason: StatusReason
    ) {
        #expect(rules.decide(failure, attempt: 1, random: 0) == .end(reason))
    }

    @Test func `a refusal without a reason ends it only when it comes again`() {
        #expect(
            rules.decide(.refusedWithoutReason, attempt: 1, random: 0)
                == .backOff(.tokenEndpointRefused, .milliseconds(1_100)))
        #expect(rules.decide(.refusedWithoutReason, attempt: 2, random: 0) == .end(.tokenEndpointRefused))
    }

    @Test(arguments: [
        (TokenEndpointFailure.rateLimited(retryAfter: nil), StatusReason.rateLimited),
        (.serverError(retryAfter: nil), .tokenEndpointUnreachable), (.redirected, .tokenEndpointRefused),
        (.malformed, .tokenEndpointMalformed), (.destinationRefused, .tokenEndpointUnreachable),
        (.unresolvable, .tokenEndpointUnreachable), (.unreachable, .tokenEndpointUnreachable),
        (.tlsFailed, .tokenEndpointUnreachable), (.timedOut, .tokenEndpointUnreachable),
        (.outcomeUnknown, .outcomeUnknown), (.overloaded, .tokenEndpointUnreachable),
        (.misconfigured, .tokenEndpointRefused),
    ])
    func `everything else is tried again, however often it came`(
        _ failure: TokenEndpointFailure, _ expected: StatusReason
    ) {
        for attempt in [1, 2, 10, 1_000] {
            guard case .backOff(let reason, let wait) = rules.decide(failure, attempt: attempt, random: .max) else {
                Issue.record("attempt \(attempt) ended it")
                continue
            }
            #expect(reason == expected)
            #expect(wait > .seconds(1) && wait <= .seconds(300))
        }
    }

    @Test func `waits grow from over a second to five minutes, half of them by chance`() {
        for attempt in [Int.min, 0, 1, 2, 3, 8, 9, 20, Int.max] {
            let least = rules.wait(attempt: attempt, retryAfter: nil, random: 0)
            let most = rules.wait(attempt: attempt, retryAfter: nil, random: .max)
            #expect(least > .seconds(1))
            #expect(least < most && most <= .seconds(300))
        }
        #expect(rules.wait(attempt: 2, retryAfter: nil, random: 0) == .seconds(2))
        #expect(rules.wait(attempt: 9, retryAfter: nil, random: 0) == .seconds(150))
    }

    @Test func `Retry-After is honoured, and believed up to an hour`() {
        #expect(rules.wait(attempt: 1, retryAfter: .seconds(77), random: 0) == .seconds(77))
        #expect(rules.wait(attempt: 1, retryAfter: .zero, random: 0) == .milliseconds(1_100))
        #expect(rules.wait(attempt: 1, retryAfter: .seconds(999_999), random: 0) == .seconds(3_600))
        #expect(rules.wait(attempt: 9, retryAfter: .seconds(5), random: 0) == .seconds(150))
    }
}
