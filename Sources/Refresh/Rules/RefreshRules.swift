package import Connections
package import Domain

/// What follows from a refusal or a fault of a token endpoint.
package enum RefreshDecision: Hashable, Sendable {
    /// Only linking or verifying again helps. Holds once the credential that was sent is still the stored one.
    case end(StatusReason)
    /// Nobody tries before this time has passed.
    case backOff(StatusReason, Duration)
}

/// The rules of refreshing, as a value: no clock, no network, no database.
package struct RefreshRules: Hashable, Sendable {
    /// Two requests within a second can be a server's 500, so that no wait is shorter than this.
    package var shortestWait = Duration.milliseconds(1_100)
    package var longestWait = Duration.seconds(300)
    /// Longest that a server's `Retry-After` is believed.
    package var longestRetryAfter = Duration.seconds(3_600)

    package init() {}

    /// What was traded.
    package enum Grant: Hashable, Sendable { case clientCredentials, refreshToken }

    /// What was sent, and what is known of the time before.
    package struct Circumstances: Hashable, Sendable {
        package var grant: Grant
        /// Since the last success, 1 for the first.
        package var attempt: Int
        /// Why the attempt before failed, of those since the last success.
        package var lastError: StatusReason?
        /// Nobody knows how an attempt before ended that sent the same refresh token.
        package var followsUnresolved: Bool
        /// The client secret was the integration's: no tenant can mend it, and all of its connections have it.
        package var isClientSecretShared: Bool
        /// The endpoint refuses one connection of the integration after the other: it, or the client, is at fault.
        package var isClientSuspect: Bool

        package init(
            grant: Grant = .clientCredentials, attempt: Int, lastError: StatusReason? = nil,
            followsUnresolved: Bool = false, isClientSecretShared: Bool = false, isClientSuspect: Bool = false
        ) {
            self.grant = grant
            self.attempt = attempt
            self.lastError = lastError
            self.followsUnresolved = followsUnresolved
            self.isClientSecretShared = isClientSecretShared
            self.isClientSuspect = isClientSuspect
        }

        /// The refresh token that was sent may have been spent by an attempt whose answer never came.
        var mayBeSpent: Bool { grant == .refreshToken && (followsUnresolved || lastError == .outcomeUnknown) }
    }

    /// - Parameter random: decides the jitter.
    package func decide(
        _ failure: TokenEndpointFailure, _ circumstances: Circumstances, random: UInt64
    ) -> RefreshDecision {
        let attempt = circumstances.attempt
        let wait = wait(attempt: attempt, retryAfter: nil, random: random)
        switch failure {
        case .invalidClient, .invalidGrant, .refused, .refusedWithoutReason:
            return refused(failure, circumstances, wait)
        case .rateLimited(let retryAfter):
            return .backOff(.rateLimited, self.wait(attempt: attempt, retryAfter: retryAfter, random: random))
        case .serverError(let retryAfter):
            return .backOff(
                .tokenEndpointUnreachable, self.wait(attempt: attempt, retryAfter: retryAfter, random: random))
        case .redirected:
            return .backOff(.tokenEndpointRefused, wait)
        case .malformed:
            // Granted, perhaps, and then it can't be read: the token that was sent may be spent.
            return .backOff(circumstances.grant == .refreshToken ? .outcomeUnknown : .tokenEndpointMalformed, wait)
        case .destinationRefused, .unresolvable, .tlsFailed:
            return .backOff(.tokenEndpointMisconfigured, wait)
        case .unreachable, .timedOut, .overloaded:
            return .backOff(.tokenEndpointUnreachable, wait)
        case .outcomeUnknown:
            return .backOff(.outcomeUnknown, wait)
        case .misconfigured:
            // An operator mends it; nothing is gained by trying often.
            return .backOff(.tokenEndpointMisconfigured, longestWait)
        }
    }

    /// A 4xx. On the refresh grant each but `invalid_grant` gets one careful repetition, because servers refuse a dead token
    /// with whatever code they like, and gateways in front of them with an empty 404.
    private func refused(
        _ failure: TokenEndpointFailure, _ circumstances: Circumstances, _ wait: Duration
    ) -> RefreshDecision {
        let isInvalidClient = failure == .invalidClient
        let reason: StatusReason = isInvalidClient ? .invalidClient : .tokenEndpointRefused
        if failure == .invalidGrant, circumstances.grant == .refreshToken {
            return .end(circumstances.mayBeSpent ? .answerLost : .invalidGrant)
        }
        // Linking again would mend nothing; an operator replaces the secret, and then every connection works.
        if isInvalidClient, circumstances.isClientSecretShared { return .backOff(reason, longestWait) }
        if circumstances.isClientSuspect { return .backOff(reason, longestWait) }
        let isExplained = failure != .refusedWithoutReason
        if circumstances.grant == .clientCredentials, isExplained { return .end(reason) }
        if circumstances.lastError == reason {
            return .end(circumstances.followsUnresolved ? .answerLost : reason)
        }
        return .backOff(reason, wait)
    }

    /// Doubles with each attempt from two seconds, half of it by chance; never less than what the server asked for.
    package func wait(attempt: Int, retryAfter: Duration?, random: UInt64) -> Duration {
        let doublings = min(max(attempt, 1), 16) - 1
        let ceiling = min(longestWait, .seconds(2) * (1 << doublings))
        let share = Double(random >> 11) / Double(1 << 53)
        let wait = max(shortestWait, ceiling / 2 + ceiling / 2 * share)
        guard let retryAfter else { return wait }
        return max(wait, min(retryAfter, longestRetryAfter))
    }
}

/// How refreshes end, by what an operator does about it: the label of the outcome metric.
package enum RefreshOutcomeClass: String, Sendable, CaseIterable {
    case success
    /// The grant is over: its owner links again.
    case terminal
    /// An operator mends the client, the address or the certificates.
    case configuration
    case rateLimited = "rate_limited"
    case transient
    case outcomeUnknown = "outcome_unknown"

    package init(_ decision: RefreshDecision) {
        switch decision {
        case .end: self = .terminal
        case .backOff(let reason, _):
            switch reason {
            case .invalidClient, .tokenEndpointMisconfigured, .tokenEndpointRefused: self = .configuration
            case .rateLimited: self = .rateLimited
            case .outcomeUnknown, .answerLost: self = .outcomeUnknown
            case .credentialRefused, .invalidGrant, .tokenEndpointUnreachable, .tokenEndpointMalformed, .byOperator,
                .attemptsExhausted:
                self = .transient
            }
        }
    }
}
