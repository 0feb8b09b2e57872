import HTTPTypes
import Testing

@testable import OData

@Suite("What a session sends and takes for an answer")
struct SessionHeadTests {
    private func asked(
        _ request: SessionRequest = SessionRequest(.get, "X"), url: String = SessionFixture.plainURL,
        _ change: (inout SessionOptions) -> Void = { _ in }
    ) async throws -> SessionFakeTransport.Asked {
        let transport = SessionFakeTransport()
        _ = try await SessionFixture.session(transport, url: url, change).send(request)
        return try #require(transport.asked.first)
    }

    @Test func `pitfall 11: JSON is asked for, as Atom would come without a word`() async throws {
        #expect(try await asked()["accept"] == "application/json")
        var request = SessionRequest(.get, "$metadata")
        request.headers[.accept] = "application/xml"
        #expect(try await asked(request)["accept"] == "application/xml")
    }

    @Test func `pitfall 36: the client is a query option of every request, and the URL's own wins`() async throws {
        #expect(try await asked { $0.sapClient = "100" }.path == "/service/X?sap-client=100")
        #expect(
            try await asked(SessionRequest(.get, "X?sap-client=200")) { $0.sapClient = "100" }.path
                == "/service/X?sap-client=200")
        #expect(
            try await asked(SessionRequest(.get, "X?$top=1")) { $0.sapClient = "1&x=y" }.path
                == "/service/X?$top=1&sap-client=1%26x%3Dy")
    }

    @Test(arguments: [
        ("en", "EN"), ("de-DE", "DE"), ("zh-Hant", "ZF"), ("zh-TW", "ZF"), ("zh-CN", "ZH"), ("sr-Latn-RS", "SH"),
        ("nb", "NO"),
    ])
    func `pitfall 37: the language goes in both forms`(tag: String, key: String) async throws {
        let asked = try await asked(url: SessionFixture.sapURL) { $0.language = ServiceLanguage(tag) }
        #expect(asked["accept-language"] == tag)
        #expect(asked.path.hasSuffix("?sap-client=100&sap-language=\(key)"))
    }

    @Test func `pitfall 37: a generic service gets the header alone`() async throws {
        let asked = try await asked { $0.language = ServiceLanguage("de") }
        #expect(asked["accept-language"] == "de")
        #expect(asked.path == "/service/X")
    }

    @Test(arguments: ["", "e", "eng", "en_US", "en-", "de\r\nX: y", "-en", "12", "en-123456789"])
    func `a text that is no language is refused`(tag: String) {
        #expect(ServiceLanguage(tag) == nil)
    }

    @Test func `fields of the options yield to the request's`() async throws {
        var request = SessionRequest(.get, "X")
        request.headers[.userAgent] = "mine"
        let asked = try await asked(request) { options in
            options.headers[.userAgent] = "default"
            options.headers[.from] = "a@b"
        }
        #expect(asked["user-agent"] == "mine")
        #expect(asked["from"] == "a@b")
    }

    @Test func `pitfall 34: SAP may stop working on a read that nobody waits for`() async throws {
        #expect(try await asked(url: SessionFixture.sapURL)["sap-cancel-on-close"] == "true")
        #expect(try await asked()["sap-cancel-on-close"] == nil)
    }

    @Test func `pitfall 38: facts of the head are given out`() async throws {
        let transport = SessionFakeTransport([
            answering(
                200,
                [
                    ("dataserviceversion", "2.0"), ("sap-statistics", "total=9"), ("sap-perf-fesrec", "9000.0"),
                    ("sap-processing-info", "x"), ("sap-metadata-last-modified", "Tue, 24 Nov 2026 10:00:00 GMT"),
                ])
        ])
        let facts = try await SessionFixture.session(transport).send(SessionRequest(.get, "X")).facts
        #expect(facts.dataServiceVersion == "2.0")
        #expect(facts.statistics == "total=9")
        #expect(facts.perfFesrec == "9000.0")
        #expect(facts.processingInfo == "x")
        #expect(facts.metadataLastModified == "Tue, 24 Nov 2026 10:00:00 GMT")
    }

    @Test func `pitfall 18: method and override header pass as they are`() async throws {
        let merge = try #require(HTTPRequest.Method("MERGE"))
        #expect(try await asked(SessionRequest(merge, "X('1')", body: [])).method == "MERGE")
        var tunnelled = SessionRequest(.post, "X('1')", body: [])
        tunnelled.headers[try #require(HTTPField.Name("X-HTTP-Method"))] = "MERGE"
        #expect(try await asked(tunnelled)["x-http-method"] == "MERGE")
    }

    @Test func `pitfall 48: a media type's parameters pass as they are`() async throws {
        let type = "application/json;odata.metadata=minimal;IEEE754Compatible=true"
        var request = SessionRequest(.post, "X", body: [])
        (request.headers[.accept], request.headers[.contentType]) = (type, type)
        let asked = try await asked(request)
        #expect(asked["accept"] == type)
        #expect(asked["content-type"] == type)
    }

    @Test func `not modified is an answer`() async throws {
        let transport = SessionFakeTransport([answering(304)])
        #expect(try await SessionFixture.session(transport).send(SessionRequest(.get, "X")).status == 304)
    }

    @Test func `a target out of the service isn't sent`() async throws {
        let transport = SessionFakeTransport()
        let session = try SessionFixture.session(transport)
        for target in ["../OTHER/X", "https://evil.example/X", "//evil.example/X", "X\r\nY"] {
            #expect(await sessionError { _ = try await session.send(SessionRequest(.get, target)) } == .foreignLink)
        }
        #expect(transport.asked.isEmpty)
    }

    @Test func `a body longer than allowed is not taken in`() async throws {
        let chunk = [UInt8](repeating: 0, count: 1_000)
        let endless = ResponseBody(next: { () async throws(TransportError) -> [UInt8]? in chunk }, cancel: {})
        let transport = SessionFakeTransport([
            { _ in .success(SessionFakeTransport.response(200, [], body: endless)) },
            answering(200, [("Content-Length", "1000000000")], "x"), answering(200, [], "12345"),
        ])
        let session = try SessionFixture.session(transport) { $0.maxBodyBytes = 10_000 }
        let error = await sessionError { _ = try await session.send(SessionRequest(.get, "X")).collect() }
        #expect(error == .limit(.bodyBytes(10_000)))
        let announced = await sessionError { _ = try await session.send(SessionRequest(.get, "X")).collect() }
        #expect(announced == .limit(.bodyBytes(10_000)))
        #expect(try await session.send(SessionRequest(.get, "X")).collect(maxBytes: 5) == Array("12345".utf8))
    }
}

