package import Domain
internal import Sodium

/// Issues caller tokens: JWT access tokens (RFC 9068), signed with EdDSA (RFC 8037), in JWS compact form (RFC 7515 §7.1).
package struct CallerTokenIssuer: Sendable {
    private let issuer: String
    private let keys: SigningKeys
    private let clock: any WallClock

    private let defaultLifetime: Duration

    /// - Parameters:
    ///   - issuer: exact `iss` of every token, the installation's issuer URL.
    ///   - defaultLifetime: for callers that name none; within the bounds of ``CallerTokenFormat``.
    package init(
        issuer: String, keys: SigningKeys, clock: any WallClock,
        defaultLifetime: Duration = CallerTokenFormat.defaultLifetime
    ) {
        self.issuer = issuer
        self.defaultLifetime = defaultLifetime
        self.keys = keys
        self.clock = clock
    }

    /// A token for one tenant, with at most what the key itself may do.
    ///
    /// Reads no database in the steady state, so it can't know whether a tenant exists: the caller checks. A token for a
    /// tenant that isn't there, or is another environment's, opens nothing.
    ///
    /// - Parameters:
    ///   - principal: an authenticated API key; whoever holds a caller token can't have another issued.
    ///   - permissions: nil for all that the key has and a caller token may carry.
    ///   - lifetime: whole seconds count; nil for the default.
    package func issue(
        for principal: Principal, tenant: TenantID, permissions: PermissionSet? = nil,
        restriction: CallerRestriction? = nil, lifetime: Duration? = nil
    ) async throws(CallerTokenIssueError) -> IssuedToken {
        guard case .apiKey(let apiKeyID) = principal.identity else { throw .notAnAPIKey }
        guard principal.tenantID == nil || principal.tenantID == tenant else { throw .tenantNotFound }
        let scope = try grantedScope(principal, permissions)
        if let restriction, !RestrictionRules.isValid(restriction) { throw .invalidRestriction }
        let seconds = try grantedSeconds(lifetime)
        let key: TrustedSigningKey
        do throws(SigningKeysError) {
            key = try await keys.signingKey(for: principal.environmentID)
        } catch {
            throw .signingKeyUnavailable
        }
        let now = clock.now().seconds
        let claims = CallerTokenClaims(
            issuer: issuer, apiKeyID: apiKeyID, environmentID: principal.environmentID, tenantID: tenant, scope: scope,
            restriction: restriction.flatMap { $0 == CallerRestriction() ? nil : $0 }, issuedAt: now, notBefore: now,
            expiresAt: now + seconds, jti: Base64URL.encode(Random.bytes(16)))
        var token = sign(claims, key)
        defer { token.wipe() }
        guard token.count <= CallerTokenFormat.maxBytes else { throw .invalidRestriction }
        return IssuedToken(
            text: SecretBytes(copying: token), expiresIn: .seconds(seconds), scope: scope, jti: claims.jti)
    }

    private func sign(_ claims: CallerTokenClaims, _ key: TrustedSigningKey) -> [UInt8] {
        var token = key.encodedHeader
        token.append(contentsOf: Base64URL.encode(claims.json).utf8)
        let signature = key.privateKey.sign(token)
        token.append(UInt8(ascii: "."))
        token.append(contentsOf: Base64URL.encode(signature).utf8)
        return token
    }

    private func grantedScope(
        _ principal: Principal, _ asked: PermissionSet?
    ) throws(CallerTokenIssueError) -> PermissionSet {
        let possible = principal.permissions.intersection(CallerTokenFormat.grantable)
        let scope = asked ?? possible
        guard !scope.isEmpty, scope.isSubset(of: possible) else { throw .invalidScope }
        return scope
    }

    private func grantedSeconds(_ lifetime: Duration?) throws(CallerTokenIssueError) -> Int64 {
        let lifetime = lifetime ?? defaultLifetime
        guard lifetime >= CallerTokenFormat.shortestLifetime, lifetime <= CallerTokenFormat.longestLifetime else {
            throw .invalidLifetime
        }
        return lifetime.components.seconds
    }
}
