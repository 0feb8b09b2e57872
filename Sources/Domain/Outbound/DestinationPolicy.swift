/// Which resolved addresses a request may connect to, and whether it may go without TLS.
///
/// Checked on the address of the socket at connect time, never on the name, so that a name that resolves anew can't
/// lead elsewhere. Loopback, link-local, metadata, private and other non-public ranges are refused unless a CIDR that
/// an operator named on the integration allows them; metadata addresses are refused even then.
package struct DestinationPolicy: Hashable, Sendable {
    /// Ranges that an operator opened for this integration.
    package let allowedNetworks: [CIDR]
    /// Whether `http` is allowed as well as `https`.
    package let allowsPlainHTTP: Bool

    package static let publicHTTPSOnly = Self(allowedNetworks: [], allowsPlainHTTP: false)

    package init(allowedNetworks: [CIDR], allowsPlainHTTP: Bool) {
        self.allowedNetworks = allowedNetworks
        self.allowsPlainHTTP = allowsPlainHTTP
    }

    package func permits(_ address: IPAddress) -> Bool {
        let effective = address.embeddedV4.map(IPAddress.v4) ?? address
        if Self.neverAllowed.contains(where: { $0.contains(address) || $0.contains(effective) }) { return false }
        if allowedNetworks.contains(where: { $0.contains(effective) || $0.contains(address) }) { return true }
        return Self.isGlobalUnicast(effective)
            && !Self.nonPublic.contains { $0.contains(address) || $0.contains(effective) }
    }

    /// IPv6 hands out global addresses from `2000::/3` alone (RFC 4291 §2.4); what isn't listed elsewhere is not public.
    private static func isGlobalUnicast(_ address: IPAddress) -> Bool {
        guard case .v6(let high, _) = address else { return true }
        return high >> 61 == 1
    }

    /// Metadata and credential services of clouds; no integration may reach them. AWS, Google and Azure (also for containers
    /// and pods), Azure's wire server, Alibaba, Oracle, OpenStack.
    private static let neverAllowed = [
        "169.254.169.254/32", "169.254.170.2/32", "169.254.170.23/32", "168.63.129.16/32", "100.100.100.200/32",
        "192.0.0.192/32", "fd00:ec2::254/128", "fd00:ec2::23/128", "fd20:ce::254/128", "fe80::a9fe:a9fe/128",
    ].compactMap(CIDR.init)

    /// IANA's special-purpose registries (RFC 6890), multicast and reserved space.
    private static let nonPublic = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4", "::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20",
        "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    ].compactMap(CIDR.init)
}
