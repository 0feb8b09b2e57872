/// The type prefix of an identifier (`tnt`, `conn`, …): one marker type for each kind of entity.
package protocol EntityKind: Sendable {
    /// Lower-case letters, at most 8, as they stand before the underscore.
    static var prefix: String { get }
}

/// A UUIDv7 written with a type prefix: `conn_01hf4v8y2ne2r9kzq7w3m5x6ab` (TypeID 0.3).
///
/// Identifiers of different kinds are different types, so that a tenant's can't stand where a connection's belongs.
/// The text form is 26 characters of Crockford's Base32 in lower case; parsing takes exactly that form and nothing else.
package struct EntityID<Kind: EntityKind>: Hashable, Sendable, CustomStringConvertible, Comparable {
    /// The UUID's 128 bits, most significant half first.
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Parses the exact text form; nil for another prefix, another length, upper case or digits out of range.
    package init?(_ text: some StringProtocol) {
        var bytes = text.utf8.makeIterator()
        for expected in Kind.prefix.utf8 where bytes.next() != expected { return nil }
        guard bytes.next() == UInt8(ascii: "_") else { return nil }
        var suffix: [UInt8] = []
        suffix.reserveCapacity(27)
        while let byte = bytes.next(), suffix.count < 27 { suffix.append(byte) }
        guard let bits = TypeIDSuffix.decode(suffix) else { return nil }
        self.init(high: bits.high, low: bits.low)
    }

    package var description: String { Kind.prefix + "_" + TypeIDSuffix.encode(high: high, low: low) }

    /// The 16 bytes of the UUID in network order, as PostgreSQL's `uuid` takes them.
    package var bytes: [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: high >> (56 - 8 * UInt64($0))) }
            + (0..<8).map { UInt8(truncatingIfNeeded: low >> (56 - 8 * UInt64($0))) }
    }

    package static func < (left: Self, right: Self) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}

package enum EnvironmentKind: EntityKind { package static let prefix = "env" }
package enum TenantKind: EntityKind { package static let prefix = "tnt" }
package enum IntegrationKind: EntityKind { package static let prefix = "intg" }
package enum ConnectionKind: EntityKind { package static let prefix = "conn" }
package enum APIKeyKind: EntityKind { package static let prefix = "key" }
package enum LinkSessionKind: EntityKind { package static let prefix = "link" }
package enum AuditEventKind: EntityKind { package static let prefix = "evt" }
package enum InstanceKind: EntityKind { package static let prefix = "inst" }

package typealias EnvironmentID = EntityID<EnvironmentKind>
package typealias TenantID = EntityID<TenantKind>
package typealias IntegrationID = EntityID<IntegrationKind>
package typealias ConnectionID = EntityID<ConnectionKind>
package typealias APIKeyID = EntityID<APIKeyKind>
package typealias LinkSessionID = EntityID<LinkSessionKind>
package typealias AuditEventID = EntityID<AuditEventKind>
/// One running process of the service; the owner of leases.
package typealias InstanceID = EntityID<InstanceKind>
