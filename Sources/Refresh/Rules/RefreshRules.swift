package import Connections
package import Domain

/// What follows from a refusal or a fault of a token endpoint.
package enum RefreshDecision: Hashable, Sendable {
    /// Only linking or verifying again helps. Holds once the credential that was sent is still the stored one.
    case end(StatusReason)
    /// Nobody tries before this time has passed.
    case backOff(StatusReason, Duration)
}

/// The rules of refreshing with client credentials, as a value: no clock, no network, no database.
package struct RefreshRules: Hashable, Sendable {
    /// Two requests within a second can be a server's 500, so that no wait is shorter than this.
    package var shortestWait = Duration.milliseconds(1_100)
    package var longestWait = Duration.seconds(300)
    /// Longest that a server's `Retry-After` is believed.
    package var longestRetryAfter = Duration.seconds(3_600)

    package init() {}

    /// What was sent, and what is known of the time before.
    package struct Circumstances: Hashable, Sendable {
        /// Since the last success, 1 for the first.
        package var attempt: Int
        /// Why the connection backs off already; nil where it doesn't.
        package var backsOffFor: StatusReason?
        /// The client secret was the integration's: no tenant can mend it, and all of its connections have it.
        package var isClientSecretShared: Bool

        package init(attempt: Int, backsOffFor: StatusReason? = nil, isClientSecretShared: Bool = false) {
            self.attempt = attempt
            self.backsOffFor = backsOffFor
            self.isClientSecretShared = isClientSecretShared
        }
    }

    /// - Parameter random: decides the jitter.
    package func decide(
        _ failure: TokenEndpointFailure, _ circumstances: Circumstances, random: UInt64
    ) -> RefreshDecision {
        let attempt = circumstances.attempt
        let wait = wait(attempt: attempt, retryAfter: nil, random: random)
        switch failure {
        case .invalidClient:
            // Linking again would mend nothing; an operator replaces the secret, and then every connection works.
            return circumstances.isClientSecretShared ? .backOff(.invalidClient, longestWait) : .end(.invalidClient)
        case .refused:
            return .end(.tokenEndpointRefused)
        case .refusedWithoutReason:
            // Once is no verdict, however long the endpoint was away before: a gateway in front of it answers 404 while it
            // restarts. While a stored token is valid the connection doesn't back off, and nothing is ended.
            return circumstances.backsOffFor == .tokenEndpointRefused
                ? .end(.tokenEndpointRefused) : .backOff(.tokenEndpointRefused, wait)
        case .rateLimited(let retryAfter):
            return .backOff(.rateLimited, self.wait(attempt: attempt, retryAfter: retryAfter, random: random))
        case .serverError(let retryAfter):
            return .backOff(
                .tokenEndpointUnreachable, self.wait(attempt: attempt, retryAfter: retryAfter, random: random))
        case .redirected:
            return .backOff(.tokenEndpointRefused, wait)
        case .malformed:
            return .backOff(.tokenEndpointMalformed, wait)
        case .destinationRefused, .unresolvable, .unreachable, .tlsFailed, .timedOut, .overloaded:
            return .backOff(.tokenEndpointUnreachable, wait)
        case .outcomeUnknown:
            return .backOff(.outcomeUnknown, wait)
        case .misconfigured:
            // An operator mends it; nothing is gained by trying often.
            return .backOff(.tokenEndpointRefused, longestWait)
        }
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