@Suite("Who a session is for the service")
struct SessionAuthenticationTests {
    private struct Unavailable: Error {}

    private static func basic(_ text: String) -> SessionOptions.Authorization {
        { [.authorization: text] }
    }

    @Test func `the hook's fields go with every attempt and over the request's own`() async throws {
        let transport = SessionFakeTransport([answering(503), answering(200)])
        let session = try SessionFixture.session(transport) { $0.authorization = Self.basic("Bearer A") }
        var request = SessionRequest(.get, "X")
        request.headers[.authorization] = "Bearer stale"
        _ = try await session.send(request)
        #expect(transport.asked.map { $0["authorization"] } == ["Bearer A", "Bearer A"])
    }

    @Test func `a hook that fails sends nothing`() async throws {
        let transport = SessionFakeTransport()
        let session = try SessionFixture.session(transport) { $0.authorization = { throw Unavailable() } }
        let error = await sessionError { _ = try await session.send(SessionRequest(.get, "X")) }
        #expect(error == .authentication(.refused, nil))
        #expect(transport.asked.isEmpty)
    }

    @Test func `pitfall 39: a 401 isn't repeated, and the scheme that it names is told`() async throws {
        let transport = SessionFakeTransport([
            answering(401, [("WWW-Authenticate", "Basic realm=\"SAP NetWeaver\"")], "<html>")
        ])
        let session = try SessionFixture.session(transport) { $0.authorization = Self.basic("Bearer A") }
        let error = await sessionError { _ = try await session.send(SessionRequest(.get, "X")) }
        guard case .authentication(.refused, let service)? = error else {
            Issue.record("not refused: \(String(describing: error))")
            return
        }
        #expect(service?.authenticationScheme == "Basic")
        #expect(transport.asked.count == 1)
    }

    @Test func `a credential that can be renewed is, once`() async throws {
        let transport = SessionFakeTransport([
            answering(401, [("Set-Cookie", "SAP_SESSIONID_S4H_100=old; path=/")]), answering(401),
        ])
        let session = try SessionFixture.session(transport) { options in
            options.authorization = Self.basic("Bearer A")
            options.renewAuthorization = Self.basic("Bearer B")
        }
        let error = await sessionError { _ = try await session.send(SessionRequest(.get, "X")) }
        guard case .authentication(.refused, _)? = error else {
            Issue.record("not refused: \(String(describing: error))")
            return
        }
        #expect(transport.asked.map { $0["authorization"] } == ["Bearer A", "Bearer B"])
        #expect(transport.asked[1].cookies.isEmpty)
    }

