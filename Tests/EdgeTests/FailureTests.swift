import Connections
import Domain
@testable import Edge
import StrictJSON
import TestSupport
import Testing

@Suite("What fails below is told apart, and nothing of it leaks")
struct FailureTests {
    @Test(arguments: [
        (StoreError.unavailable, 503, "unavailable"), (.outcomeUnknown, 503, "outcome_unknown"),
        (.conflict(.tenantExternalID), 409, "external_id_taken"),
        (.conflict(.stillReferenced), 409, "still_referenced"),
        (.conflict(.integrationName), 409, "name_taken"), (.stale, 412, "stale"), (.notFound, 404, "not_found"),
        (.corrupt, 500, "internal_error"), (.failed, 500, "internal_error"),
    ])
    func `a store's error`(_ error: StoreError, _ status: Int, _ code: String) async throws {
        try await Rig.run { rig in
            rig.world.database.fail(.tenantCreate, with: error)
            let response = try await rig.send("POST", "/v1/tenants", body: #"{"name":"x"}"#)
            #expect(response.status == status)
            #expect(response.code == code)
            #expect((response.header("retry-after") != nil) == (status == 503))
            // It was one call that failed: the service goes on.
            #expect(try await rig.send("POST", "/v1/tenants", body: #"{"name":"x"}"#).status == 201)
        }
    }

    @Test func `an account that does not verify is a 422 that says why, and is not stored`() async throws {
        try await Rig.run { rig in
            let fixtures = try await Fixtures.paths(rig)
            let route = try #require(ControlPlaneRoute.all.first { $0.name == "POST /v1/connections" })
            let cases: [(FakeOutbound.Answer, failure: String, upstream: Int64?)] = [
                (
                    { (_) throws(OutboundError) in .test(401, "wrong password canary-upstream") }, "credential_refused",
                    401
                ),
                ({ (_) throws(OutboundError) in .test(500, "canary-upstream") }, "unexpected_status", 500),
                ({ (_) throws(OutboundError) in throw .unreachable }, "unreachable", nil),
                ({ (_) throws(OutboundError) in throw .destinationRefused }, "destination_refused", nil),
                ({ (_) throws(OutboundError) in throw .tlsFailed }, "tls_failed", nil),
            ]
            for (answer, failure, upstream) in cases {
                rig.world.outbound.answer(answer)
                let changes = rig.changes
                let response = try await rig.send("POST", "/v1/connections", body: fixtures.body(of: route))
                #expect(response.status == 422, "\(response)")
                #expect(try response.json["failure"]?.string == failure)
                #expect(try response.json["upstream_status"]?.int == upstream)
                #expect(!response.text.contains("canary-upstream"))
                #expect(rig.changes == changes)
            }
        }
    }

    @Test func `a credential that doesn't open is a 500 of its own`() async throws {
        try await Rig.run { rig in
            let fixtures = try await Fixtures.paths(rig)
            let entered = try #require(rig.world.database.stored(fixtures.connection)?.entered)
            var envelope = entered.envelope
            envelope[envelope.count - 1] ^= 1
            rig.world.database.tamper(
                fixtures.connection,
                entered: SealedSecret(
                    envelope: envelope, keyVersion: entered.keyVersion, recordVersion: entered.recordVersion))
            let response = try await rig.send("POST", "/v1/connections/\(fixtures.connection)/verify")
            #expect(response.status == 500)
            #expect(response.code == "envelope_refused")
            #expect(rig.world.database.events.contains { $0.action == .envelopeRefused })
        }
    }

    @Test func `an integration in use is not deleted, a taken name is refused`() async throws {
        try await Rig.run { rig in
            let fixtures = try await Fixtures.paths(rig)
            let used = try await rig.send("DELETE", "/v1/integrations/\(fixtures.integration)")
            #expect(used.status == 409)
            #expect(used.code == "still_referenced")
            let taken = try await rig.send(
                "POST", "/v1/integrations", body: #"{"name":"fixture","provider":"generic-basic"}"#)
            #expect(taken.code == "name_taken")
        }
    }

    @Test func `what takes too long is cancelled, and answered by something else`() async {
        let answer = await Deadline.race(.milliseconds(20), orElse: "fallback") {
            // Ends by cancellation alone: the stream never yields.
            for await _ in AsyncStream<Void>(unfolding: {
                try? await Task.sleep(for: .seconds(3_600)); return nil
            }) {}
            return "work"
        }
        #expect(answer == "fallback")
        #expect(await Deadline.race(.seconds(60), orElse: "fallback") { "work" } == "work")
    }

    @Test func `every error of a use case has a code of its own kind`() {
        let cases: [(UseCaseError, ProblemCode)] = [
            (.notFound(.tenant), .notFound), (.denied(.proxy), .permissionDenied), (.invalid([]), .invalidRequest),
            (.conflict(.environmentName), .nameTaken), (.stale, .stale), (.unavailable, .unavailable),
            (.outcomeUnknown, .outcomeUnknown), (.verificationFailed(.timedOut), .verificationFailed),
            (.unproved(ConnectionID(high: 1, low: 2), .timedOut), .verificationFailed),
            (.envelopeRefused, .envelopeRefused), (.timedOut, .timedOut), (.internalFailure, .internalError),
            (.refreshFailed(.notRefreshable), .notRefreshable), (.refreshFailed(.suspended), .connectionSuspended),
            (.refreshFailed(.reauthRequired(.invalidGrant)), .reauthRequired),
            (.refreshFailed(.backingOff(.rateLimited, remaining: .zero)), .backingOff),
            (.refreshFailed(.backingOff(nil, remaining: .zero)), .overloaded),
        ]
        for (error, code) in cases { #expect(Problem(error).code == code) }
    }

    @Test(arguments: [
        (Duration.zero, 1), (.milliseconds(-5), 1), (.milliseconds(1), 1), (.seconds(1), 1), (.milliseconds(1_001), 2),
        (.seconds(3_600), 3_600), (.seconds(Int64.max / 2), 86_400),
    ])
    func `who is told to come back later comes back when something has changed`(_ remaining: Duration, _ seconds: Int) {
        let problem = Problem(.refreshFailed(.backingOff(.tokenEndpointUnreachable, remaining: remaining)))
        #expect(problem.retryAfter == seconds)
        #expect(problem.reason == .tokenEndpointUnreachable)
    }

    @Test func `an account that stays without its proof is named`() throws {
        let id = ConnectionID(high: 1, low: 2)
        let answer = Problem(.unproved(id, .timedOut)).answer(requestID: "r")
        let json = try #require(try JSONValue.parse(answer.body))
        #expect(json["connection_id"]?.string == id.description)
        #expect(json["failure"]?.string == "timed_out")
        let gone = try #require(
            try JSONValue.parse(Problem(.verificationFailed(.timedOut)).answer(requestID: "r").body))
        #expect(gone["connection_id"] == nil)
    }
}
