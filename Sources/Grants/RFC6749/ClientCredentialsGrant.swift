package import Domain
package import Sodium

/// The client credentials grant (RFC 6749 §4.4): a client trades its own id and secret for an access token.
package enum ClientCredentialsGrant {
    /// An answer of a token endpoint is small; what is larger is no token set.
    private static let maxBodyBytes = 256 * 1_024

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
        if !scopes.isEmpty { form.add("scope", scopes.joined(separator: " ")) }
        for parameter in extra { form.add(parameter.name, parameter.value) }
        var headers: [(name: String, value: OutboundRequest.HeaderValue)] = [
            ("content-type", .plain("application/x-www-form-urlencoded")),
            ("accept", .plain("application/json")),
            ("cache-control", .plain("no-store")),
        ]
        switch authentication {
        case .basic:
            headers.append(("authorization", .secret(basic(clientID, clientSecret, isEncoded: true))))
        case .rawBasic:
            headers.append(("authorization", .secret(basic(clientID, clientSecret, isEncoded: false))))
        case .body:
            form.add("client_id", clientID)
            form.add("client_secret", clientSecret)
        }
        return OutboundRequest(
            method: .post, url: tokenURL, headers: headers, body: form.finish(), destination: destination,
            poolKey: poolKey, trustedCertificates: trustedCertificates, timeout: timeout, maxBodyBytes: maxBodyBytes)
    }

    /// `Basic` and base64 of `id:secret`, each form-encoded first where the server follows RFC 6749 §2.3.1.
    private static func basic(_ clientID: String, _ clientSecret: SecretBytes, isEncoded: Bool) -> SecretBytes {
        var pair = SecretBuffer(minimumCapacity: clientID.utf8.count + clientSecret.count + 1)
        if isEncoded {
            for byte in clientID.utf8 { FormEncoding.append(byte, to: &pair) }
            pair.append(UInt8(ascii: ":"))
            FormEncoding.append(clientSecret, to: &pair)
        } else {
            pair.append(utf8: clientID)
            pair.append(UInt8(ascii: ":"))
            pair.append(clientSecret)
        }
        let encoded = Base64.encode(pair.finish())
        var value = SecretBuffer(minimumCapacity: encoded.count + 6)
        value.append(utf8: "Basic ")
        value.append(encoded)
        return value.finish()
    }
}
