/// How hard one instance may press on each token endpoint, and when it leaves one alone.
///
/// Values that make no sense are taken for the nearest that do; no limit can be switched off.
package struct EndpointLimits: Hashable, Sendable {
    /// Requests under way at one endpoint at the same time; at least 1.
    package var maxConcurrent = 64
    /// Requests that may begin in a second, on average; 0.001 to 1,000,000.
    package var perSecond = 200.0
    /// Requests that may begin at once after a pause; 1 to 1,000,000.
    package var burst = 200
    /// So many failures in a row that speak of the endpoint open its breaker; at least 1.
    package var failuresToOpen = 5
    /// So many connections in a row of one integration, refused without a reason of their own, make its client suspect.
    package var refusalsToSuspect = 5
    /// The first wait of an open breaker or a closed door lies between this and twice this.
    package var shortestOpen = Duration.seconds(1)
    /// No wait grows beyond this by itself.
    package var longestOpen = Duration.seconds(60)
    /// What a server asks for in `Retry-After` (RFC 9110 §10.2.3) is followed up to this.
    package var longestRetryAfter = Duration.seconds(3_600)
    /// Endpoints that are remembered at the same time.
    package var maxEndpoints = 16_384
    /// Callers that may wait at one endpoint.
    package var maxWaiters = 1_024
    /// Integrations whose refusals are remembered at one endpoint.
    package var maxSuspicions = 256

    package init() {}
}
