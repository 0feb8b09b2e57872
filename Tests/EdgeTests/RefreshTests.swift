import Connections
import Domain
@testable import Edge
import StrictJSON
import TestSupport
import Testing

@Suite("How a connection's refreshes stand, and one that is asked for")
struct RefreshTests {
    private static func token(_ rig: Rig) async throws -> Connection {
        try await rig.world.linkOAuth(try await rig.world.integrate("generic-oauth2-client-credentials"))
    }

    private static func answers(_ rig: Rig, with answer: @escaping FakeRefresher.Answer) {
        rig.world.refresher.answer(answer)
    }

    @Test func `a connection shows when its token ends and when the next one is due`() async throws {
        try await Rig.run { rig in
            let connection = try await Self.token(rig)
            let response = try await rig.send("GET", "/v1/connections/\(connection.id)")
            let refresh = try #require(try response.json["refresh"])
            #expect(refresh["token_expires_at"]?.string != nil)
            #expect(refresh["next_refresh_at"]?.string != nil)
            let due = refresh["next_refresh_at"]?.string ?? ""
            #expect(due < refresh["token_expires_at"]?.string ?? "", "ahead of its end")
            #expect(refresh["consecutive_failures"]?.int == 0)
            #expect(refresh["last_error"] == .null)
            #expect(refresh["scope_missing"]?.bool == false)
            #expect(response.header("etag") == "\"v\(connection.version)\"")
        }
    }

    @Test func `one without a token endpoint has nothing to show, and lists never show it`() async throws {
        try await Rig.run { rig in
            let fixtures = try await Fixtures.paths(rig)
            #expect(try await rig.send("GET", "/v1/connections/\(fixtures.connection)").json["refresh"] == .null)
            let list = try await rig.send("GET", "/v1/connections").json["result"]?.elements ?? []
            #expect(list.count == 1 && list.allSatisfy { $0["refresh"] == nil })
        }
    }

    @Test func `a refresh that is asked for is forced, and answers with the connection`() async throws {
        try await Rig.run { rig in
            let connection = try await Self.token(rig)
            let now = rig.world.clock.wall.now()
            Self.answers(rig) { (stored) throws(RefreshError) in .test("token-2", of: stored, obtainedAt: now) }
            let response = try await rig.send("POST", "/v1/connections/\(connection.id)/refresh")
            #expect(response.status == 200, "\(response)")
            #expect(try response.json["id"]?.string == connection.id.description)
            #expect(try response.json["refresh"]?.members?.count == 6)
            #expect(!response.text.contains("token-2"))
            #expect(rig.world.refresher.forced == 1)
        }
    }

    @Test func `what has no token endpoint can't be refreshed, and nothing is asked`() async throws {
        try await Rig.run { rig in
            let fixtures = try await Fixtures.paths(rig)
            let response = try await rig.send("POST", "/v1/connections/\(fixtures.connection)/refresh")
            #expect(response.status == 409)
            #expect(response.code == "not_refreshable")
            #expect(rig.world.refresher.asked == 0)
        }
    }

    @Test func `a suspended connection is not refreshed, and nothing is asked`() async throws {
        try await Rig.run { rig in
            let connection = try await Self.token(rig)
            _ = try await rig.send("PATCH", "/v1/connections/\(connection.id)", body: #"{"suspended":true}"#)
            let response = try await rig.send("POST", "/v1/connections/\(connection.id)/refresh")
            #expect(response.status == 409)
            #expect(response.code == "connection_suspended")
            #expect(rig.world.refresher.asked == 0)
        }
    }

    struct Failure: Sendable, CustomTestStringConvertible {
        let error: RefreshError
        let status: Int
        let code: String
        var reason: String?
        var retryAfter: String?

        var testDescription: String { "\(error)" }
    }

    @Test(arguments: [
        Failure(error: .ended(.invalidGrant), status: 409, code: "reauth_required", reason: "invalid_grant"),
        Failure(error: .ended(.answerLost), status: 409, code: "reauth_required", reason: "answer_lost"),
        Failure(
            error: .backingOff(.rateLimited, remaining: .milliseconds(1_500)), status: 503, code: "backing_off",
            reason: "rate_limited", retryAfter: "2"),
        Failure(
            error: .backingOff(.attemptsExhausted, remaining: .seconds(1_800)), status: 503, code: "backing_off",
            reason: "attempts_exhausted", retryAfter: "1800"),
        Failure(
            error: .backingOff(.outcomeUnknown, remaining: .zero), status: 503, code: "backing_off",
            reason: "outcome_unknown", retryAfter: "1"),
        Failure(error: .overloaded, status: 503, code: "overloaded", retryAfter: "1"),
        Failure(error: .storeUnavailable, status: 503, code: "unavailable", retryAfter: "1"),
        Failure(error: .timedOut, status: 504, code: "timed_out"),
        Failure(error: .envelopeRefused, status: 500, code: "envelope_refused"),
        Failure(error: .notFound, status: 404, code: "not_found"),
        Failure(error: .internalFailure, status: 500, code: "internal_error"),
    ])
    func `a refresh that brings no token says why`(_ failure: Failure) async throws {
        try await Rig.run { rig in
            let connection = try await Self.token(rig)
            Self.answers(rig) { (_) throws(RefreshError) in throw failure.error }
            let response = try await rig.send("POST", "/v1/connections/\(connection.id)/refresh")
            #expect(response.status == failure.status, "\(response)")
            #expect(response.code == failure.code)
            #expect(try response.json["reason"]?.string == failure.reason)
            #expect(response.header("retry-after") == failure.retryAfter)
        }
    }

    @Test func `who may only read can't have one refreshed`() async throws {
        try await Rig.run { rig in
            let connection = try await Self.token(rig)
            let reader = try await rig.makeKey(.readConnections)
            let path = "/v1/connections/\(connection.id)"
            #expect(try await rig.send("GET", path, key: reader).status == 200)
            let response = try await rig.send("POST", path + "/refresh", key: reader)
            #expect(response.status == 403)
            #expect(rig.world.refresher.asked == 0)
        }
    }

    @Test(arguments: ConnectionStatus.allCases)
    func `a list holds those of one status`(_ status: ConnectionStatus) async throws {
        try await Rig.run { rig in
            let fixtures = try await Fixtures.paths(rig)
            let response = try await rig.send("GET", "/v1/connections?status=\(status.rawValue)")
            #expect(response.status == 200)
            let ids = try response.json["result"]?.elements?.compactMap { $0["id"]?.string }
            #expect(ids == (status == .active ? [fixtures.connection.description] : []))
        }
    }
}
