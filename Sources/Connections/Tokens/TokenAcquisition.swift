package import Catalogue
package import Domain
package import Grants
package import Sodium

/// What is traded for a token set.
package enum GrantInput: Sendable {
    case clientCredentials
    /// The refresh token of the last token set, or the first one that was entered.
    case refreshToken(SecretBytes)
}

/// A token set just granted, with its times.
package struct ObtainedToken: Sendable {
    /// Its refresh token is the one to keep: the new one, else the one that was sent. None with client credentials, whatever
    /// the server says: a new token can be had without (RFC 6749 §4.4.3).
    package let tokenSet: TokenSet
    /// When the request was sent: lifetimes count from there.
    package let obtainedAt: Timestamp
    package let times: TokenTimes
    /// Who granted it.
    package let endpoint: TokenEndpointKey
    /// The server says that it granted less than was asked for.
    package let isScopeMissing: Bool

    package init(
        tokenSet: TokenSet, obtainedAt: Timestamp, times: TokenTimes, endpoint: TokenEndpointKey, isScopeMissing: Bool
    ) {
        self.tokenSet = tokenSet
        self.obtainedAt = obtainedAt
        self.times = times
        self.endpoint = endpoint
        self.isScopeMissing = isScopeMissing
    }

    /// What is kept beside it in plain. A refresh token is held only where the next refresh sends it.
    package var facts: TokenSetFacts {
        TokenSetFacts(
            endpoint: endpoint, spendsRefreshToken: tokenSet.refreshToken != nil, isScopeMissing: isScopeMissing)
    }
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
    ///   - input: what ``Provider/grantInput`` asks for; another is `.misconfigured`.
    ///   - fields: plain fields of the connection.
    ///   - secrets: from ``SecretsReader``.
    ///   - timeout: of the whole exchange.
    /// - Throws: what the answer, or its absence, says. With a refresh token, only ``TokenEndpointFailure/isBeforeSending``
    ///   says that the token can't have been spent.
    package func obtain(
        for provider: Provider, with input: GrantInput, fields: [String: String], secrets: [String: SecretBytes],
        settings: IntegrationSettings, poolKey: String, timeout: Duration
    ) async throws(TokenEndpointFailure) -> ObtainedToken {
        let request: OutboundRequest
        do throws(InjectionError) {
            request = try provider.tokenRequest(
                refreshToken: input.refreshToken, fields: fields, secrets: secrets, settings: settings,
                poolKey: poolKey, timeout: timeout)
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
            let answered = try TokenEndpointAnswer.read(response, sentAt: sentAt)
            let kept = answered.keeping(refreshToken: input.refreshToken.map { answered.refreshToken ?? $0 })
            return ObtainedToken(
                tokenSet: kept, obtainedAt: sentAt,
                times: TokenTiming.times(of: kept, obtainedAt: sentAt, random: random.next()),
                endpoint: TokenEndpointKey(request.url),
                isScopeMissing: kept.lacksScope(of: provider.requestedScopes(settings)))
        } catch {
            throw TokenEndpointFailure(error)
        }
    }
}

extension GrantInput {
    fileprivate var refreshToken: SecretBytes? {
        switch self {
        case .clientCredentials: nil
        case .refreshToken(let token): token
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
            case .invalidGrant: self = .invalidGrant
            case .invalidRequest, .unauthorizedClient, .unsupportedGrantType, .invalidScope,
                .invalidTarget, .accessDenied, .useDPoPNonce, .other:
                self = .refused
            case .unspecified: self = .refusedWithoutReason
            }
        }
    }
}

extension TokenEndpointFailure {
    /// Whether nothing can have reached the token endpoint: what was to be sent is not spent.
    package var isBeforeSending: Bool {
        switch self {
        case .destinationRefused, .unresolvable, .unreachable, .tlsFailed, .timedOut, .overloaded, .misconfigured: true
        case .invalidClient, .invalidGrant, .refused, .refusedWithoutReason, .rateLimited, .serverError, .redirected,
            .malformed, .outcomeUnknown:
            false
        }
    }
}
