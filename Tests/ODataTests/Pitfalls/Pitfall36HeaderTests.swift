import HTTPTypes
import OData
import Testing

@Suite("Pitfalls 36–40: client, language, headers and logon")
struct Pitfall36HeaderTests {
    private static let empty = #"{"d":{"results":[]}}"#

    private func error(_ service: PitfallService) async -> ODataError? {
        await clientError { () async throws(ODataError) in
            _ = try await service.client.entities(Query("Orders")).collect()
        }
    }

    @Test func `pitfall 36: the client is a query option, and a wrong one a failed logon`() async throws {
        let service = try PitfallService(
            .v2, [.json(Self.empty), .json(Self.empty), .sap(401)], session: { $0.sapClient = "100" })
        _ = try await service.client.entities(Query("Orders").top(5)).collect()
        _ = try await service.client.entities(Query("Orders").custom("sap-client", "200")).collect()
        let path = PitfallService.v2Path
        #expect(
            service.lines == ["GET \(path)Orders?$top=5&sap-client=100", "GET \(path)Orders?sap-client=200"])
        #expect(service.requests.allSatisfy { $0.header("sap-client") == nil })
        guard case .authentication(.refused, _)? = await error(service) else {
            Issue.record("no failed logon")
            return
        }
    }

    @Test func `pitfall 37: the language is SAP's key in the URL and a tag in the header`() async throws {
        for (tag, key) in [("en", "EN"), ("de-AT", "DE"), ("zh-Hant", "ZF"), ("zh-CN", "ZH"), ("sr-Latn", "SH")] {
            let service = try PitfallService(
                .v2, [.json(Self.empty)], session: { $0.language = ServiceLanguage(tag) })
            _ = try await service.client.entities(Query("Orders")).collect()
            #expect(service.lines == ["GET \(PitfallService.v2Path)Orders?sap-language=\(key)"])
            #expect(service.requests.map { $0.header("Accept-Language") } == [tag])
        }
    }

    @Test func `pitfall 38: what headers say of a request is given out, and a new date makes metadata old`()
        async throws
    {
        let facts: [(String, String)] = [
            ("Content-Type", "application/json"), ("sap-statistics", "gwtotal=21,gwhub=5"),
            ("dataserviceversion", "2.0"),
            ("sap-perf-fesrec", "21000.000000"), ("sap-processing-info", "ODataBEP=,crp=,st=,MedCacheHub=SHM"),
        ]
        let one = try PitfallService(.v2, [.sap(200, facts, Self.empty)])
        let found = try await one.client.session.send(SessionRequest(.get, "Orders")).facts
        #expect((found.statistics, found.perfFesrec) == ("gwtotal=21,gwhub=5", "21000.000000"))
        #expect((found.dataServiceVersion, found.processingInfo?.hasPrefix("ODataBEP=")) == ("2.0", true))
        let dates = ["Mon, 01 Jun 2026 00:00:00 GMT", "Tue, 02 Jun 2026 00:00:00 GMT"]
        let transport = ClientFakeTransport { request, place in
            let date = ("sap-metadata-last-modified", dates[place < 2 ? 0 : 1])
            return request.target.hasSuffix("$metadata")
                ? .sap(200, [("Content-Type", "application/xml"), date], PitfallDocument.version2)
                : .sap(200, [("Content-Type", "application/json"), date], Self.empty)
        }
        let service = try PitfallService(.v2, transport, options: { $0.metadata = .service })
        for _ in 0..<4 { _ = try await service.client.entities(Query("Orders")).collect() }
        let kinds = service.lines.map { $0.hasSuffix("$metadata") ? "metadata" : "orders" }
        #expect(kinds == ["metadata", "orders", "orders", "metadata", "orders", "orders"])
    }

    @Test func `pitfall 39: a 401 is a refusal whatever it asks for, and a page with 200 a lost logon`() async throws {
        let basic = ClientFakeAnswer.sap(
            401, [("WWW-Authenticate", "Basic realm=\"SAP NetWeaver\""), ("Content-Type", "text/html")],
            "<html>Logon failed</html>")
        let refused = try PitfallService(.v2, [basic, .json(Self.empty)], session: { $0.retries = Retries() })
        guard case .authentication(.refused, let why)? = await error(refused) else {
            Issue.record("not refused")
            return
        }
        #expect(why?.authenticationScheme == "Basic")
        // Nothing is tried again with another kind of credential.
        #expect(refused.requests.count == 1)
        let page = ClientFakeAnswer.sap(
            200, [("Content-Type", "text/html; charset=utf-8")], "<html><form>Logon</form></html>")
        let lost = try PitfallService(.v2, [page])
        #expect(await error(lost) == .authentication(.logonPage, nil))
    }

    @Test func `pitfall 40: a redirect to a logon or another host isn't followed, and no credential goes there`()
        async throws
    {
        for (location, isLogon) in [
            ("/sap/public/bc/icf/logon.html?sap-client=100", true),
            ("https://idp.example.com/saml2/sso?SAMLRequest=x", true),
            ("https://evil.example.com" + PitfallService.v2Path + "Orders", false), ("/other/", false),
        ] {
            let service = try PitfallService(
                .v2, [.sap(302, [("Location", location)]), .json(Self.empty)],
                session: { $0.authorization = { [.authorization: "Bearer secret"] } })
            switch await error(service) {
            case .authentication(.logonPage, _)?: #expect(isLogon, "\(location)")
            case .foreignLink?: #expect(!isLogon, "\(location)")
            case let other: Issue.record("threw \(String(describing: other))")
            }
            #expect(service.requests.map(\.authority) == [PitfallService.host])
        }
    }
}
