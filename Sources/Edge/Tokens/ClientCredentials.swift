internal import Domain
internal import Sodium

/// The client of a token request: an API key, by HTTP Basic or in the body, never both (RFC 6749 §2.3).
struct ClientCredentials: Sendable {
    /// The key's id, where it was given; it must then be the key's own.
    let keyID: APIKeyID?
    let key: SecretBytes

    init(authorization: String?, _ form: FormParameters) throws(TokenError) {
        guard let authorization else {
            try self.init(id: form.text("client_id"), secret: form.secret("client_secret"))
            return
        }
        guard form.secret("client_secret") == nil else {
            throw TokenError(.invalidRequest, "The client is authenticated in two ways.")
        }
        let parts = authorization.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].lowercased() == "basic", parts[1].utf8.count <= 1_024,
            let pair = Base64.decode(SecretBytes(utf8: String(parts[1]))), let (id, secret) = Self.split(pair)
        else { throw TokenError(.invalidClient) }
        try self.init(id: id.withBytes { $0.utf8String }, secret: secret)
    }

    private init(id: String?, secret: SecretBytes?) throws(TokenError) {
        guard let secret, secret.count > 0 else { throw TokenError(.invalidClient) }
        if let id {
            guard let keyID = APIKeyID(id) else { throw TokenError(.invalidClient) }
            self.keyID = keyID
        } else {
            keyID = nil
        }
        key = secret
    }

    /// Name and password, each form-encoded (RFC 6749 §2.3.1).
    private static func split(_ pair: SecretBytes) -> (SecretBytes, SecretBytes)? {
        pair.withBytes { bytes in
            guard let colon = (0..<bytes.byteCount).first(where: { bytes[$0] == UInt8(ascii: ":") }),
                let id = FormParameters.decode(bytes, 0..<colon),
                let secret = FormParameters.decode(bytes, (colon + 1)..<bytes.byteCount)
            else { return nil }
            return (id, secret)
        }
    }
}
