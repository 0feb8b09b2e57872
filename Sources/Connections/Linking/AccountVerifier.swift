internal import Catalogue
internal import Domain
internal import Grants
internal import Sodium

/// Proves an account with a real call. Stores nothing.
struct AccountVerifier: Sendable {
    /// Longest wait for one answer, whatever the caller's deadline.
    private static let longestWait = Duration.seconds(10)

    let tokens: TokenAcquisition
    let outbound: any OutboundPort
    let clock: any DeadlineClock

    /// What an account is proved by.
    struct Account: Sendable {
        let provider: Provider
        let settings: IntegrationSettings
        let origin: Origin
        let fields: [String: String]
        /// With the integration's client secret, where it stands in.
        let secrets: [String: SecretBytes]
        /// Names tenant and connection, so that no connection to the peer is shared.
        let poolKey: String
    }

    /// Obtains a token first where the provider needs one, then calls with it. Not for refresh tokens: proving one spends it,
    /// and an answer that nobody has stored a place for would be lost; those are stored first and proved by the refresher.
    ///
    /// - Returns: the token obtained, nil where the provider needs none.
    func prove(
        _ account: Account, deadline: ContinuousClock.Instant
    ) async throws(VerificationFailure) -> ObtainedToken? {
        switch account.provider.grantInput {
        case .none:
            try await call(account, accessToken: nil, deadline: deadline)
            return nil
        case .refreshToken: throw .tokenEndpoint(.misconfigured)
        case .clientCredentials: break
        }
        guard let timeout = remaining(until: deadline) else { throw .tokenEndpoint(.timedOut) }
        let obtained: ObtainedToken
        do throws(TokenEndpointFailure) {
            obtained = try await tokens.obtain(
                for: account.provider, with: .clientCredentials, fields: account.fields, secrets: account.secrets,
                settings: account.settings, poolKey: account.poolKey, timeout: timeout)
        } catch {
            throw .tokenEndpoint(error)
        }
        try await call(account, accessToken: obtained.tokenSet.accessToken, deadline: deadline)
        return obtained
    }

    /// The verification call of the provider's entry.
    func call(
        _ account: Account, accessToken: SecretBytes?, deadline: ContinuousClock.Instant
    ) async throws(VerificationFailure) {
        guard let timeout = remaining(until: deadline) else { throw .timedOut }
        let request: OutboundRequest
        do throws(InjectionError) {
            request = try account.provider.verificationRequest(
                origin: account.origin, fields: account.fields, secrets: account.secrets, accessToken: accessToken,
                settings: account.settings, poolKey: account.poolKey, timeout: timeout)
        } catch {
            throw .unusableFields
        }
        let status: Int
        do throws(OutboundError) {
            status = try await outbound.send(request).status
        } catch {
            throw VerificationFailure(error)
        }
        switch account.provider.verification.outcome(of: status) {
        case .verified: return
        case .credentialRefused: throw .credentialRefused(status: status)
        case .unexpected: throw .unexpectedStatus(status)
        }
    }

    /// Nil once the deadline has passed.
    private func remaining(until deadline: ContinuousClock.Instant) -> Duration? {
        let left = deadline - clock.now
        return left > .zero ? min(left, Self.longestWait) : nil
    }
}

extension VerificationFailure {
    init(_ error: OutboundError) {
        switch error {
        case .invalidRequest: self = .unusableFields
        case .unresolvable: self = .unresolvable
        case .destinationRefused: self = .destinationRefused
        case .unreachable: self = .unreachable
        case .tlsFailed: self = .tlsFailed
        case .timedOutBeforeSending, .outcomeUnknown, .cancelled: self = .timedOut
        case .malformedResponse, .responseTooLarge: self = .unreadableAnswer
        case .overloaded: self = .overloaded
        }
    }
}
