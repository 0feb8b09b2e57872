package import Domain

/// What an envelope holds; its byte stands in the header, its fields in the additional data.
package enum EnvelopeKind: UInt8, Sendable, CaseIterable {
    case credential = 1
    case integrationSecret = 2
    case tenantKey = 3
    case environmentKey = 4
    case signingKey = 5
    /// A key of this process's own files.
    case localKey = 6
}

/// The place that an envelope belongs to: it opens nowhere else.
///
/// Each field is its length (u32, big-endian) and its bytes, in an order fixed for the kind, so two different places
/// never give the same bytes. Format version, kind and key version are put in front when an envelope is made or opened.
package struct AAD: Hashable, Sendable {
    package let kind: EnvelopeKind
    /// Whose key seals it; nil for keys, which a root key wraps.
    package let owner: KeyOwner?
    private let fields: [UInt8]

    private init(_ kind: EnvelopeKind, owner: KeyOwner?, _ fields: [[UInt8]]) {
        self.kind = kind
        self.owner = owner
        self.fields = Self.prefixed(fields)
    }

    /// A sealed field of a tenant-owned row.
    ///
    /// - Parameters:
    ///   - recordVersion: kept outside the envelope and grown by each write, so that an older ciphertext does not open.
    ///   - credentialType: what the plaintext is (`entered`, `token_set`, …).
    package static func credential<Record: EntityKind>(
        environment: EnvironmentID, tenant: TenantID, table: String, recordID: EntityID<Record>, field: String,
        recordVersion: Int64, credentialType: String
    ) -> AAD {
        AAD(
            .credential, owner: .tenant(environment, tenant),
            [
                environment.bytes, tenant.bytes, Array(table.utf8), recordID.bytes, Array(field.utf8),
                bytes(recordVersion), Array(credentialType.utf8),
            ])
    }

    /// A secret of an integration, under the environment's key.
    package static func integrationSecret(
        environment: EnvironmentID, integration: IntegrationID, field: String, recordVersion: Int64
    ) -> AAD {
        AAD(
            .integrationSecret, owner: .environment(environment),
            [environment.bytes, integration.bytes, Array(field.utf8), bytes(recordVersion)])
    }

    /// The seed of a caller-token signing key, under the environment's key.
    package static func signingKey(
        environment: EnvironmentID, kid: String, algorithm: String, notBefore: Timestamp, notAfter: Timestamp? = nil
    ) -> AAD {
        AAD(
            .signingKey, owner: .environment(environment),
            [
                environment.bytes, Array(kid.utf8), Array(algorithm.utf8), bytes(notBefore.microseconds),
                notAfter.map { bytes($0.microseconds) } ?? [],
            ])
    }

    /// A tenant key under a root key.
    package static func tenantKey(
        environment: EnvironmentID, tenant: TenantID, version: Int32, rootID: String
    ) -> AAD {
        AAD(
            .tenantKey, owner: nil,
            [environment.bytes, tenant.bytes, bytes(Int64(version)), Array(rootID.utf8)])
    }

    /// An environment key under a root key.
    package static func environmentKey(environment: EnvironmentID, version: Int32, rootID: String) -> AAD {
        AAD(.environmentKey, owner: nil, [environment.bytes, bytes(Int64(version)), Array(rootID.utf8)])
    }

    /// A key that no owner has and no database holds, under a root key.
    package static func localKey(_ use: LocalUse, rootID: String) -> AAD {
        AAD(.localKey, owner: nil, [Array(use.rawValue.utf8), Array(rootID.utf8)])
    }

    /// The key of an owner under a root key.
    package static func wrappedKey(of owner: KeyOwner, version: Int32, rootID: String) -> AAD {
        switch owner {
        case .environment(let environment):
            .environmentKey(environment: environment, version: version, rootID: rootID)
        case .tenant(let environment, let tenant):
            .tenantKey(environment: environment, tenant: tenant, version: version, rootID: rootID)
        }
    }

    /// All that is bound, as one field: length, then format, kind, key version and the place.
    func encoded(format: UInt8, keyVersion: Int32) -> [UInt8] {
        let head = Self.prefixed([[format], [kind.rawValue], Self.bytes(UInt32(bitPattern: keyVersion))])
        return Self.prefixed([head + fields])
    }

    private static func prefixed(_ fields: [[UInt8]]) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(fields.reduce(0) { $0 + $1.count + 4 })
        for field in fields {
            output += bytes(UInt32(field.count))
            output += field
        }
        return output
    }

    static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
        stride(from: value.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> $0) }
    }
}
