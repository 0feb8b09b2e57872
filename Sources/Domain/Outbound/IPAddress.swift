/// An IPv4 or IPv6 address as its bytes; what a socket is about to connect to, never a name.
package enum IPAddress: Hashable, Sendable {
    /// Four bytes in network order, as one number.
    case v4(UInt32)
    /// Sixteen bytes in network order, as two halves.
    case v6(high: UInt64, low: UInt64)

    /// The IPv4 address that this one carries inside: IPv4-mapped (`::ffff:0:0/96`), IPv4-translated (`::ffff:0:0:0/96`),
    /// NAT64 (`64:ff9b::/96`, and in the local `64:ff9b:1::/48` with the usual length of 96), 6to4 (`2002::/16`) and Teredo
    /// (`2001::/32`, obfuscated client address). Nil where there is none.
    package var embeddedV4: UInt32? {
        guard case .v6(let high, let low) = self else { return nil }
        if high == 0, low >> 32 == 0xFFFF || low >> 32 == 0xFFFF_0000 { return UInt32(truncatingIfNeeded: low) }
        if high >> 16 == 0x0064_FF9B_0001 { return UInt32(truncatingIfNeeded: low) }
        if high == 0x0064_FF9B_0000_0000, low >> 32 == 0 { return UInt32(truncatingIfNeeded: low) }
        if high >> 48 == 0x2002 { return UInt32(truncatingIfNeeded: high >> 16) }
        if high >> 32 == 0x2001_0000 { return ~UInt32(truncatingIfNeeded: low) }
        return nil
    }
}

/// A network prefix, `10.0.0.0/8` or `fd00::/8`.
package struct CIDR: Hashable, Sendable, CustomStringConvertible {
    package let network: IPAddress
    package let prefixLength: Int

    /// Nil where the length doesn't fit the family, or bits beyond it are set.
    package init?(network: IPAddress, prefixLength: Int) {
        guard prefixLength >= 0, Self.masked(network, prefixLength) == network else { return nil }
        self.network = network
        self.prefixLength = prefixLength
    }

    package func contains(_ address: IPAddress) -> Bool {
        Self.masked(address, prefixLength) == network
    }

    private static func masked(_ address: IPAddress, _ length: Int) -> IPAddress? {
        switch address {
        case .v4(let bits):
            guard length <= 32 else { return nil }
            return .v4(length == 0 ? 0 : bits & (UInt32.max << (32 - UInt32(length))))
        case .v6(let high, let low):
            guard length <= 128 else { return nil }
            if length <= 64 { return .v6(high: mask64(high, length), low: 0) }
            return .v6(high: high, low: mask64(low, length - 64))
        }
    }

    private static func mask64(_ bits: UInt64, _ length: Int) -> UInt64 {
        length == 0 ? 0 : bits & (UInt64.max << (64 - UInt64(length)))
    }

    package var description: String { "\(network)/\(prefixLength)" }
}
