import Domain
import Testing

@Suite("Permitting an address")
struct DestinationPolicyTests {
    private func policy(_ networks: String...) -> DestinationPolicy {
        DestinationPolicy(allowedNetworks: networks.compactMap { CIDR($0) }, allowsPlainHTTP: false)
    }

    @Test(
        arguments: [
            "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.1",
            "172.15.255.255", "172.32.0.0", "192.167.255.255", "198.17.255.255", "198.20.0.0", "223.255.255.255",
            "2606:4700::1111", "2a00::1", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::808:808",
            "2002:808:808::1",
        ])
    func `permits public addresses`(text: String) throws {
        #expect(DestinationPolicy.publicHTTPSOnly.permits(try #require(IPAddress(text))))
    }

    /// First and last address of each range that is not public (RFC 6890), in every form that carries an IPv4 address.
    @Test(
        arguments: [
            "0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.1",
            "127.255.255.255", "169.254.0.0", "169.254.255.255", "172.16.0.0", "172.31.255.255", "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1", "192.168.0.0", "192.168.255.255", "198.18.0.0", "198.19.255.255", "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
        ])
    func `refuses IPv4 addresses that are not public, and IPv6 ones that carry them`(text: String) throws {
        let open = DestinationPolicy.publicHTTPSOnly
        guard case .v4(let bits) = try #require(IPAddress(text)) else { return #expect(Bool(false), "not IPv4") }
        let low = UInt64(bits)
        #expect(!open.permits(.v4(bits)))
        #expect(!open.permits(.v6(high: 0, low: 0xFFFF << 32 | low)))
        #expect(!open.permits(.v6(high: 0, low: 0xFFFF_0000 << 32 | low)))
        #expect(!open.permits(.v6(high: 0, low: low)))
        #expect(!open.permits(.v6(high: 0x0064_FF9B_0000_0000, low: low)))
        #expect(!open.permits(.v6(high: 0x0064_FF9B_0001_0000, low: low)))
        #expect(!open.permits(.v6(high: 0x2002 << 48 | low << 16, low: 1)))
        #expect(!open.permits(.v6(high: 0x2001_0000 << 32, low: UInt64(~bits))))
    }

    @Test(
        arguments: [
            "::", "::1", "::2", "100::1", "1000::1", "1fff::1", "4000::1", "5f00::1", "8000::1", "2001::1", "2001:2::1",
            "2001:10::1", "2001:20::1", "2001:db8::1", "3fff::1", "fc00::1", "fdff::1", "fe80::1", "febf::1", "fec0::1",
            "ff02::1",
        ])
    func `refuses IPv6 addresses that are not public`(text: String) throws {
        #expect(!DestinationPolicy.publicHTTPSOnly.permits(try #require(IPAddress(text))))
    }

    static let metadata = [
        "169.254.169.254", "169.254.170.2", "169.254.170.23", "168.63.129.16", "100.100.100.200", "192.0.0.192",
        "fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254", "fe80::a9fe:a9fe",
    ]

    @Test(arguments: metadata)
    func `never permits a metadata service, whatever an operator opened`(text: String) throws {
        let address = try #require(IPAddress(text))
        #expect(!policy().permits(address))
        #expect(!policy("0.0.0.0/0", "::/0").permits(address))
        guard case .v4(let bits) = address else { return }
        let low = UInt64(bits)
        for carrier in [
            IPAddress.v6(high: 0, low: 0xFFFF << 32 | low), .v6(high: 0, low: 0xFFFF_0000 << 32 | low),
            .v6(high: 0x0064_FF9B_0000_0000, low: low), .v6(high: 0x0064_FF9B_0001_0000, low: low),
            .v6(high: 0x2002 << 48 | low << 16, low: 1), .v6(high: 0x2001_0000 << 32, low: UInt64(~bits)),
        ] {
            #expect(!policy("0.0.0.0/0", "::/0").permits(carrier))
        }
    }

    @Test func `permits what a CIDR opens and nothing beside it`() throws {
        let open = policy("10.1.0.0/16", "fd00:1::/32")
        for text in ["10.1.0.0", "10.1.255.255", "::ffff:10.1.2.3", "fd00:1::5", "1.1.1.1"] {
            #expect(open.permits(try #require(IPAddress(text))))
        }
        for text in ["10.0.255.255", "10.2.0.0", "::ffff:10.2.0.0", "fd00:2::5", "127.0.0.1", "::1"] {
            #expect(!open.permits(try #require(IPAddress(text))))
        }
    }
}

@Suite("Reading addresses and networks")
struct AddressTextTests {
    @Test(arguments: [
        "", "1", "127.1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "256.1.1.1", "0x7f.0.0.1", "1.2.3.4 ", "::1%lo", "[::1]",
        "1::2::3", "::1\0",
    ])
    func `refuses other spellings of an address`(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test(arguments: [
        "", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.1/8", "::/129", "fd00::1/8",
        "10.0.0.0/8/8", "x/8", "10.0.0.0/+8",
    ])
    func `refuses a network that is not exact`(text: String) {
        #expect(CIDR(text) == nil)
    }

    @Test(arguments: [
        "0.0.0.0/0", "10.0.0.0/8", "10.1.2.3/32", "::/0", "fd00::/8", "2001:db8::1/128", "2001:db8::/64",
        "2001:db8::/65",
    ])
    func `reads a network and writes it so that it reads the same`(text: String) throws {
        let network = try #require(CIDR(text))
        #expect(CIDR(network.description) == network)
        #expect(network.contains(network.network))
    }
}
