import Testing

@testable import OData

@Suite("Where a service's links lead")
struct SessionLinkTests {
    private static let base = "https://erp.example/sap/opu/odata/sap/API_BUSINESS_PARTNER/"
    private static let request = base + "A_BusinessPartner?$top=2&sap-client=100"

    private static func root(_ url: String = base + "?sap-client=100") throws -> ServiceRoot { try ServiceRoot(url) }

    private static func resolved(_ link: String, _ url: String? = nil, from: String = request) throws -> String {
        try root(url ?? base + "?sap-client=100").resolve(link: link, from: from)
    }

    private static func isForeign(_ link: String, url: String? = nil) -> Bool {
        do {
            _ = try resolved(link, url)
            return false
        } catch {
            return error as? ODataError == .foreignLink
        }
    }

    @Test func `pitfall 8: another host behind a reverse proxy is the known one`() throws {
        let link =
            "http://internal.local:8000/sap/opu/odata/sap/API_BUSINESS_PARTNER/A_BusinessPartner?$skiptoken=2&sap-client=100"
        #expect(try Self.resolved(link) == Self.base + "A_BusinessPartner?$skiptoken=2&sap-client=100")
    }

    @Test func `pitfall 8: a link that lost the client gets it back`() throws {
        let link = Self.base + "A_BusinessPartner?$skiptoken=2"
        #expect(try Self.resolved(link) == link + "&sap-client=100")
        #expect(try Self.resolved(Self.base + "A_BusinessPartner") == Self.base + "A_BusinessPartner?sap-client=100")
    }

    @Test func `pitfall 8: the query stays byte for byte`() throws {
        let query = "$skiptoken='a%2Fb%2f+%20%C3%A4'&$filter=X%20eq%20'O''N'&SAP-CLIENT=200&x=&&y"
        #expect(try Self.resolved("A_BusinessPartner?" + query) == Self.base + "A_BusinessPartner?" + query)
    }

    @Test func `pitfall 10: an entity's internal address is the service's`() throws {
        let uri =
            "https://vhcals4hci.dummy.nodomain:44300/sap/opu/odata/sap/API_BUSINESS_PARTNER/A_BusinessPartner('1')"
        #expect(try Self.resolved(uri) == Self.base + "A_BusinessPartner('1')?sap-client=100")
    }

    @Test func `a proxy's prefix in front of the gateway's path is put back`() throws {
        let root = "https://api.example/erp/v1/sap/opu/odata/sap/API_X/"
        let link = "https://internal/sap/opu/odata/sap/API_X/Set?$skiptoken=1"
        #expect(try Self.resolved(link, root, from: root + "Set") == root + "Set?$skiptoken=1")
    }

    @Test func `letter case of the gateway's path doesn't count`() throws {
        let link = "https://erp.example/sap/opu/odata/SAP/API_BUSINESS_PARTNER/A_BusinessPartner('a')?sap-client=100"
        #expect(try Self.resolved(link) == Self.base + "A_BusinessPartner('a')?sap-client=100")
    }

    @Test(arguments: [
        ("A_BusinessPartner?$skiptoken=9", "A_BusinessPartner?$skiptoken=9&sap-client=100"),
        ("?$skiptoken=9", "A_BusinessPartner?$skiptoken=9&sap-client=100"),
        ("./A_X", "A_X?sap-client=100"),
        ("/sap/opu/odata/sap/API_BUSINESS_PARTNER/A_X", "A_X?sap-client=100"),
        ("//other.host/sap/opu/odata/sap/API_BUSINESS_PARTNER/A_X", "A_X?sap-client=100"),
        ("A_X(At=datetime'2026-01-01T00:00:00')", "A_X(At=datetime'2026-01-01T00:00:00')?sap-client=100"),
        ("A_X('a b')", "A_X('a%20b')?sap-client=100"),
        ("A_X('ä')", "A_X('%C3%A4')?sap-client=100"),
        ("A_X#part", "A_X?sap-client=100"),
    ])
    func `pitfall 47: a relative link is relative to the request`(link: String, expected: String) throws {
        #expect(try Self.resolved(link) == Self.base + expected)
    }

