import HTTPTypes
import Testing

@testable import OData

@Suite("A session's cookies (RFC 6265)")
struct SessionCookieTests {
    private let now = ContinuousClock.now
    private static let path = "/sap/opu/odata/sap/X/Set"

    private func jar(_ lines: [String], keepsContext: Bool = false, date: Int64? = nil) -> CookieJar {
        var jar = CookieJar(authority: "erp.example:8443", keepsContext: keepsContext)
        for line in lines { jar.take(line, path: Self.path, date: date, now: now) }
        return jar
    }

    private func sent(_ lines: [String], path: String = path, isSecure: Bool = true, date: Int64? = nil) -> String? {
        var jar = jar(lines, date: date)
        return jar.header(path: path, isSecure: isSecure, now: now)
    }

    @Test func `pitfall 35: each Set-Cookie line is one cookie, commas of its date included`() {
        let lines = ["a=1; Expires=Wed, 09 Jun 2100 10:18:14 GMT; Path=/", "b=2; path=/"]
        #expect(sent(lines) == "a=1; b=2")
    }

    @Test func `pitfall 34: the cookie that pins a work process isn't kept`() {
        #expect(sent(["sap-contextid=SID%3aANON; path=/", "x=1; path=/"]) == "x=1")
        #expect(sent(["SAP-ContextId=1; path=/"]) == nil)
    }

    @Test func `pitfall 34: a stateful session keeps it`() {
        var jar = jar(["sap-contextid=SID; path=/"], keepsContext: true)
        #expect(jar.header(path: "/", isSecure: true, now: now) == "sap-contextid=SID")
    }

    @Test func `a cookie replaces one of its name and path`() {
        #expect(sent(["a=1; path=/", "a=2; path=/", "a=3; path=/sap"]) == "a=3; a=2")
    }

    @Test(arguments: [
        "Max-Age=0", "max-age=-1", "Expires=Thu, 01 Jan 1970 00:00:00 GMT", "expires=Thu, 01-Jan-70 00:00:01 GMT",
    ])
    func `a cookie that has expired takes its namesake away`(attribute: String) {
        #expect(sent(["a=1; path=/", "a=; path=/; \(attribute)"]) == nil)
    }

    @Test func `an expiry is counted from the answer's own date`() throws {
        let date = try #require(HTTPDate.seconds("Wed, 25 Nov 2026 10:00:00 GMT"))
        var jar = jar(["a=1; path=/; Expires=Wed, 25 Nov 2026 10:00:10 GMT"], date: date)
        #expect(jar.header(path: "/", isSecure: true, now: now + .seconds(9)) == "a=1")
        #expect(jar.header(path: "/", isSecure: true, now: now + .seconds(10)) == nil)
        #expect(self.jar(["a=1; path=/; Expires=Wed, 25 Nov 2026 09:59:59 GMT"], date: date).isEmpty)
    }

    @Test(arguments: ["1-2", "-", "", "60s"]) func `a Max-Age that is no number counts for nothing`(maxAge: String) {
        #expect(sent(["a=1; path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=\(maxAge)"]) != "a=1")
    }

    @Test func `Max-Age wins over Expires`() {
        #expect(sent(["a=1; path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60"]) == "a=1")
    }

    @Test func `a cookie that is the caller's credential goes along with those that the service sets`() async throws {
        let transport = SessionFakeTransport([answering(200, [("Set-Cookie", "SAP_SESSIONID_X_100=1; path=/")])])
        let session = try SessionFixture.session(transport) { $0.authorization = { [.cookie: "MYSAPSSO2=a%2fb"] } }
        for _ in 0..<2 { _ = try await session.send(SessionRequest(.get, "A_BusinessPartner")) }
        let sent = transport.asked.map(\.cookies)
        #expect(sent == [["MYSAPSSO2=a%2fb"], ["MYSAPSSO2=a%2fb", "SAP_SESSIONID_X_100=1"]])
    }

