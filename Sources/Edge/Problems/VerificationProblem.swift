package import Connections

/// Why an account could not be verified: a stable code, a sentence for a person, and the status that the system answered.
package struct VerificationProblem: Hashable, Sendable {
    package let failure: String
    package let detail: String
    package let upstreamStatus: Int?

    package init(_ failure: VerificationFailure) {
        switch failure {
        case .credentialRefused(let status):
            self.init(
                "credential_refused", "The system refused the credential. Check user name, password or key.", status)
        case .destinationRefused:
            self.init(
                "destination_refused",
                "The host leads to an address that the integration does not allow (\"allowed_networks\").")
        case .unresolvable:
            self.init("unresolvable", "The host's name does not resolve. Check its spelling.")
        case .unreachable:
            self.init("unreachable", "The system can't be reached. Check host, port and firewall.")
        case .tlsFailed:
            self.init(
                "tls_failed",
                "The system's certificate is not accepted. Check its name and validity, or add its authority to \"trusted_certificates\"."
            )
        case .timedOut:
            self.init("timed_out", "The system did not answer in time.")
        case .unexpectedStatus(let status):
            self.init(
                "unexpected_status", "The system answered with another status than expected. Check host and path.",
                status)
        case .unreadableAnswer:
            self.init("unreadable_answer", "The system's answer is not readable HTTP, or too large.")
        case .overloaded:
            self.init("overloaded", "Too many requests are on their way out. Try again later.")
        case .unusableFields:
            self.init("unusable_fields", "The fields do not make a request. Check their values.")
        case .tokenEndpoint(let failure):
            self.init(failure)
        }
    }

    private init(_ failure: TokenEndpointFailure) {
        switch failure {
        case .invalidClient:
            self.init("token_invalid_client", "The token endpoint refused client id or secret.")
        case .invalidGrant:
            self.init(
                "token_invalid_grant",
                "The token endpoint no longer takes the refresh token: it was used, revoked, or has expired.")
        case .refused:
            self.init("token_refused", "The token endpoint refused the request. Check scopes and grant.")
        case .refusedWithoutReason:
            self.init("token_refused_without_reason", "The token endpoint refused the request and gave no reason.")
        case .rateLimited:
            self.init("token_rate_limited", "The token endpoint is limiting requests. Try again later.")
        case .serverError:
            self.init("token_server_error", "The token endpoint answered with a fault of its own. Try again later.")
        case .redirected:
            self.init("token_redirected", "The token endpoint answered with a redirect. Set the final \"token_url\".")
        case .malformed:
            self.init("token_malformed", "The token endpoint's answer is not a token answer. Check \"token_url\".")
        case .destinationRefused:
            self.init(
                "token_destination_refused",
                "The token endpoint leads to an address that the integration does not allow (\"allowed_networks\").")
        case .unresolvable:
            self.init("token_unresolvable", "The token endpoint's host does not resolve. Check \"token_url\".")
        case .unreachable:
            self.init("token_unreachable", "The token endpoint can't be reached.")
        case .tlsFailed:
            self.init("token_tls_failed", "The token endpoint's certificate is not accepted.")
        case .timedOut:
            self.init("token_timed_out", "The token endpoint did not answer in time.")
        case .outcomeUnknown:
            self.init("token_outcome_unknown", "The token endpoint's answer was lost. Try again.")
        case .overloaded:
            self.init("token_overloaded", "Too many requests are on their way out. Try again later.")
        case .misconfigured:
            self.init("token_misconfigured", "The integration's settings do not make a token request. Check them.")
        }
    }

    private init(_ failure: String, _ detail: String, _ upstreamStatus: Int? = nil) {
        self.failure = failure
        self.detail = detail
        self.upstreamStatus = upstreamStatus
    }
}
