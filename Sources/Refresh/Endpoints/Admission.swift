package import Domain
internal import Synchronization

/// For whom an attempt is made.
package enum AdmissionPurpose: Hashable, Sendable {
    /// Due work: leaves a fifth of places and pace to callers.
    case scheduled
    /// Somebody waits for the token.
    case caller
}

/// Whether a request may go to a token endpoint now.
package enum Admission: Sendable {
    /// It may; the permit is given back by ``TokenEndpoints/report(_:_:)``.
    case admitted(EndpointPermit)
    /// All places are taken or the pace doesn't allow it: try again at that instant, or (nil) when a place is given back.
    case busy(until: ContinuousClock.Instant?)
    /// The endpoint, or the integration's client at it, is left alone: nobody gains by waiting here. While a probe is
    /// under way the instant is a guess.
    case blocked(StatusReason, until: ContinuousClock.Instant)
}

/// The right to send one request to a token endpoint, held from its admission to its report.
///
/// Given back exactly once: the first report counts, later ones do nothing. A permit that everybody lets go of without a
/// report gives itself back as ``EndpointOutcome/notSent``, so that no place and no probe is ever lost.
package struct EndpointPermit: Sendable {
    package let endpoint: TokenEndpointKey
    let ticket: Ticket

    /// One for each permit, however often that is copied.
    final class Ticket: Sendable {
        let id: UInt64
        private let endpoint: TokenEndpointKey
        private let endpoints: TokenEndpoints
        private let isSpent = Atomic<Bool>(false)

        init(id: UInt64, endpoint: TokenEndpointKey, endpoints: TokenEndpoints) {
            self.id = id
            self.endpoint = endpoint
            self.endpoints = endpoints
        }

        /// True for the first who asks.
        func spend() -> Bool { isSpent.exchange(true, ordering: .acquiringAndReleasing) == false }

        deinit {
            if spend() { endpoints.settle(id, of: endpoint, .notSent) }
        }
    }
}

/// How an attempt ended, as far as it concerns endpoint and client.
package enum EndpointOutcome: Hashable, Sendable {
    case succeeded
    /// This one grant or credential was refused, with a code that says so: the endpoint works. Also a refused client that is
    /// the connection's own.
    case grantRefused
    /// Refused without an error code: it may be the grant, the client, or a gateway in front of the server.
    case refusedWithoutReason(ConnectionID)
    /// `invalid_client`, for the client that the integration's connections share.
    case clientRefused(ConnectionID)
    /// 429, with the `Retry-After` that came with it.
    case rateLimited(Duration?)
    /// Speaks of the endpoint: unreachable, timed out, TLS, 5xx, malformed; with the `Retry-After` that came with it.
    case failed(StatusReason, retryAfter: Duration?)
    /// No byte was sent: place and pace are given back, and nothing is concluded.
    case notSent
}

/// What an endpoint is doing, for metrics and operators.
package struct EndpointSnapshot: Hashable, Sendable {
    package enum State: String, Hashable, Sendable, CaseIterable {
        case closed
        /// The breaker keeps requests away.
        case open
        /// One probe is awaited or under way.
        case halfOpen = "half_open"
        /// The server said 429.
        case rateLimited = "rate_limited"
        /// At least one integration's client is suspect; the others pass.
        case suspect
    }

    package let endpoint: TokenEndpointKey
    package let state: State
    package let inFlight: Int
    /// Callers in line.
    package let waiting: Int
    /// On the steady clock; nil where nothing is held back for a time.
    package let blockedUntil: ContinuousClock.Instant?
    package let consecutiveFailures: Int
}
