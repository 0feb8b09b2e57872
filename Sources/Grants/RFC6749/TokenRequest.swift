internal import Domain
internal import Sodium

/// What the requests of all grants at a token endpoint have in common (RFC 6749 §3.2): headers, client authentication, form.
struct TokenRequest {
    /// An answer of a token endpoint is small; what is larger is no token set.
    private static let maxBodyBytes = 256 * 1_024

    let tokenURL: URLParts
    let clientID: String
    let clientSecret: SecretBytes
    let authentication: ClientAuthentication
    let destination: DestinationPolicy
    let poolKey: String
    let trustedCertificates: String?
    let timeout: Duration

    /// - Parameters:
    ///   - form: begins with the grant; scope, further parameters and, where it belongs there, client authentication follow.
    ///   - scopes: joined by spaces; empty leaves the parameter out.
    func request(
        _ form: consuming FormBody, scopes: [String], extra: [(name: String, value: String)]
    ) -> OutboundRequest {
        if !scopes.isEmpty { form.add("scope", scopes.joined(separator: " ")) }
        for parameter in extra { form.add(parameter.name, parameter.value) }
        var headers: [(name: String, value: OutboundRequest.HeaderValue)] = [
            ("content-type", .plain("application/x-www-form-urlencoded")),
            ("accept", .plain("application/json")),
            ("cache-control", .plain("no-store")),
        ]
        switch authentication {
        case .basic:
            headers.append(("authorization", .secret(basic(isEncoded: true))))
        case .rawBasic:
            headers.append(("authorization", .secret(basic(isEncoded: false))))
        case .body:
            form.add("client_id", clientID)
            form.add("client_secret", clientSecret)
        }
        return OutboundRequest(
            method: .post, url: tokenURL, headers: headers, body: form.finish(), destination: destination,
            poolKey: poolKey, trustedCertificates: trustedCertificates, timeout: timeout,
            maxBodyBytes: Self.maxBodyBytes)
    }

    /// `Basic` and base64 of `id:secret`, each form-encoded first where the server follows RFC 6749 §2.3.1.
    private func basic(isEncoded: Bool) -> SecretBytes {
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
