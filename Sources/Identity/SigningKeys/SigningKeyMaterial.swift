internal import Domain
internal import Sodium
internal import StrictJSON
internal import Vault

/// How a signing key is made, named and sealed.
enum SigningKeyMaterial {
    static func privateKey(_ seed: SecretBytes) throws(SigningKeysError) -> Ed25519.PrivateKey {
        do throws(SodiumError) {
            return try Ed25519.PrivateKey(seed: seed)
        } catch {
            throw .seedRefused
        }
    }

    /// RFC 7638 §3 over the members that RFC 8037 §2 requires: `crv`, `kty`, `x`.
    static func thumbprint(_ publicKey: [UInt8]) -> String {
        let text = #"{"crv":"Ed25519","kty":"OKP","x":""# + Base64URL.encode(publicKey) + #""}"#
        return Base64URL.encode(SHA256.hash(Array(text.utf8)))
    }

    /// Where the seed belongs: it opens for this environment, `kid` and start alone.
    static func place(_ environment: EnvironmentID, kid: String, notBefore: Timestamp) -> AAD {
        .signingKey(
            environment: environment, kid: kid, algorithm: CallerTokenFormat.algorithm, notBefore: notBefore)
    }
}

/// A JWK set of Ed25519 public keys (RFC 7517 §5, RFC 8037 §2).
enum JWKSet {
    static func json(_ keys: [TrustedSigningKey]) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("keys")
        writer.beginArray()
        for key in keys {
            writer.beginObject()
            writer.member("kty", "OKP")
            writer.member("crv", "Ed25519")
            writer.member("x", Base64URL.encode(key.publicKey))
            writer.member("kid", key.kid)
            writer.member("use", "sig")
            writer.member("alg", CallerTokenFormat.algorithm)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }
}