    @Test func `a secure cookie isn't sent in the clear`() {
        #expect(sent(["a=1; path=/; Secure", "b=2; path=/"], isSecure: false) == "b=2")
    }

    @Test(arguments: [
        ("/sap", "/sap/opu", true), ("/sap/", "/sap/opu", true), ("/sap", "/sapx", false), ("/sap", "/sap", true),
        ("/other", "/sap/opu", false), ("/", "/anything", true),
    ])
    func `a cookie goes to its path and below`(path: String, request: String, isSent: Bool) {
        #expect((sent(["a=1; path=\(path)"], path: request) != nil) == isSent)
    }

    @Test func `without a path it is the request's directory`() {
        #expect(sent(["a=1"], path: "/sap/opu/odata/sap/X/Other") == "a=1")
        #expect(sent(["a=1"], path: "/sap/opu/odata/sap/Y/") == nil)
    }

    @Test(arguments: ["evil.example", "rp.example", ".other.example", "erp.example.evil"])
    func `another domain's cookie isn't taken`(domain: String) {
        #expect(sent(["a=1; path=/; Domain=\(domain)"]) == nil)
    }

    @Test(arguments: ["erp.example", ".example", "example", ""])
    func `a domain that covers the host is taken, for the host alone`(domain: String) {
        #expect(sent(["a=1; path=/; Domain=\(domain)"]) == "a=1")
    }

    @Test(arguments: ["", "=1", "novalue", "a=\u{1}", "ä=1", "a=\r\nX: 1", ";;;", "a"])
    func `a line that is no cookie is none`(line: String) {
        #expect(sent([line + "; path=/"]) == nil)
    }

    @Test func `a flood of cookies stays within bounds and pushes none out`() {
        var jar = jar(["SAP_SESSIONID_S4H_100=s1; path=/"])
        for number in 0..<10_000 { jar.take("c\(number)=v; path=/", path: "/", date: nil, now: now) }
        let header = jar.header(path: "/", isSecure: true, now: now) ?? ""
        #expect(header.hasPrefix("SAP_SESSIONID_S4H_100=s1"))
        #expect(header.split(separator: ";").count == CookieJar.maxCookies)
    }

    @Test func `huge cookies aren't kept, and many large ones only up to the bound`() {
        #expect(sent(["a=\(String(repeating: "x", count: 5_000)); path=/"]) == nil)
        let large = (0..<40).map { "c\($0)=\(String(repeating: "x", count: 3_000)); path=/" }
        #expect((sent(large) ?? "").utf8.count <= CookieJar.maxBytes + 200)
    }

    @Test func `cookies of an answer go back with the next request`() async throws {
        let transport = SessionFakeTransport([
            answering(
                200,
                [("Set-Cookie", "a=1; path=/"), ("Set-Cookie", "b=2; path=/; expires=Fri, 01 Jan 2100 00:00:00 GMT")]),
            answering(200),
        ])
        let session = try SessionFixture.session(transport, url: SessionFixture.plainURL)
        _ = try await session.send(SessionRequest(.get, "X"))
        _ = try await session.send(SessionRequest(.get, "X"))
        #expect(transport.asked.map(\.cookies) == [[], ["a=1", "b=2"]])
    }

    @Test func `pitfall 33: one session's cookies and token are not another's`() async throws {
        let transport = SessionFakeTransport([
            answering(200, [("X-CSRF-Token", "T1"), ("Set-Cookie", "SAP_SESSIONID_S4H_100=s1; path=/")]),
            answering(200, [("X-CSRF-Token", "T2"), ("Set-Cookie", "SAP_SESSIONID_S4H_100=s2; path=/")]),
            answering(201),
        ])
        let (one, other) = (try SessionFixture.session(transport), try SessionFixture.session(transport))
        _ = try await one.send(SessionRequest(.get, "X"))
        _ = try await other.send(SessionFixture.write)
        #expect(transport.asked[1].cookies.isEmpty)
        #expect(transport.asked[2].token == "T2")
        #expect(transport.asked[2].cookies == ["SAP_SESSIONID_S4H_100=s2"])
    }
}
