package import Domain
package import Sodium

/// The client credentials grant (RFC 6749 §4.4): a client trades its own id and secret for an access token.
package enum ClientCredentialsGrant {
    /// The request for a token, ready to be sent.
    ///
    /// Source: RFC 6749 §4.4.2, client authentication §2.3.1.
    /// Deviation: ``ClientAuthentication/rawBasic`` leaves out the form-encoding that §2.3.1 asks for.
    ///
    /// - Parameters:
    ///   - clientID: not secret; printable, checked when the account was linked.
    ///   - clientSecret: reaches secret memory alone; never a string.
    ///   - scopes: joined by spaces; empty leaves the parameter out, and the server grants its default.
    ///   - extra: further form parameters of the provider (`audience`, `resource`), in order.
    ///   - poolKey: names tenant and connection, so that no connection is shared between two of them.
    ///   - timeout: whole time of the exchange.
    package static func request(
        tokenURL: URLParts, clientID: String, clientSecret: SecretBytes, authentication: ClientAuthentication,
        scopes: [String], extra: [(name: String, value: String)] = [], destination: DestinationPolicy, poolKey: String,
        trustedCertificates: String? = nil, timeout: Duration = .seconds(10)
    ) -> OutboundRequest {
        var form = FormBody()
        form.add("grant_type", "client_credentials")
        return TokenRequest(
            tokenURL: tokenURL, clientID: clientID, clientSecret: clientSecret, authentication: authentication,
            destination: destination, poolKey: poolKey, trustedCertificates: trustedCertificates, timeout: timeout
        ).request(form, scopes: scopes, extra: extra)
    }
}