    @Test func `a write after a renewal has a token of the new session`() async throws {
        let transport = SessionFakeTransport([
            answering(200, [("X-CSRF-Token", "T1")]), answering(401), answering(200, [("X-CSRF-Token", "T2")]),
            answering(201),
        ])
        let session = try SessionFixture.session(transport) { options in
            options.authorization = Self.basic("Bearer A")
            options.renewAuthorization = Self.basic("Bearer B")
        }
        _ = try await session.send(SessionFixture.write)
        #expect(transport.asked.map(\.method) == ["HEAD", "POST", "HEAD", "POST"])
        #expect(transport.asked.map { $0["authorization"] } == ["Bearer A", "Bearer A", "Bearer B", "Bearer B"])
        #expect(transport.asked[3].token == "T2")
    }

    @Test(arguments: ["text/html", "text/html; charset=utf-8", "TEXT/HTML", "application/xhtml+xml"])
    func `pitfall 39: a page where data was expected is a logon page, and the session is forgotten`(
        type: String
    ) async throws {
        let transport = SessionFakeTransport([
            answering(200, [("Set-Cookie", "SAP_SESSIONID_S4H_100=s; path=/"), ("X-CSRF-Token", "T")]),
            answering(200, [("Content-Type", type)], "<html><form name=\"SAMLRequest\">"), answering(200),
        ])
        let session = try SessionFixture.session(transport)
        _ = try await session.send(SessionRequest(.get, "X"))
        let error = await sessionError { _ = try await session.send(SessionRequest(.get, "X")) }
        #expect(error == .authentication(.logonPage, nil))
        _ = try await session.send(SessionRequest(.get, "X"))
        #expect(transport.asked[2].cookies.isEmpty)
        #expect(transport.asked[2].token == "Fetch")
    }

    @Test func `a page is an answer to who asks for anything`() async throws {
        let transport = SessionFakeTransport([answering(200, [("Content-Type", "text/html")], "<html>")])
        let session = try SessionFixture.session(transport)
        var request = SessionRequest(.get, "Attachment('1')/$value")
        request.headers[.accept] = "*/*"
        #expect(try await session.send(request).status == 200)
    }

    @Test(arguments: [
        "/sap/public/bc/icf/logon?sap-client=100", "https://idp.example/saml2/idp/sso?SAMLRequest=x",
        "https://login.example/",
        "https://x.example/oauth2/authorize",
    ])
    func `pitfall 40: a redirect to a logon isn't followed`(location: String) async throws {
        let transport = SessionFakeTransport([answering(302, [("Location", location)])])
        let session = try SessionFixture.session(transport)
        let error = await sessionError { _ = try await session.send(SessionRequest(.get, "X")) }
        guard case .authentication(.logonPage, _)? = error else {
            Issue.record("not a logon page: \(String(describing: error))")
            return
        }
        #expect(transport.asked.count == 1)
    }

    @Test(arguments: [
        "https://evil.example/sap/opu/odata/sap/API_BUSINESS_PARTNER/X", "/other",
        "http://erp.example/sap/opu/odata/sap/API_BUSINESS_PARTNER/X",
    ])
    func `pitfall 40: a redirect out of the service isn't followed`(location: String) async throws {
        let transport = SessionFakeTransport([answering(307, [("Location", location)])])
        let session = try SessionFixture.session(transport)
        let error = await sessionError { _ = try await session.send(SessionRequest(.get, "X")) }
        #expect(error == .foreignLink)
        #expect(transport.asked.count == 1)
    }

    @Test func `a read is led on within the service, once, and keeps the client`() async throws {
        let transport = SessionFakeTransport([
            answering(301, [("Location", "Y?$top=1")]), answering(302, [("Location", "Z")]), answering(200),
        ])
        let session = try SessionFixture.session(transport)
        let error = await sessionError { _ = try await session.send(SessionRequest(.get, "X")) }
        #expect(error?.serviceError?.status == 302)
        #expect(transport.asked.count == 2)
        #expect(transport.asked[1].path == "/sap/opu/odata/sap/API_BUSINESS_PARTNER/Y?$top=1&sap-client=100")
    }

    @Test func `a write is never led on`() async throws {
        let transport = SessionFakeTransport([
            answering(200, [("X-CSRF-Token", "T")]), answering(307, [("Location", "Y")]),
        ])
        let session = try SessionFixture.session(transport)
        let error = await sessionError { _ = try await session.send(SessionFixture.write) }
        #expect(error?.serviceError?.status == 307)
        #expect(transport.asked.count == 2)
    }

    @Test(arguments: ["", "X"])
    func `a redirect to itself or to nowhere ends`(location: String) async throws {
        let fields = location.isEmpty ? [] : [("Location", location + "?sap-client=100")]
        let transport = SessionFakeTransport([answering(302, fields)])
        let session = try SessionFixture.session(transport)
        let error = await sessionError { _ = try await session.send(SessionRequest(.get, "X")) }
        #expect(error?.serviceError?.status == 302)
        #expect(transport.asked.count == 1)
    }
}