    @Test func `pitfall 47: a context of a deeper request leads back to the root`() throws {
        let root = try ServiceRoot("https://s4.example/sap/opu/odata4/sap/x/srvd_a2x/sap/x/0001/")
        let request = root.url + "Product('1')/_Plant"
        let base = try root.base(context: "../$metadata#ProductPlant", from: request)
        #expect(
            try root.resolve(link: "ProductPlant?$skiptoken=5", from: base) == root.url + "ProductPlant?$skiptoken=5")
        #expect(try root.base(context: nil, from: request) == request)
    }

    @Test(arguments: [
        "https://evil.example/steal", "https://erp.example/sap/public/logon",
        "https://erp.example/sap/opu/odata/sap/OTHER/X",
        "../OTHER/X", "../../../../../../etc/passwd", "/", "javascript:alert(1)", "ftp://erp.example/x",
        "file:///etc/passwd",
        "https://user:pw@erp.example/sap/opu/odata/sap/API_BUSINESS_PARTNER/X", "https:///x", "https://", "https:x",
        "https://erp.example@evil/sap/opu/odata/sap/API_BUSINESS_PARTNER/X", "A_X\r\nHost: evil", "A_X\u{0}",
        "https://erp.example/sap/opu/odata/sap/API_BUSINESS_PARTNER/../OTHER/X", "%2e%2e/OTHER/X", "..%2fOTHER/../../X",
        "https://erp.example/sap/opu/odata/sap/API_BUSINESS_PARTNERX/Y",
        "data:text/html,x", "urn:x:y",
    ])
    func `a link out of the service is foreign`(link: String) {
        #expect(Self.isForeign(link))
    }

    @Test func `a link longer than any server takes is foreign`() {
        #expect(Self.isForeign("A_X?$skiptoken=" + String(repeating: "x", count: 70_000)))
    }

    @Test func `a host that is the root's with its port written is the same`() throws {
        let link = "HTTPS://ERP.example:443/sap/opu/odata/sap/API_BUSINESS_PARTNER/X?sap-client=100"
        #expect(try Self.resolved(link) == Self.base + "X?sap-client=100")
    }

    @Test func `a reference may leave the service, not its host`() throws {
        let root = try Self.root()
        let reference = "../../../odata4/sap/f4/0001/$metadata"
        #expect(
            try root.resolve(reference: reference, from: Self.base + "$metadata")
                == "https://erp.example/sap/opu/odata4/sap/f4/0001/$metadata?sap-client=100")
        #expect(throws: ODataError.foreignLink) {
            try root.resolve(reference: "https://evil.example/x", from: Self.base)
        }
        #expect(throws: ODataError.foreignLink) { try root.resolve(reference: "http://erp.example/x", from: Self.base) }
    }

    @Test(arguments: [
        "", "erp.example/x", "/sap/opu", "ftp://x/", "https://", "https://user@host/", "https://ho st/",
        "https://h\u{7}/",
    ])
    func `a root that is no address is refused`(url: String) {
        #expect(throws: ODataError.self) { try ServiceRoot(url) }
    }

    @Test func `a root gets its slash and keeps its options apart`() throws {
        let root = try ServiceRoot("HTTPS://Host.Example:443/a/./b?sap-client=100&x=1#f")
        #expect(root.url == "https://host.example/a/b/")
        #expect(root.options == ["sap-client=100", "x=1"])
        #expect(try root.url(of: "Set?$top=1") == "https://host.example/a/b/Set?$top=1&sap-client=100&x=1")
        #expect(try root.url(of: "") == "https://host.example/a/b/?sap-client=100&x=1")
    }

    @Test func `an absolute target goes to the root's host alone`() throws {
        let root = try Self.root()
        #expect(try root.url(of: "https://erp.example/monitor/1") == "https://erp.example/monitor/1?sap-client=100")
        #expect(throws: ODataError.foreignLink) { try root.url(of: "https://evil.example/monitor/1") }
    }

    /// Whatever a service writes into a link, the request goes to the root's host.
    @Test func `no link of random pieces leads to another host`() throws {
        let pieces = [
            "https:", "http:", "//", "/", "..", ".", "%2e", "%2F", "\\", "@", ":", "evil.example", "erp.example", "sap",
            "opu", "odata", "API_BUSINESS_PARTNER", "?", "#", "&", "=", "$skiptoken", " ", "ä", "443", "[::1]",
        ]
        var random = SessionSplitMix64(seed: 0x5EED)
        let root = try Self.root()
        for _ in 0..<20_000 {
            let link = (0..<Int.random(in: 1...10, using: &random)).compactMap { _ in
                pieces.randomElement(using: &random)
            }
            .joined()
            for resolve in [root.resolve(link:from:), root.resolve(reference:from:)] {
                guard let url = try? resolve(link, Self.request) else { continue }
                if !url.hasPrefix("https://erp.example/") { Issue.record("\(link) leads to \(url)") }
            }
        }
    }
}

struct SessionSplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
