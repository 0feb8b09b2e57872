package import Domain
internal import Sodium

/// Verifies caller tokens (RFC 9068 §4, RFC 8725): synchronous, from memory alone, safe on every thread.
package final class CallerTokenVerifier: Sendable {
    private let issuer: String
    private let keys: SigningKeys
    private let revocations: Revocations

    package init(issuer: String, keys: SigningKeys, revocations: Revocations) {
        self.issuer = issuer
        self.keys = keys
        self.revocations = revocations
    }

    /// - Parameters:
    ///   - token: the whole token, as the caller sent it, at most ``CallerTokenFormat/maxBytes``.
    ///   - now: `exp`, `nbf` and `iat` may differ from it by ``CallerTokenFormat/clockSkew``.
    /// - Returns: who calls. Costs a signature check: keep it by the token's digest (``VerifiedTokenCache``).
    package func verify(_ token: [UInt8], now: Timestamp) throws(CallerTokenError) -> VerifiedCallerToken {
        let parts = try CallerTokenParts(token)
        let header = try CallerTokenHeader(parsing: parts.header)
        guard let key = keys.verificationKey(header.kid) else { throw .unknownKey }
        guard Ed25519.isValid(parts.signature, for: parts.signingInput, publicKey: key.publicKey) else {
            throw .badSignature
        }
        // Only now is the rest worth reading: nobody without a key gets this far.
        let claims = try CallerTokenClaims(parsing: parts.claims)
        guard claims.issuer == issuer else { throw .wrongIssuer }
        guard claims.environmentID == key.environmentID else { throw .wrongEnvironment }
        try checkTimes(claims, now: now)
        guard !revocations.isRevoked(claims.apiKeyID) else { throw .revoked }
        return VerifiedCallerToken(
            principal: Principal(
                identity: .callerToken(claims.jti, claims.apiKeyID), environmentID: claims.environmentID,
                tenantID: claims.tenantID, permissions: claims.scope, restriction: claims.restriction),
            expiresAt: Timestamp(seconds: claims.expiresAt), jti: claims.jti, apiKeyID: claims.apiKeyID,
            kid: header.kid)
    }

    /// Grows whenever a verified token may have ended before its time: ask ``stillHolds(_:)`` again.
    package var epoch: UInt64 { revocations.epoch.value }

    /// Whether neither the API key nor the signing key of a verified token has been withdrawn since.
    package func stillHolds(_ token: VerifiedCallerToken) -> Bool {
        !revocations.isRevoked(token.apiKeyID) && keys.verifies(token.kid)
    }

    private func checkTimes(_ claims: CallerTokenClaims, now: Timestamp) throws(CallerTokenError) {
        // Numbers that no token of ours can hold: they would overflow below.
        let possible: ClosedRange<Int64> = 0...253_402_300_799
        guard possible.contains(claims.issuedAt), possible.contains(claims.notBefore),
            possible.contains(claims.expiresAt), claims.expiresAt > claims.issuedAt,
            claims.expiresAt - claims.issuedAt <= CallerTokenFormat.longestLifetime.components.seconds
        else { throw .badClaims }
        let skew = CallerTokenFormat.clockSkew
        guard now < Timestamp(seconds: claims.expiresAt) + skew else { throw .expired }
        guard Timestamp(seconds: max(claims.notBefore, claims.issuedAt)) <= now + skew else { throw .notYetValid }
    }
}

/// The three parts of a JWS in compact form, decoded (RFC 7515 §7.1); nothing but canonical base64url.
private struct CallerTokenParts {
    let header: [UInt8]
    let claims: [UInt8]
    let signature: [UInt8]
    /// Header and claims with the dot between them, as they were sent.
    let signingInput: [UInt8]

    init(_ token: [UInt8]) throws(CallerTokenError) {
        guard token.count <= CallerTokenFormat.maxBytes else { throw .tooLarge }
        let parts = token.split(separator: UInt8(ascii: "."), maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Self.decode(parts[0]), let claims = Self.decode(parts[1]),
            let signature = Self.decode(parts[2]), signature.count == Ed25519.signatureLength
        else { throw .malformed }
        self.header = header
        self.claims = claims
        self.signature = signature
        self.signingInput = Array(token[..<parts[1].endIndex])
    }

    private static func decode(_ part: ArraySlice<UInt8>) -> [UInt8]? {
        // Bytes that are no UTF-8 become characters that are no base64url.
        part.isEmpty ? nil : Base64URL.decode(String(decoding: part, as: UTF8.self))
    }
}
