import Connections
import Domain
import Refresh
import Testing

@Suite("Deciding after a token endpoint refused or failed")
struct RefreshRulesTests {
    let rules = RefreshRules()

    private func decide(
        _ failure: TokenEndpointFailure, attempt: Int = 1, backsOffFor: StatusReason? = nil, isShared: Bool = false,
        random: UInt64 = 0
    ) -> RefreshDecision {
        rules.decide(
            failure, .init(attempt: attempt, backsOffFor: backsOffFor, isClientSecretShared: isShared), random: random)
    }

    @Test(arguments: [
        (TokenEndpointFailure.invalidClient, StatusReason.invalidClient), (.refused, .tokenEndpointRefused),
    ])
    func `a refusal that says why ends the connection at once`(
        _ failure: TokenEndpointFailure, _ reason: StatusReason
    ) {
        #expect(decide(failure) == .end(reason))
    }

    @Test func `a refusal without a reason ends it only when it comes again`() {
        #expect(decide(.refusedWithoutReason) == .backOff(.tokenEndpointRefused, .milliseconds(1_100)))
        #expect(
            decide(.refusedWithoutReason, attempt: 2, backsOffFor: .tokenEndpointRefused)
                == .end(.tokenEndpointRefused))
    }

    @Test(arguments: [StatusReason.tokenEndpointUnreachable, .rateLimited, .outcomeUnknown, nil])
    func `a refusal without a reason after a long outage is the first of its kind`(_ reason: StatusReason?) {
        guard case .backOff(.tokenEndpointRefused, _) = decide(.refusedWithoutReason, attempt: 9, backsOffFor: reason)
        else {
            Issue.record("it ended the connection")
            return
        }
    }

    @Test func `a refusal of the integration's own secret ends no connection`() {
        #expect(decide(.invalidClient, isShared: true) == .backOff(.invalidClient, .seconds(300)))
        #expect(decide(.refused, isShared: true) == .end(.tokenEndpointRefused))
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
            guard
                case .backOff(let reason, let wait) = decide(
                    failure, attempt: attempt, backsOffFor: .tokenEndpointRefused, random: .max)
            else {
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
