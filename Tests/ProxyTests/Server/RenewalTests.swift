import Connections
import Domain
import NIOCore
import Observability
import Synchronization
import Testing

@testable import Proxy

@Suite("Renewing what ran out")
struct RenewalTests {
    private func answer(_ request: Message) -> String {
        if request["authorization"] == "Bearer new-token-123" { return ok(request.body) }
        return "HTTP/1.1 401 Unauthorized\r\nContent-Length: 4\r\nWWW-Authenticate: Bearer\r\n\r\nnope"
    }

    private func renewable(_ port: Int) throws -> UsableConnection {
        try Gate.usable(port: port, secret: "old-token-123", refreshable: true)
    }

    private func renewed(_ port: Int) throws -> UsableConnection {
        try Gate.usable(port: port, secret: "new-token-123", refreshable: true, tokenSetVersion: 2)
    }

    @Test(arguments: ["", "small body"])
    func `obtains another token after a 401 and sends the request again`(_ body: String) async throws {
        let (upstream, recorded) = try await Upstream.answering { answer($0) }
        try await Gate.with { gate in
            gate.opening.put(try renewable(upstream.port))
            gate.opening.state.withLock { $0.renewed[Gate.connection] = try? renewed(upstream.port) }
            let answer = try await gate.ask("POST", body: body)
            #expect(answer.status == 200)
            #expect(answer.body == body)
            #expect(recorded.all.map { $0["authorization"] } == ["Bearer old-token-123", "Bearer new-token-123"])
            // The newer one is kept.
            #expect(try await gate.ask().status == 200)
            #expect(gate.opening.reopens == 1)
            #expect(recorded.all.count == 3)
        }
        try await upstream.stop()
    }

    @Test func `sends a chunked body again in chunks`() async throws {
        let (upstream, recorded) = try await Upstream.answering { answer($0) }
        try await Gate.with { gate in
            gate.opening.put(try renewable(upstream.port))
            gate.opening.state.withLock { $0.renewed[Gate.connection] = try? renewed(upstream.port) }
            let answer = try await gate.send(
                "POST", "/proxy/\(Gate.connection)/a",
                headers: "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n")
            #expect(answer.body == "abcde")
            #expect(recorded.all.map(\.body) == ["abcde", "abcde"])
        }
        try await upstream.stop()
    }

    @Test func `tries once, and passes the second 401 without its challenge`() async throws {
        let (upstream, recorded) = try await Upstream.answering { _ in
            "HTTP/1.1 401 Unauthorized\r\nContent-Length: 4\r\nWWW-Authenticate: Bearer\r\n\r\nnope"
        }
        try await Gate.with { gate in
            gate.opening.put(try renewable(upstream.port))
            gate.opening.state.withLock { $0.renewed[Gate.connection] = try? renewed(upstream.port) }
            let answer = try await gate.ask()
            #expect(answer.status == 401)
            #expect(answer.body == "nope")
            #expect(answer["www-authenticate"] == nil)
            #expect(recorded.all.count == 2)
        }
        try await upstream.stop()
    }

    @Test func `passes a 401 when the credential can't be renewed or the body wasn't held`() async throws {
        let (upstream, recorded) = try await Upstream.answering { answer($0) }
        try await Gate.with({ $0.upstream.maxHeldBodyBytes = 8 }) { gate in
            gate.opening.put(try Gate.usable(port: upstream.port, secret: "old-token-123"))
            #expect(try await gate.ask().status == 401)
            gate.announcements.send(.connectionChanged(Gate.connection))
            gate.opening.put(try renewable(upstream.port))
            try await eventuallyOpened(gate, 2)
            #expect(try await gate.ask("POST", body: "longer than eight").status == 401)
            #expect(gate.opening.reopens == 0)
            #expect(recorded.all.allSatisfy { $0["authorization"] == "Bearer old-token-123" })
        }
        try await upstream.stop()
    }

