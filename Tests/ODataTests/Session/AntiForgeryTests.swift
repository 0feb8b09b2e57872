import HTTPTypes
import Testing

@testable import OData

@Suite("A session's anti-forgery token")
struct SessionAntiForgeryTests {
    private static let token = [
        ("X-CSRF-Token", "T1"), ("Set-Cookie", "SAP_SESSIONID_S4H_100=s1; path=/; secure; HttpOnly"),
        ("Set-Cookie", "sap-usercontext=sap-client=100; path=/"),
    ]

    @Test func `pitfall 30: the first read asks for the token and the first write takes it along, without a fetch`()
        async throws
    {
        let transport = SessionFakeTransport([answering(200, Self.token), answering(200), answering(201)])
        let session = try SessionFixture.session(transport)
        _ = try await session.send(SessionRequest(.get, "A_BusinessPartner"))
        _ = try await session.send(SessionRequest(.get, "A_BusinessPartner"))
        _ = try await session.send(SessionFixture.write)
        let asked = transport.asked
        #expect(asked.map(\.method) == ["GET", "GET", "POST"])
        #expect(asked.map(\.token) == ["Fetch", nil, "T1"])
    }

    @Test func `pitfall 31: the token goes with all cookies of the answer that brought it`() async throws {
        let transport = SessionFakeTransport([answering(200, Self.token), answering(201)])
        let session = try SessionFixture.session(transport)
        _ = try await session.send(SessionRequest(.get, "A_BusinessPartner"))
        _ = try await session.send(SessionFixture.write)
        #expect(transport.asked[1].cookies == ["SAP_SESSIONID_S4H_100=s1", "sap-usercontext=sap-client=100"])
    }

    @Test func `a write without a token asks by HEAD of the service's root first`() async throws {
        let transport = SessionFakeTransport([answering(200, Self.token), answering(201)])
        let session = try SessionFixture.session(transport)
        _ = try await session.send(SessionFixture.write)
        let asked = transport.asked
        #expect(asked.map(\.method) == ["HEAD", "POST"])
        #expect(asked[0].path == "/sap/opu/odata/sap/API_BUSINESS_PARTNER/?sap-client=100")
        #expect(asked[0].token == "Fetch")
        #expect(asked[1].token == "T1")
    }

    @Test(arguments: [403, 404, 405, 501])
    func `pitfall 30: where HEAD is refused, GET of the root asks`(status: Int) async throws {
        let transport = SessionFakeTransport([answering(status), answering(200, Self.token), answering(201)])
        let session = try SessionFixture.session(transport)
        _ = try await session.send(SessionFixture.write)
        #expect(transport.asked.map(\.method) == ["HEAD", "GET", "POST"])
        #expect(transport.asked[2].token == "T1")
    }

    @Test func `a HEAD that succeeds without a token is followed by GET`() async throws {
        let transport = SessionFakeTransport([answering(200), answering(200, Self.token), answering(201)])
        let session = try SessionFixture.session(transport)
        _ = try await session.send(SessionFixture.write)
        #expect(transport.asked.map(\.method) == ["HEAD", "GET", "POST"])
    }

    @Test func `pitfall 30: a token is taken from an error too`() async throws {
        let transport = SessionFakeTransport([answering(404, Self.token), answering(201)])
        let session = try SessionFixture.session(transport)
        let error = await sessionError { _ = try await session.send(SessionRequest(.get, "Nowhere")) }
        #expect(error?.serviceError?.status == 404)
        _ = try await session.send(SessionFixture.write)
        #expect(transport.asked[1].token == "T1")
    }

    @Test(arguments: ["Required", "required", "REQUIRED"])
    func `pitfall 32: a 403 that requires a token is mended by one fetch and one replay`(word: String) async throws {
        let transport = SessionFakeTransport([
            answering(200, Self.token), answering(403, [("x-csrf-token", word)]),
            answering(200, [("X-CSRF-Token", "T2"), ("Set-Cookie", "SAP_SESSIONID_S4H_100=s2; path=/")]),
            answering(201),
        ])
        let session = try SessionFixture.session(transport)
        _ = try await session.send(SessionRequest(.get, "A_BusinessPartner"))
        _ = try await session.send(SessionFixture.write)
        let asked = transport.asked
        #expect(asked.map(\.token) == ["Fetch", "T1", "Fetch", "T2"])
        #expect(asked[3].cookies.contains("SAP_SESSIONID_S4H_100=s2"))
        #expect(asked[3].body == Array("{}".utf8))
    }

