package import Domain
package import Sodium

/// The refresh of an access token (RFC 6749 §6): a client trades a refresh token for the next token set.
package enum RefreshTokenGrant {
    /// The request for the next token set, ready to be sent.
    ///
    /// Source: RFC 6749 §6, client authentication §2.3.1; rotation as in RFC 9700 §4.14.
    /// Deviation: ``ClientAuthentication/rawBasic`` leaves out the form-encoding that §2.3.1 asks for.
    ///
    /// - Parameters:
    ///   - clientID, clientSecret: as for ``ClientCredentialsGrant``.
    ///   - refreshToken: at most 8 KiB; reaches secret memory alone.
    ///   - scopes: what was granted or less; empty leaves the parameter out, and the server grants the same again.
    ///   - extra, poolKey, timeout: as for ``ClientCredentialsGrant``.
    /// - Important: with servers that rotate, this request spends the token, whether or not its answer arrives: it is sent once,
    ///   by whoever holds the connection's lease, and never repeated by a lower layer.
    package static func request(
        tokenURL: URLParts, clientID: String, clientSecret: SecretBytes, authentication: ClientAuthentication,
        refreshToken: SecretBytes, scopes: [String], extra: [(name: String, value: String)] = [],
        destination: DestinationPolicy, poolKey: String, trustedCertificates: String? = nil,
        timeout: Duration = .seconds(10)
    ) -> OutboundRequest {
        var form = FormBody(minimumCapacity: 256 + refreshToken.count)
        form.add("grant_type", "refresh_token")
        form.add("refresh_token", refreshToken)
        return TokenRequest(
            tokenURL: tokenURL, clientID: clientID, clientSecret: clientSecret, authentication: authentication,
            destination: destination, poolKey: poolKey, trustedCertificates: trustedCertificates, timeout: timeout
        ).request(form, scopes: scopes, extra: extra)
    }
}
