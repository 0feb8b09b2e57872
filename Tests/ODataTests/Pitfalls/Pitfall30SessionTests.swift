import OData
import Testing

@Suite("Pitfalls 30–35: anti-forgery tokens, cookies and sessions")
struct Pitfall30SessionTests {
    private static let data = ("Content-Type", "application/json")
    private static let empty = #"{"d":{"results":[]}}"#

    private static func fetched(_ token: String, _ session: String, status: Int = 200) -> ClientFakeAnswer {
        .sap(
            status,
            [
                data, ("x-csrf-token", token), ("set-cookie", "sap-usercontext=sap-client=100; path=/"),
                ("set-cookie", "SAP_SESSIONID_S4H_100=\(session); path=/; secure; HttpOnly"),
            ], empty)
    }

    private static let required = ClientFakeAnswer.sap(
        403, [("x-csrf-token", "Required"), ("Content-Type", "text/plain")], "CSRF token validation failed")

    private func service(_ answers: [ClientFakeAnswer]) throws -> PitfallService {
        try PitfallService(.v2, answers, query: "?sap-client=100", session: { $0.antiForgery = .automatic })
    }

    private func create(_ service: PitfallService) async throws {
        var order = Entity()
        order["Note"] = "a"
        try await service.client.create(order, in: Query("Orders"))
    }

    private func tokens(_ service: PitfallService) -> [String?] { service.requests.map { $0.header("X-CSRF-Token") } }

    @Test func `pitfall 30: a token comes with a read, by HEAD, by GET where HEAD is refused, and with errors`()
        async throws
    {
        let reading = try service([Self.fetched("T1", "s1"), .status(201)])
        _ = try await reading.client.entities(Query("Orders")).collect()
        try await create(reading)
        #expect(reading.requests.map(\.method) == ["GET", "POST"])
        #expect(tokens(reading) == ["Fetch", "T1"])
        for status in [403, 405] {
            let refusing = try service([.status(status), Self.fetched("T2", "s2"), .status(201)])
            try await create(refusing)
            let root = PitfallService.v2Path
            #expect(
                refusing.lines == [
                    "HEAD \(root)?sap-client=100", "GET \(root)?sap-client=100", "POST \(root)Orders?sap-client=100",
                ])
            #expect(tokens(refusing) == ["Fetch", "Fetch", "T2"])
        }
        let failing = try service([Self.fetched("T3", "s3", status: 404), .status(201)])
        _ = await clientError { () async throws(ODataError) in
            _ = try await failing.client.entity(Query("Orders").key("1"))
        }
        try await create(failing)
        #expect(tokens(failing) == ["Fetch", "T3"])
    }

    @Test func `pitfall 31: a token goes with all the cookies that came with it`() async throws {
        let service = try service([
            .sap(
                200,
                [
                    Self.data, ("x-csrf-token", "T1"), ("set-cookie", "SAP_SESSIONID_S4H_100=s1; path=/; secure"),
                    ("set-cookie", "sap-usercontext=sap-client=100; path=/"), ("set-cookie", "MYSAPSSO2=AjEx; path=/"),
                    ("set-cookie", "BIGipServer=1.2.3; path=/"),
                ], Self.empty), .status(201),
        ])
        _ = try await service.client.entities(Query("Orders")).collect()
        try await create(service)
        let write = try #require(service.requests.last)
        #expect(write.header("X-CSRF-Token") == "T1")
        #expect(
            write.cookies == [
                "SAP_SESSIONID_S4H_100=s1", "sap-usercontext=sap-client=100", "MYSAPSSO2=AjEx", "BIGipServer=1.2.3",
            ])
    }

    @Test func `pitfall 32: a refused token is fetched again once, and the write replayed once`() async throws {
        let bare = ClientFakeAnswer.sap(403, [("Content-Type", "text/plain")], "CSRF token validation failed")
        for refusal in [Self.required, bare] {
            let service = try service([
                Self.fetched("T1", "s1"), refusal, Self.fetched("T2", "s2"), .status(201),
            ])
            _ = try await service.client.entities(Query("Orders")).collect()
            try await create(service)
            #expect(tokens(service) == ["Fetch", "T1", "Fetch", "T2"])
            #expect(service.requests[3].cookies.contains("SAP_SESSIONID_S4H_100=s2"))
            #expect(
                service.requests.filter { $0.method == "POST" }.map(\.text) == [#"{"Note":"a"}"#, #"{"Note":"a"}"#])
        }
        let stubborn = try service([
            Self.fetched("T1", "s1"), Self.required, Self.fetched("T2", "s2"), Self.required, .status(201),
        ])
        _ = try await stubborn.client.entities(Query("Orders")).collect()
        do {
            try await create(stubborn)
            Issue.record("created")
        } catch let error as ODataError {
            guard case .authentication(.csrfTokenRefused, _) = error else {
                Issue.record("threw \(error)")
                return
            }
        }
        #expect(stubborn.requests.count == 4)
    }

    @Test func `pitfall 33: clients of two users share neither token nor cookies`() async throws {
        let transport = ClientFakeTransport([
            Self.fetched("T1", "s1"), Self.fetched("T2", "s2"), .status(201), .status(201),
        ])
        func user() throws -> PitfallService {
            try PitfallService(.v2, transport, session: { $0.antiForgery = .automatic })
        }
        let (one, other) = (try user(), try user())
        _ = try await one.client.entities(Query("Orders")).collect()
        _ = try await other.client.entities(Query("Orders")).collect()
        try await create(one)
        try await create(other)
        let requests = transport.requests
        #expect(requests.map { $0.header("X-CSRF-Token") } == ["Fetch", "Fetch", "T1", "T2"])
        #expect(requests[1].cookies.isEmpty)
        #expect(requests[2].cookies.contains("SAP_SESSIONID_S4H_100=s1"))
        #expect(requests[3].cookies.contains("SAP_SESSIONID_S4H_100=s2"))
        #expect(!requests[3].cookies.contains("SAP_SESSIONID_S4H_100=s1"))
    }

    @Test func `pitfall 34: a work process isn't kept, unless a stateful session is wanted`() async throws {
        let pinned = ClientFakeAnswer.sap(
            200, [Self.data, ("set-cookie", "sap-contextid=SID%3aANON%3as4; path=/"), ("set-cookie", "a=1; path=/")],
            Self.empty)
        for keeps in [false, true] {
            let service = try PitfallService(
                .v2, [pinned, .json(Self.empty)], session: { $0.keepsContext = keeps })
            _ = try await service.client.entities(Query("Orders")).collect()
            _ = try await service.client.entities(Query("Orders")).collect()
            #expect(service.requests[1].cookies == (keeps ? ["a=1", "sap-contextid=SID%3aANON%3as4"] : ["a=1"]))
            #expect(service.requests.map { $0.header("sap-cancel-on-close") } == ["true", "true"])
        }
    }

    @Test func `pitfall 35: several Set-Cookie headers are several cookies, commas in their dates and all`()
        async throws
    {
        let service = try service([
            .sap(
                200,
                [
                    Self.data, ("set-cookie", "a=1; expires=Fri, 01-Jan-2100 00:00:00 GMT; path=/"),
                    ("Set-Cookie", "b=2,3; path=/"), ("SET-COOKIE", "c=4; path=/"),
                ], Self.empty), .json(Self.empty),
        ])
        _ = try await service.client.entities(Query("Orders")).collect()
        _ = try await service.client.entities(Query("Orders")).collect()
        #expect(service.requests[1].cookies == ["a=1", "b=2,3", "c=4"])
    }
}