    @Test func `pitfall 32: a 403 whose text speaks of the token is one as well`() async throws {
        let transport = SessionFakeTransport([
            answering(200, Self.token),
            answering(403, [("content-type", "text/plain")], "CSRF token validation failed"),
            answering(200, [("X-CSRF-Token", "T2")]), answering(201),
        ])
        let session = try SessionFixture.session(transport)
        _ = try await session.send(SessionRequest(.get, "A_BusinessPartner"))
        _ = try await session.send(SessionFixture.write)
        #expect(transport.asked.last?.token == "T2")
    }

    @Test func `a second refusal is an error, and no third attempt is made`() async throws {
        let required = answering(403, [("X-CSRF-Token", "Required")])
        let transport = SessionFakeTransport([
            answering(200, Self.token), required, answering(200, [("X-CSRF-Token", "T2")]), required,
        ])
        let session = try SessionFixture.session(transport)
        _ = try await session.send(SessionRequest(.get, "A_BusinessPartner"))
        let error = await sessionError { _ = try await session.send(SessionFixture.write) }
        guard case .authentication(.csrfTokenRefused, let service)? = error else {
            Issue.record("not a refused token: \(String(describing: error))")
            return
        }
        #expect(service?.status == 403)
        #expect(transport.asked.count == 4)
    }

    @Test func `where the refetch brings no token the write isn't replayed`() async throws {
        let transport = SessionFakeTransport([answering(403, [("X-CSRF-Token", "Required")])])
        let session = try SessionFixture.session(transport, url: SessionFixture.plainURL)
        let error = await sessionError { _ = try await session.send(SessionFixture.write) }
        guard case .authentication(.csrfTokenRefused, _)? = error else {
            Issue.record("not a refused token: \(String(describing: error))")
            return
        }
        #expect(transport.asked.map(\.method) == ["POST", "HEAD", "GET"])
    }