    /// Asks for the token until the announcement has reached the loop and the connection was opened anew.
    private func eventuallyOpened(_ gate: Gate, _ count: Int) async throws {
        for _ in 0..<500 where gate.opening.opens < count {
            _ = try await gate.send("POST", "/v1/connections/\(Gate.connection)/token")
        }
        #expect(gate.opening.opens >= count)
    }

    @Test func `says why no other token could be had`() async throws {
        let (upstream, _) = try await Upstream.answering { answer($0) }
        try await Gate.with { gate in
            gate.opening.put(try renewable(upstream.port))
            gate.opening.state.withLock { $0.reopenFailure = .backingOff(remaining: .seconds(30)) }
            let answer = try await gate.ask()
            #expect(answer.status == 503)
            #expect(answer["retry-after"] == "30")
        }
        try await upstream.stop()
    }

    @Test func `opens again when the credential's time is up`() async throws {
        let (upstream, _) = try await Upstream.answering { _ in ok() }
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port, until: gate.clock.now() + .seconds(60)))
            _ = try await gate.ask()
            _ = try await gate.ask()
            #expect(gate.opening.opens == 1)
            gate.clock.advance(.seconds(60))
            gate.opening.put(
                try Gate.usable(port: upstream.port, until: gate.clock.now() + .seconds(60), tokenSetVersion: 2))
            _ = try await gate.ask()
            #expect(gate.opening.opens == 2)
        }
        try await upstream.stop()
    }

    static let announcements: [Announcement] = [
        .connectionChanged(Gate.connection), .integrationChanged(Gate.integration), .tenantChanged(Gate.tenant),
        .apiKeyRevoked(Gate.key), .gap,
    ]

    @Test(arguments: announcements)
    func `forgets a connection when it is told to`(_ announcement: Announcement) async throws {
        let (upstream, recorded) = try await Upstream.answering { _ in ok() }
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            #expect(try await gate.ask().status == 200)
            gate.opening.state.withLock { $0.connections = [:] }
            #expect(try await gate.ask().status == 200)
            gate.announcements.send(announcement)
            for _ in 0..<500 {
                guard try await gate.ask().status == 200 else { break }
            }
            let before = recorded.all.count
            #expect(try await gate.ask().status == 404)
            #expect(recorded.all.count == before)
        }
        try await upstream.stop()
    }

    @Test(arguments: [
        Announcement.connectionChanged(ConnectionID(high: 3, low: 2)),
        .integrationChanged(IntegrationID(high: 4, low: 2)),
        .tenantChanged(Gate.otherTenant), .apiKeyRevoked(Gate.otherKey),
    ])
    func `keeps what an announcement doesn't concern`(_ announcement: Announcement) async throws {
        let (upstream, _) = try await Upstream.answering { _ in ok() }
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            _ = try await gate.ask()
            gate.announcements.send(announcement)
            // One that does concern it, behind the other: when it has come, the first had as well.
            for _ in 0..<20 { _ = try await gate.ask() }
            #expect(gate.opening.opens == 1)
        }
        try await upstream.stop()
    }

    @Test func `ends with the caller token's own time`() async throws {
        let (upstream, _) = try await Upstream.answering { _ in ok() }
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            #expect(try await gate.ask().status == 200)
            gate.clock.advance(.seconds(300))
            #expect(try await gate.ask().status == 401)
        }
        try await upstream.stop()
    }

    @Test func `counts uses for the audit`() async throws {
        let (upstream, _) = try await Upstream.answering { _ in ok() }
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            for _ in 0..<5 { _ = try await gate.ask() }
            for _ in 0..<3 { _ = try await gate.send("POST", "/v1/connections/\(Gate.connection)/token") }
            let sum = { @Sendable (action: AuditEvent.Action) in
                gate.audit.all.filter { $0.action == action && $0.outcome == .success }.reduce(0) { $0 + $1.count }
            }
            try await eventually { sum(.proxyUsed) == 5 && sum(.upstreamTokenFetched) == 3 }
            let event = try #require(gate.audit.all.first)
            #expect(event.actor == Gate.key.description)
            #expect(event.object == Gate.connection.description)
            #expect(event.tenantID == Gate.tenant)
        }
        try await upstream.stop()
    }

    @Test func `sends to a connection's new origin, and no more to the old one`() async throws {
        let (first, atFirst) = try await Upstream.answering { _ in ok("first") }
        let (second, _) = try await Upstream.answering { _ in ok("second") }
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: first.port, until: gate.clock.now() + .seconds(10)))
            #expect(try await gate.ask().body == "first")
            gate.clock.advance(.seconds(10))
            gate.opening.put(
                try Gate.usable(port: second.port, until: gate.clock.now() + .seconds(10), tokenSetVersion: 2))
            #expect(try await gate.ask().body == "second")
            #expect(try await gate.ask().body == "second")
            #expect(atFirst.all.count == 1)
            // What was kept alive for the old origin is closed.
            try await eventually { first.closedCount == 1 }
            #expect(second.closedCount == 0)
        }
        try await first.stop()
        try await second.stop()
    }

    @Test func `bounds what a loop keeps, and opens again what went`() async throws {
        let (upstream, _) = try await Upstream.answering { _ in ok() }
        try await Gate.with({ $0.maxCachedConnections = 2 }) { gate in
            let ids = (1...4).map { ConnectionID(high: 3, low: $0) }
            for id in ids { gate.opening.put(try Gate.usable(port: upstream.port, id: id)) }
            for id in ids + ids { #expect(try await gate.ask(connection: id).status == 200) }
            #expect(gate.opening.opens > 4)
            try await eventually { upstream.acceptedCount - upstream.closedCount <= 2 }
        }
        try await upstream.stop()
    }

    @Test(arguments: [
        Announcement.connectionChanged(Gate.connection), .connectionChanged(ConnectionID(high: 3, low: 2)),
    ])
    func `keeps nothing that was being opened while it changed`(_ announcement: Announcement) async throws {
        let (upstream, _) = try await Upstream.answering { _ in ok() }
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            gate.opening.hold()
            let peer = try await gate.connect()
            peer.send("GET /proxy/\(Gate.connection)/a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\n\r\n")
            try await eventually { gate.opening.state.withLock { $0.gate != nil } }
            gate.announcements.send(announcement)
            // Answered by the loop after it has heard the announcement, or so soon that waiting once more is enough.
            for _ in 0..<50 { #expect(try await gate.send("GET", "/health/live").status == 200) }
            gate.opening.release()
            #expect(try await peer.message().status == 200)
            #expect(try await gate.ask().status == 200)
            #expect(gate.opening.opens == (announcement == .connectionChanged(Gate.connection) ? 2 : 1))
            peer.close()
        }
        try await upstream.stop()
    }

    @Test func `a request that comes after a change does not wait for an opening from before it`() async throws {
        let (upstream, _) = try await Upstream.answering { _ in ok() }
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            gate.opening.hold()
            let early = try await gate.connect()
            early.send("GET /proxy/\(Gate.connection)/a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\n\r\n")
            try await eventually { gate.opening.state.withLock { $0.gate != nil } }
            gate.announcements.send(.connectionChanged(Gate.connection))
            for _ in 0..<50 { #expect(try await gate.send("GET", "/health/live").status == 200) }
            // Only the early opening is held from here on.
            gate.opening.state.withLock { $0.isGated = false }
            #expect(try await gate.ask().status == 200)
            #expect(gate.opening.opens == 2)
            gate.opening.release()
            #expect(try await early.message().status == 200)
            // What the early one brought must not have replaced what came after the change.
            #expect(try await gate.ask().status == 200)
            #expect(gate.opening.opens == 2)
            early.close()
        }
        try await upstream.stop()
    }
}
