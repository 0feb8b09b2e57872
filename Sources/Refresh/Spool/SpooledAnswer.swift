package import Domain
package import Sodium
internal import Vault

/// An answer of a token endpoint that can't be had again, with all that its write to the database needs.
package struct SpooledAnswer: Sendable {
    package let connectionID: ConnectionID
    package let scope: TenantScope
    /// Owner, fence and attempt of the lease that it was obtained under.
    package let owner: InstanceID
    package let fence: Int64
    package let attempt: Int
    /// That the token set is to have: the stored one plus one.
    package let recordVersion: Int64
    package let accessToken: SecretBytes
    package let tokenType: String
    /// The one to keep.
    package let refreshToken: SecretBytes?
    /// When the request was sent.
    package let obtainedAt: Timestamp
    package let expiresAt: Timestamp?
    package let refreshDueAt: Timestamp?
    package let endpoint: TokenEndpointKey
    package let spendsRefreshToken: Bool
    package let isScopeMissing: Bool
    /// Of the event that records the refresh: the same at each try, so that none is recorded twice.
    package let auditEventID: AuditEventID
    /// Record version of the entered credential that it was obtained for; nil in what an older version wrote.
    package let credentialVersion: Int64?

    package init(
        connectionID: ConnectionID, scope: TenantScope, owner: InstanceID, fence: Int64, attempt: Int,
        recordVersion: Int64, accessToken: SecretBytes, tokenType: String, refreshToken: SecretBytes?,
        obtainedAt: Timestamp, expiresAt: Timestamp?, refreshDueAt: Timestamp?, endpoint: TokenEndpointKey,
        spendsRefreshToken: Bool, isScopeMissing: Bool, auditEventID: AuditEventID, credentialVersion: Int64?
    ) {
        self.connectionID = connectionID
        self.scope = scope
        self.owner = owner
        self.fence = fence
        self.attempt = attempt
        self.recordVersion = recordVersion
        self.accessToken = accessToken
        self.tokenType = tokenType
        self.refreshToken = refreshToken
        self.obtainedAt = obtainedAt
        self.expiresAt = expiresAt
        self.refreshDueAt = refreshDueAt
        self.endpoint = endpoint
        self.spendsRefreshToken = spendsRefreshToken
        self.isScopeMissing = isScopeMissing
        self.auditEventID = auditEventID
        self.credentialVersion = credentialVersion
    }
}

extension SpooledAnswer: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "<redacted>" }
    package var debugDescription: String { "<redacted>" }
    package var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}

// MARK: As bytes

extension SpooledAnswer {
    private enum Name {
        static let connection = "connection"
        static let environment = "environment"
        static let tenant = "tenant"
        static let owner = "owner"
        static let fence = "fence"
        static let attempt = "attempt"
        static let recordVersion = "record_version"
        static let accessToken = "access_token"
        static let tokenType = "token_type"
        static let refreshToken = "refresh_token"
        static let obtainedAt = "obtained_at"
        static let expiresAt = "expires_at"
        static let refreshDueAt = "refresh_due_at"
        static let endpoint = "endpoint"
        static let spendsRefreshToken = "spends_refresh_token"
        static let isScopeMissing = "is_scope_missing"
        static let auditEvent = "audit_event"
        static let credentialVersion = "credential_version"
    }

    /// The plaintext of its record, as ``SecretFields``.
    func encoded() -> SecretBytes {
        func number(_ value: Int64) -> SecretBytes { SecretBytes(copying: BigEndian.bytes(value)) }
        func id<Kind>(_ id: EntityID<Kind>) -> SecretBytes { SecretBytes(copying: id.bytes) }
        var fields: [(name: String, value: SecretBytes)] = [
            (Name.connection, id(connectionID)),
            (Name.environment, id(scope.environmentID)),
            (Name.tenant, id(scope.tenantID)),
            (Name.owner, id(owner)),
            (Name.fence, number(fence)),
            (Name.attempt, number(Int64(attempt))),
            (Name.recordVersion, number(recordVersion)),
            (Name.accessToken, accessToken),
            (Name.tokenType, SecretBytes(utf8: tokenType)),
            (Name.obtainedAt, number(obtainedAt.microseconds)),
            (Name.endpoint, SecretBytes(utf8: endpoint.text)),
            (Name.spendsRefreshToken, number(spendsRefreshToken ? 1 : 0)),
            (Name.isScopeMissing, number(isScopeMissing ? 1 : 0)),
            (Name.auditEvent, id(auditEventID)),
        ]
        if let refreshToken { fields.append((Name.refreshToken, refreshToken)) }
        if let expiresAt { fields.append((Name.expiresAt, number(expiresAt.microseconds))) }
        if let refreshDueAt { fields.append((Name.refreshDueAt, number(refreshDueAt.microseconds))) }
        if let credentialVersion { fields.append((Name.credentialVersion, number(credentialVersion))) }
        return SecretFields(fields).encoded()
    }

    /// - Throws: `.malformed` for anything that `encoded` does not write. Fields that it doesn't know are ignored.
    init(decoding plaintext: SecretBytes) throws(VaultError) {
        let fields = try SecretFields(decoding: plaintext)
        func secret(_ name: String) throws(VaultError) -> SecretBytes {
            guard let value = fields[name] else { throw .malformed }
            return value
        }
        func bytes(_ name: String, _ count: Int) throws(VaultError) -> [UInt8] {
            let value = try secret(name)
            guard value.count == count else { throw .malformed }
            return value.withBytes { [UInt8](copying: $0) }
        }
        func number(_ name: String) throws(VaultError) -> Int64 {
            Int64(bitPattern: BigEndian.value(try bytes(name, 8), as: UInt64.self))
        }
        func id<Kind>(_ name: String, _: Kind.Type = Kind.self) throws(VaultError) -> EntityID<Kind> {
            EntityID(bytes: try bytes(name, 16))
        }
        func text(_ name: String) throws(VaultError) -> String {
            guard let text = try secret(name).withBytes({ $0.utf8String }) else { throw .malformed }
            return text
        }
        func instant(_ name: String) throws(VaultError) -> Timestamp? {
            fields[name] == nil ? nil : Timestamp(microseconds: try number(name))
        }
        guard let attempt = Int(exactly: try number(Name.attempt)), let obtainedAt = try instant(Name.obtainedAt),
            let endpoint = TokenEndpointKey(try text(Name.endpoint))
        else { throw .malformed }
        self.init(
            connectionID: try id(Name.connection),
            scope: TenantScope(environmentID: try id(Name.environment), tenantID: try id(Name.tenant)),
            owner: try id(Name.owner), fence: try number(Name.fence), attempt: attempt,
            recordVersion: try number(Name.recordVersion), accessToken: try secret(Name.accessToken),
            tokenType: try text(Name.tokenType), refreshToken: fields[Name.refreshToken], obtainedAt: obtainedAt,
            expiresAt: try instant(Name.expiresAt), refreshDueAt: try instant(Name.refreshDueAt), endpoint: endpoint,
            spendsRefreshToken: try number(Name.spendsRefreshToken) != 0,
            isScopeMissing: try number(Name.isScopeMissing) != 0, auditEventID: try id(Name.auditEvent),
            credentialVersion: fields[Name.credentialVersion] == nil ? nil : try number(Name.credentialVersion))
    }
}