    @Test func `another 403 is the service's refusal and fetches nothing`() async throws {
        let transport = SessionFakeTransport([
            answering(200, Self.token), answering(403, [], #"{"error":{"code":"X/1"}}"#),
        ])
        let session = try SessionFixture.session(transport)
        _ = try await session.send(SessionRequest(.get, "A_BusinessPartner"))
        let error = await sessionError { _ = try await session.send(SessionFixture.write) }
        guard case .service(let service)? = error else {
            Issue.record("not the service's: \(String(describing: error))")
            return
        }
        #expect(service.code == "X/1")
        #expect(transport.asked.count == 2)
    }

    @Test func `pitfall 28: a batch of reads takes the token along as every POST does`() async throws {
        let transport = SessionFakeTransport([answering(200, Self.token), answering(202)])
        let session = try SessionFixture.session(transport)
        _ = try await session.send(SessionRequest(.post, "$batch", body: [], isRepeatable: true))
        #expect(transport.asked.map(\.method) == ["HEAD", "POST"])
        #expect(transport.asked[1].token == "T1")
    }

    @Test func `pitfall 27: the client stands on the batch's own URL`() async throws {
        let transport = SessionFakeTransport([answering(200, Self.token), answering(202)])
        let session = try SessionFixture.session(transport)
        _ = try await session.send(SessionRequest(.post, "$batch", body: []))
        #expect(transport.asked[1].path == "/sap/opu/odata/sap/API_BUSINESS_PARTNER/$batch?sap-client=100")
    }

    @Test func `a generic service sees one header on one read and no fetch before a write`() async throws {
        let transport = SessionFakeTransport([answering(200), answering(200), answering(201)])
        let session = try SessionFixture.session(transport, url: SessionFixture.plainURL)
        _ = try await session.send(SessionRequest(.get, "People"))
        _ = try await session.send(SessionRequest(.get, "People"))
        _ = try await session.send(SessionFixture.write)
        #expect(transport.asked.map(\.token) == ["Fetch", nil, nil])
    }

    @Test func `a generic path that answers with SAP's headers is one of SAP's`() async throws {
        let transport = SessionFakeTransport([
            answering(200, [("sap-processing-info", "ODataBEP=")]), answering(200, [("X-CSRF-Token", "T1")]),
            answering(201),
        ])
        let session = try SessionFixture.session(transport, url: SessionFixture.plainURL)
        _ = try await session.send(SessionRequest(.get, "People"))
        _ = try await session.send(SessionFixture.write)
        #expect(transport.asked.map(\.method) == ["GET", "HEAD", "POST"])
    }

    @Test func `switched off, nothing is asked and a required token is an error at once`() async throws {
        let transport = SessionFakeTransport([answering(200), answering(403, [("X-CSRF-Token", "Required")])])
        let session = try SessionFixture.session(transport) { $0.antiForgery = .never }
        _ = try await session.send(SessionRequest(.get, "A_BusinessPartner"))
        let error = await sessionError { _ = try await session.send(SessionFixture.write) }
        guard case .authentication(.csrfTokenRefused, _)? = error else {
            Issue.record("not a refused token: \(String(describing: error))")
            return
        }
        #expect(transport.asked.map(\.token) == [nil, nil])
    }

    @Test func `a service without tokens is asked once, not before each write`() async throws {
        let transport = SessionFakeTransport([answering(200), answering(200)])
        let session = try SessionFixture.session(transport) { $0.antiForgery = .always }
        _ = try await session.send(SessionFixture.write)
        _ = try await session.send(SessionFixture.write)
        #expect(transport.asked.map(\.method) == ["HEAD", "GET", "POST", "POST"])
    }

    @Test func `behind a proxy that keeps the session neither tokens nor cookies are sent`() async throws {
        let transport = SessionFakeTransport(
            [answering(200, Self.token), answering(201)], keepsSession: true)
        let session = try SessionFixture.session(transport)
        _ = try await session.send(SessionRequest(.get, "A_BusinessPartner"))
        _ = try await session.send(SessionFixture.write)
        #expect(transport.asked.map(\.token) == [nil, nil])
        #expect(transport.asked.map(\.cookies) == [[], []])
    }

    @Test func `a fetch that can't reach the service tells that the write wasn't sent`() async throws {
        let transport = SessionFakeTransport([failing(.broken(isSent: true))])
        let session = try SessionFixture.session(transport) { $0.retries = .none }
        let error = await sessionError { _ = try await session.send(SessionFixture.write) }
        #expect(error == .transport(.broken(isSent: false)))
        #expect(transport.asked.map(\.method) == ["HEAD"])
    }

    @Test func `credentials that are refused by the fetch are not spent on the write`() async throws {
        let transport = SessionFakeTransport([answering(401), answering(401)])
        let session = try SessionFixture.session(transport)
        let error = await sessionError { _ = try await session.send(SessionFixture.write) }
        guard case .authentication(.refused, _)? = error else {
            Issue.record("not refused: \(String(describing: error))")
            return
        }
        #expect(transport.asked.map(\.method) == ["HEAD", "GET"])
    }

    @Test func `an answer to an earlier request doesn't part the token from its cookies`() async throws {
        let door = SessionDoor()
        let transport = SessionFakeTransport([
            answering(200, [("X-CSRF-Token", "T0"), ("Set-Cookie", "SAP_SESSIONID_S4H_100=s0; path=/")]),
            { _ in
                await door.pass()
                return .success(
                    SessionFakeTransport.response(200, [("Set-Cookie", "SAP_SESSIONID_S4H_100=late; path=/")]))
            },
            answering(403, [("X-CSRF-Token", "Required")]), answering(200, Self.token), answering(201), answering(201),
        ])
        let session = try SessionFixture.session(transport)
        _ = try await session.send(SessionRequest(.get, "A"))
        async let late = session.send(SessionRequest(.get, "B"))
        #expect(await SessionFixture.eventually { transport.asked.count == 2 })
        _ = try await session.send(SessionFixture.write)
        door.open()
        _ = try await late
        _ = try await session.send(SessionFixture.write)
        #expect(transport.asked.last?.token == "T1")
        #expect(transport.asked.last?.cookies.contains("SAP_SESSIONID_S4H_100=s1") == true)
    }
}

@Suite("Writers that need a token at once")
struct SessionSingleFlightTests {
    private static func fetching(
        _ door: SessionDoor, _ result: Result<TransportResponse, TransportError>
    ) -> SessionFakeTransport.Step {
        { _ in
            await door.pass()
            return result
        }
    }

    private static let token = SessionFakeTransport.response(200, [("X-CSRF-Token", "T1")])

    @Test func `share one fetch`() async throws {
        let door = SessionDoor()
        let clock = SessionFakeClock(isAutomatic: false)
        let transport = SessionFakeTransport([Self.fetching(door, .success(Self.token))], otherwise: answering(201))
        let session = try SessionFixture.session(transport, clock: clock)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<20 { group.addTask { _ = try await session.send(SessionFixture.write) } }
            #expect(await SessionFixture.eventually { clock.sleeperCount == 19 })
            door.open()
            try await group.waitForAll()
        }
        let asked = transport.asked
        #expect(asked.filter { $0.method == "HEAD" }.count == 1)
        #expect(asked.filter { $0.method == "POST" && $0.token == "T1" }.count == 20)
    }

