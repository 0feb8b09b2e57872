internal import Domain
internal import Sodium

/// The client of a token request: an API key, by HTTP Basic or in the body, never both (RFC 6749 §2.3).
struct ClientCredentials: Sendable {
    /// The key's id, where it was given; it must then be the key's own.
    let keyID: APIKeyID?
    let key: SecretBytes

    /// - Parameter authorization: the value of the header of that name.
    init(authorization: SecretBytes?, _ form: FormParameters) throws(TokenError) {
        guard let authorization else {
            try self.init(id: form.text("client_id"), secret: form.secret("client_secret"))
            return
        }
        guard form.secret("client_secret") == nil else {
            throw TokenError(.invalidRequest, "The client is authenticated in two ways.")
        }
        guard let pair = Self.basic(authorization), let (id, secret) = Self.split(pair) else {
            throw TokenError(.invalidClient)
        }
        try self.init(id: id.withBytes { $0.utf8String }, secret: secret)
    }

    private static let scheme = Array("basic".utf8)
    private static let maxEncodedBytes = 1_024

    /// What the Basic scheme carries; nil for another scheme (RFC 7617 §2; the scheme's name is case-insensitive).
    private static func basic(_ authorization: SecretBytes) -> SecretBytes? {
        authorization.withBytes { bytes in
            let start = scheme.count + 1
            guard bytes.byteCount >= start, bytes.byteCount <= start + maxEncodedBytes,
                scheme.indices.allSatisfy({ bytes[$0] | 0x20 == scheme[$0] }),
                bytes[scheme.count] == UInt8(ascii: " ")
            else { return nil }
            return Base64.decode(SecretBytes(copying: bytes.extracting(start..<bytes.byteCount)))
        }
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
