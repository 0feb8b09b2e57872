import Domain
import Testing

@testable import Proxy

@Suite("Matching targets to routes")
struct RequestTargetTests {
    static let id = ConnectionID(high: 0x0193_6000_0000_7123, low: 0x8123_4567_89AB_CDEF)

    private func match(_ target: String) throws(DataPlaneProblem) -> (RequestTarget, path: String, query: String?) {
        let bytes = Array(target.utf8)
        let matched = try RequestTarget.match(bytes.span, 0..<bytes.count)
        return (
            matched, String(decoding: bytes[matched.path], as: UTF8.self),
            matched.query.map { String(decoding: bytes[$0], as: UTF8.self) }
        )
    }

    static let refusedPaths = [
        "/.", "/..", "/a/..", "/a/../b", "/a/./b", "/./a", "/%2e", "/%2E%2e/a", "/.%2e", "/%2e./x", "/a/%2E",
        "/%252e%252e/a",
        "/..%252f..%252fa", "/a%252F..%252fb", "/a/..%255cb", "/x%25252f%25252e%25252e",
        "/%25252e/a", "/..;/a", "/.;x=1/a", "/%2e%2e;a/b", "//", "//a", "/a//b", "/a//", "/a\\b", "/\\..\\a", "/a%2fb",
        "/a%2Fb", "/a%5cb", "/a%5Cb", "/a%00", "/%00", "/a%0d%0ab", "/a%1f", "/a%7f", "/a%", "/a%2", "/a%zz", "/a%g0/b",
    ]

    @Test(arguments: refusedPaths)
    func `refuses a path that could mean another one`(_ path: String) {
        #expect(throws: DataPlaneProblem.badPath) { try match("/proxy/\(Self.id)\(path)") }
        #expect(throws: DataPlaneProblem.badPath) { try match("/proxy/\(Self.id)/sap/x\(path)?a=b") }
    }

    static let passingPaths = [
        "", "/", "/a", "/a/", "/a.b", "/...", "/.well-known/x", "/a..b", "/a%20b", "/%C3%A4", "/A_Partner('1%27')",
        "/a;b=c",
        "/$metadata", "/a%252Fb", "/a:b@c", "/sap/opu/odata/sap/API_BUSINESS_PARTNER/A_BusinessPartner",
    ]

    @Test(arguments: passingPaths)
    func `passes every other path as it is`(_ path: String) throws {
        for query in [nil, "", "a=b", "$filter=x eq 'y'".replacing(" ", with: "%20"), "a=../..", "x=%2f%00"] {
            let matched = try match("/proxy/\(Self.id)\(path)" + (query.map { "?" + $0 } ?? ""))
            #expect(matched.0.route == .proxy)
            #expect(matched.0.connectionID == Self.id)
            #expect(matched.path == path)
            #expect(matched.query == query)
        }
    }

    @Test func `matches the token fetch and the health check exactly`() throws {
        #expect(try match("/v1/connections/\(Self.id)/token").0.route == .tokenFetch)
        #expect(try match("/v1/connections/\(Self.id)/token?x=y").0.connectionID == Self.id)
        #expect(try match("/health/live").0.route == .live)
        #expect(try match("/oauth2/token").0.route == .issue)
    }

    @Test(arguments: [
        "/", "/proxy", "/Proxy/x/y", "/health/live/", "/health", "/v1/connections", "/v1/connections/",
        "/v1/connections/\(id)", "/v1/connections/\(id)/token/", "/v1/connections/\(id)/tokens", "/metrics",
        "/?/proxy/x",
        "/%70roxy/\(id)/a", "/v1/connections/\(id)/x/token",
    ])
    func `finds nothing elsewhere`(_ target: String) {
        #expect(throws: DataPlaneProblem.notFound) { try match(target) }
    }

    @Test(arguments: [
        "", "x", "conn_", "tnt_\(id.description.dropFirst(5))", id.description.uppercased(), "\(id)x",
        String(id.description.dropLast()), "conn_8\(id.description.dropFirst(6))",
        "conn-\(id.description.dropFirst(5))",
        "conn_\(String(repeating: "i", count: 26))", "%63onn_\(id.description.dropFirst(5))", "*",
    ])
    func `knows no connection by a malformed identifier`(_ text: String) {
        #expect(throws: DataPlaneProblem.connectionNotFound) { try match("/proxy/\(text)/a") }
    }

    @Test func `refuses a fragment`() {
        #expect(throws: DataPlaneProblem.badPath) { try match("/proxy/\(Self.id)/a#b") }
        #expect(throws: DataPlaneProblem.badPath) { try match("/proxy/\(Self.id)/a?b#c") }
    }

    @Test func `reads identifiers as the domain does`() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let id = ConnectionID(high: generator.next(), low: generator.next())
            let bytes = Array(id.description.utf8)
            #expect(ConnectionID(bytes.span, 0..<bytes.count) == id)
            #expect(ConnectionID(id.description) == id)
        }
    }

    static let coverage: [(prefix: String, path: String, covered: Bool)] = [
        ("/sap", "/sap", true), ("/sap", "/sap/", true), ("/sap", "/sap/x", true), ("/sap", "/sapx", false),
        ("/sap", "/sa", false), ("/sap/", "/sap", false), ("/sap/", "/sap/x", true), ("/", "/anything", true),
        ("/sap", "", false), ("/", "", true), ("/a b", "/a%20b/c", true), ("/a", "/%61/b", true),
        ("/a%20b", "/a%20b", false),
        ("/sap", "/SAP", false),
    ]

    @Test(arguments: coverage)
    func `compares prefixes by whole decoded segments`(_ prefix: String, _ path: String, _ covered: Bool) {
        let restriction = CallerRestriction(pathPrefixes: [prefix])
        let bytes = Array(path.utf8)
        #expect(restriction.coversPath(bytes.span, 0..<bytes.count) == covered)
    }
}
