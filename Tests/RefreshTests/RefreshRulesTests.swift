import Connections
import Domain
import Refresh
import Testing

@Suite("Deciding after a token endpoint refused or failed")
struct RefreshRulesTests {
    let rules = RefreshRules()

    private func decide(
        _ failure: TokenEndpointFailure, attempt: Int = 1, lastError: StatusReason? = nil, isShared: Bool = false,
        isSuspect: Bool = false, random: UInt64 = 0
    ) -> RefreshDecision {
        rules.decide(
            failure,
            .init(
                attempt: attempt, lastError: lastError, isClientSecretShared: isShared, isClientSuspect: isSuspect),
            random: random)
    }

    private func decideOnGrant(
        _ failure: TokenEndpointFailure, lastError: StatusReason? = nil, followsUnresolved: Bool = false,
        isShared: Bool = false, isSuspect: Bool = false
    ) -> RefreshDecision {
        rules.decide(
            failure,
            .init(
                grant: .refreshToken, attempt: lastError == nil ? 1 : 2, lastError: lastError,
                followsUnresolved: followsUnresolved, isClientSecretShared: isShared, isClientSuspect: isSuspect),
            random: 0)
    }

    // MARK: Client credentials

    @Test(arguments: [
        (TokenEndpointFailure.invalidClient, StatusReason.invalidClient), (.refused, .tokenEndpointRefused),
        (.invalidGrant, .tokenEndpointRefused),
    ])
    func `a refusal that says why ends the connection at once`(
        _ failure: TokenEndpointFailure, _ reason: StatusReason
    ) {
        #expect(decide(failure) == .end(reason))
    }

    @Test func `a refusal without a reason ends it only when it comes again`() {
        #expect(decide(.refusedWithoutReason) == .backOff(.tokenEndpointRefused, .milliseconds(1_100)))
        #expect(
            decide(.refusedWithoutReason, attempt: 2, lastError: .tokenEndpointRefused) == .end(.tokenEndpointRefused))
    }

    @Test(arguments: [StatusReason.tokenEndpointUnreachable, .rateLimited, .outcomeUnknown, nil])
    func `a refusal without a reason after a long outage is the first of its kind`(_ reason: StatusReason?) {
        guard case .backOff(.tokenEndpointRefused, _) = decide(.refusedWithoutReason, attempt: 9, lastError: reason)
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
        (TokenEndpointFailure.invalidClient, StatusReason.invalidClient), (.refused, .tokenEndpointRefused),
        (.refusedWithoutReason, .tokenEndpointRefused),
    ])
    func `a refusal that meets one connection after the other ends none`(
        _ failure: TokenEndpointFailure, _ reason: StatusReason
    ) {
        for lastError in [nil, reason] {
            #expect(
                decide(failure, attempt: 2, lastError: lastError, isSuspect: true) == .backOff(reason, .seconds(300)))
        }
    }

    // MARK: Refresh tokens

    @Test func `invalid_grant ends a refresh token at once`() {
        #expect(decideOnGrant(.invalidGrant) == .end(.invalidGrant))
        for lastError in [StatusReason.tokenEndpointRefused, .rateLimited, .tokenEndpointUnreachable] {
            #expect(decideOnGrant(.invalidGrant, lastError: lastError) == .end(.invalidGrant))
        }
    }

    @Test func `invalid_grant ends a refresh token although the client is shared or suspect`() {
        #expect(decideOnGrant(.invalidGrant, isShared: true) == .end(.invalidGrant))
        #expect(decideOnGrant(.invalidGrant, isSuspect: true) == .end(.invalidGrant))
    }

    @Test func `invalid_grant after an answer that never came is told apart`() {
        #expect(decideOnGrant(.invalidGrant, lastError: .outcomeUnknown) == .end(.answerLost))
        #expect(decideOnGrant(.invalidGrant, followsUnresolved: true) == .end(.answerLost))
    }

    @Test(arguments: [
        (TokenEndpointFailure.refused, StatusReason.tokenEndpointRefused),
        (.refusedWithoutReason, .tokenEndpointRefused), (.invalidClient, .invalidClient),
    ])
    func `any other refusal ends a refresh token when it comes again`(
        _ failure: TokenEndpointFailure, _ reason: StatusReason
    ) {
        #expect(decideOnGrant(failure) == .backOff(reason, .milliseconds(1_100)))
        #expect(
            decideOnGrant(failure, lastError: .tokenEndpointUnreachable) == .backOff(reason, .seconds(2)),
            "what another failure came before is the first of its kind")
        #expect(decideOnGrant(failure, lastError: reason) == .end(reason))
        #expect(decideOnGrant(failure, lastError: reason, followsUnresolved: true) == .end(.answerLost))
    }

    @Test func `an answer that can't be read may have spent the refresh token`() {
        #expect(decideOnGrant(.malformed) == .backOff(.outcomeUnknown, .milliseconds(1_100)))
        #expect(decideOnGrant(.outcomeUnknown) == .backOff(.outcomeUnknown, .milliseconds(1_100)))
    }

    // MARK: Both

    @Test(arguments: [
        (TokenEndpointFailure.rateLimited(retryAfter: nil), StatusReason.rateLimited),
        (.serverError(retryAfter: nil), .tokenEndpointUnreachable), (.redirected, .tokenEndpointRefused),
        (.malformed, .tokenEndpointMalformed), (.destinationRefused, .tokenEndpointMisconfigured),
        (.unresolvable, .tokenEndpointMisconfigured), (.unreachable, .tokenEndpointUnreachable),
        (.tlsFailed, .tokenEndpointMisconfigured), (.timedOut, .tokenEndpointUnreachable),
        (.outcomeUnknown, .outcomeUnknown), (.overloaded, .tokenEndpointUnreachable),
        (.misconfigured, .tokenEndpointMisconfigured),
    ])
    func `everything else is tried again, however often it came`(
        _ failure: TokenEndpointFailure, _ expected: StatusReason
    ) {
        for attempt in [1, 2, 10, 1_000] {
            for grant in [RefreshRules.Grant.clientCredentials, .refreshToken] {
                let decision = rules.decide(
                    failure,
                    .init(
                        grant: grant, attempt: attempt, lastError: .tokenEndpointRefused, followsUnresolved: true,
                        isClientSecretShared: true),
                    random: .max)
                guard case .backOff(let reason, let wait) = decision else {
                    Issue.record("attempt \(attempt) ended it")
                    continue
                }
                let mayBeSpent = grant == .refreshToken && failure == .malformed
                #expect(reason == (mayBeSpent ? .outcomeUnknown : expected))
                #expect(wait > .seconds(1) && wait <= .seconds(300))
            }
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

    // MARK: Classes

    @Test(arguments: [
        (RefreshDecision.end(.invalidGrant), RefreshOutcomeClass.terminal), (.end(.answerLost), .terminal),
        (.backOff(.invalidClient, .zero), .configuration),
        (.backOff(.tokenEndpointMisconfigured, .zero), .configuration),
        (.backOff(.tokenEndpointRefused, .zero), .configuration), (.backOff(.rateLimited, .zero), .rateLimited),
        (.backOff(.outcomeUnknown, .zero), .outcomeUnknown),
        (.backOff(.tokenEndpointUnreachable, .zero), .transient),
        (.backOff(.tokenEndpointMalformed, .zero), .transient),
    ])
    func `each decision is of the class that says who acts`(
        _ decision: RefreshDecision, _ expected: RefreshOutcomeClass
    ) {
        #expect(RefreshOutcomeClass(decision) == expected)
    }
}
