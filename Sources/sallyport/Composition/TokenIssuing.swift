import Domain
import Edge
import Identity
import Proxy
import Sodium
import Store

/// What issues caller tokens: one for both listeners, so that they share what is known of keys and tenants.
struct TokenIssuing: Sendable {
    let authenticator: APIKeyAuthenticator
    let granting: CallerTokenGranting
}

extension Server {
    func tokenIssuing(issuer: String) throws(CommandFailure) -> TokenIssuing {
        let lifetime = installation.settings.duration("tokens.lifetime")
        guard lifetime >= CallerTokenFormat.shortestLifetime, lifetime <= CallerTokenFormat.longestLifetime else {
            throw CommandFailure(.configuration, "tokens.lifetime is 30s to 15m")
        }
        return TokenIssuing(
            authenticator: APIKeyAuthenticator(
                store: installation.stores.apiKeys, revocations: installation.revocations, clock: installation.clock),
            granting: CallerTokenGranting(
                issuer: CallerTokenIssuer(
                    issuer: issuer, keys: installation.signingKeys, clock: installation.clock, defaultLifetime: lifetime
                ),
                tenants: installation.stores.tenants, gate: installation.gate))
    }
}

/// The token endpoint as the data plane asks it: the layers know nothing of each other.
struct DataPlaneTokens: CallerTokenEndpoint {
    private let endpoint: TokenEndpoint

    init(_ issuing: TokenIssuing) {
        endpoint = TokenEndpoint(authenticator: issuing.authenticator, tokens: issuing.granting)
    }

    func answer(form: SecretBytes, authorization: SecretBytes?, requestID: String) async -> CallerTokenAnswer {
        let answer = await endpoint.answer(form: form, authorization: authorization, requestID: requestID)
        return CallerTokenAnswer(status: answer.status, headers: answer.headers, body: answer.body)
    }
}