    @Test func `share its failure, which isn't remembered`() async throws {
        let door = SessionDoor()
        let clock = SessionFakeClock(isAutomatic: false)
        let transport = SessionFakeTransport(
            [Self.fetching(door, .failure(.untrusted)), { _ in .success(Self.token) }], otherwise: answering(201))
        let session = try SessionFixture.session(transport, clock: clock)
        let errors = await withTaskGroup(of: ODataError?.self) { group in
            for _ in 0..<5 {
                group.addTask { await sessionError { _ = try await session.send(SessionFixture.write) } }
            }
            #expect(await SessionFixture.eventually { clock.sleeperCount == 4 })
            door.open()
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(errors == Array(repeating: .transport(.untrusted), count: 5))
        _ = try await session.send(SessionFixture.write)
        #expect(transport.asked.map(\.method) == ["HEAD", "HEAD", "POST"])
    }

    @Test func `aren't disturbed when one that waits is cancelled`() async throws {
        let door = SessionDoor()
        let clock = SessionFakeClock(isAutomatic: false)
        let transport = SessionFakeTransport([Self.fetching(door, .success(Self.token))], otherwise: answering(201))
        let session = try SessionFixture.session(transport, clock: clock)
        // All three are awaited below.
        let leader = Task { try await session.send(SessionFixture.write) }
        #expect(await SessionFixture.eventually { transport.asked.count == 1 })
        let waiting = Task { try await session.send(SessionFixture.write) }
        let cancelled = Task { await sessionError { _ = try await session.send(SessionFixture.write) } }
        #expect(await SessionFixture.eventually { clock.sleeperCount == 2 })
        cancelled.cancel()
        #expect(await cancelled.value == .cancelled)
        door.open()
        _ = try await (leader.value, waiting.value)
        #expect(transport.asked.map(\.method) == ["HEAD", "POST", "POST"])
    }

    @Test func `go on with another leader when the first is cancelled`() async throws {
        let door = SessionDoor()
        let clock = SessionFakeClock(isAutomatic: false)
        let transport = SessionFakeTransport(
            [Self.fetching(door, .failure(.cancelled(isSent: true))), { _ in .success(Self.token) }],
            otherwise: answering(201))
        let session = try SessionFixture.session(transport, clock: clock)
        // Both are awaited below.
        let leader = Task { await sessionError { _ = try await session.send(SessionFixture.write) } }
        #expect(await SessionFixture.eventually { transport.asked.count == 1 })
        let waiting = Task { try await session.send(SessionFixture.write) }
        #expect(await SessionFixture.eventually { clock.sleeperCount == 1 })
        leader.cancel()
        door.open()
        #expect(await leader.value == .cancelled)
        _ = try await waiting.value
        #expect(transport.asked.map(\.method) == ["HEAD", "HEAD", "POST"])
    }

    @Test func `go on with another leader when the first has no time left`() async throws {
        let door = SessionDoor()
        let clock = SessionFakeClock(isAutomatic: false)
        let transport = SessionFakeTransport(
            [Self.fetching(door, .failure(.timedOut(isSent: true))), { _ in .success(Self.token) }],
            otherwise: answering(201))
        let session = try SessionFixture.session(transport, clock: clock)
        var hurried = SessionFixture.write
        hurried.deadline = clock.now + .seconds(1)
        let request = hurried
        // Both are awaited below.
        let leader = Task { await sessionError { _ = try await session.send(request) } }
        #expect(await SessionFixture.eventually { transport.asked.count == 1 })
        let waiting = Task { try await session.send(SessionFixture.write) }
        #expect(await SessionFixture.eventually { clock.sleeperCount == 1 })
        clock.advance(by: .seconds(1))
        door.open()
        #expect(await leader.value == .transport(.timedOut(isSent: false)))
        _ = try await waiting.value
        #expect(transport.asked.map(\.method) == ["HEAD", "HEAD", "POST"])
    }

    @Test func `wait no longer than their own deadline`() async throws {
        let door = SessionDoor()
        let clock = SessionFakeClock(isAutomatic: false)
        let transport = SessionFakeTransport([Self.fetching(door, .success(Self.token))], otherwise: answering(201))
        let session = try SessionFixture.session(transport, clock: clock)
        let leader = Task { try await session.send(SessionFixture.write) }
        #expect(await SessionFixture.eventually { transport.asked.count == 1 })
        var hurried = SessionFixture.write
        hurried.deadline = clock.now + .seconds(1)
        let request = hurried
        let waiting = Task { await sessionError { _ = try await session.send(request) } }
        #expect(await SessionFixture.eventually { clock.sleeperCount == 1 })
        clock.advance(by: .seconds(1))
        #expect(await waiting.value == .deadline)
        door.open()
        _ = try await leader.value
    }
}
