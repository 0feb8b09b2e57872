internal import Connections
internal import Domain
internal import Grants

// Between what a token endpoint granted and what is kept of it until the database has it.
extension SpooledAnswer {
    /// - Parameters:
    ///   - stored: as it was read under the lease.
    init(
        _ obtained: ObtainedToken, of stored: StoredConnection, under lease: Lease, auditEventID: AuditEventID
    ) {
        let facts = obtained.facts
        self.init(
            connectionID: lease.connectionID, scope: lease.scope, owner: lease.owner, fence: lease.fence,
            attempt: lease.attempt, recordVersion: stored.tokenSetVersion + 1,
            accessToken: obtained.tokenSet.accessToken, tokenType: obtained.tokenSet.tokenType,
            refreshToken: obtained.tokenSet.refreshToken,
            obtainedAt: obtained.obtainedAt, expiresAt: obtained.times.expiresAt,
            refreshDueAt: obtained.times.refreshDueAt, endpoint: facts.endpoint,
            spendsRefreshToken: facts.spendsRefreshToken, isScopeMissing: facts.isScopeMissing,
            auditEventID: auditEventID, credentialVersion: stored.entered?.recordVersion)
    }

    /// As it is sealed. What the times were made of is no longer in it.
    var obtained: ObtainedToken {
        ObtainedToken(
            tokenSet: TokenSet(
                accessToken: accessToken, tokenType: tokenType, expiresIn: expiresAt.map { $0 - obtainedAt },
                expiresAt: expiresAt, refreshToken: refreshToken, refreshTokenExpiresIn: nil, scope: nil),
            obtainedAt: obtainedAt, times: times, endpoint: endpoint, isScopeMissing: isScopeMissing)
    }
}
