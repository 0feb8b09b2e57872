package import Catalogue
package import Domain
package import Grants
package import Sodium

/// A token set just granted, with its times.
package struct ObtainedToken: Sendable {
    package let tokenSet: TokenSet
    /// When the request was sent: lifetimes count from there.
    package let obtainedAt: Timestamp
    package let times: TokenTimes
}

/// Asks a token endpoint for a token, once. Knows nothing of leases and stores: whoever calls it sees to those.
package struct TokenAcquisition: Sendable {
    private let outbound: any OutboundPort
    private let wallClock: any WallClock
    private let random: any RandomSource

    package init(outbound: any OutboundPort, wallClock: any WallClock, random: any RandomSource) {
        self.outbound = outbound
        self.wallClock = wallClock
        self.random = random
    }

    /// - Parameters:
    ///   - fields: plain fields of the connection.
    ///   - secrets: from ``SecretsReader``.
    ///   - timeout: of the whole exchange.
    package func obtain(
        for provider: Provider, fields: [String: String], secrets: [String: SecretBytes],
        settings: IntegrationSettings, poolKey: String, timeout: Duration
    ) async throws(TokenEndpointFailure) -> ObtainedToken {
        let request: OutboundRequest
        do throws(InjectionError) {
            request = try provider.tokenRequest(
                fields: fields, secrets: secrets, settings: settings, poolKey: poolKey, timeout: timeout)
        } catch {
            throw .misconfigured
        }
        let sentAt = wallClock.now()
        let response: OutboundResponse
        do throws(OutboundError) {
            response = try await outbound.send(request)
        } catch {
            throw TokenEndpointFailure(error)
        }
        do throws(TokenEndpointError) {
            let tokenSet = try TokenEndpointAnswer.read(response, sentAt: sentAt)
            let times = TokenTiming.times(of: tokenSet, obtainedAt: sentAt, random: random.next())
            return ObtainedToken(tokenSet: tokenSet, obtainedAt: sentAt, times: times)
        } catch {
            throw TokenEndpointFailure(error)
        }
    }
}

extension TokenEndpointFailure {
    init(_ error: OutboundError) {
        switch error {
        case .invalidRequest: self = .misconfigured
        case .unresolvable: self = .unresolvable
        case .destinationRefused: self = .destinationRefused
        case .unreachable: self = .unreachable
        case .tlsFailed: self = .tlsFailed
        case .timedOutBeforeSending: self = .timedOut
        case .outcomeUnknown, .cancelled: self = .outcomeUnknown
        case .malformedResponse, .responseTooLarge: self = .malformed
        case .overloaded: self = .overloaded
        }
    }

    init(_ error: TokenEndpointError) {
        switch error {
        case .invalidClient: self = .invalidClient
        case .rateLimited(let retryAfter): self = .rateLimited(retryAfter: retryAfter)
        case .serverError(let retryAfter): self = .serverError(retryAfter: retryAfter)
        case .redirected: self = .redirected
        case .malformed: self = .malformed
        case .refused(let code):
            switch code {
            // An outage that is told with a 4xx.
            case .serverError, .temporarilyUnavailable: self = .serverError(retryAfter: nil)
            case .invalidClient: self = .invalidClient
            case .invalidRequest, .invalidGrant, .unauthorizedClient, .unsupportedGrantType, .invalidScope,
                .invalidTarget, .accessDenied, .useDPoPNonce, .other:
                self = .refused
            case .unspecified: self = .refusedWithoutReason
            }
        }
    }
}
