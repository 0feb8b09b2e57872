import HTTPTypes
import Testing

@testable import OData

@Suite("What a session tries again")
struct SessionRetryTests {
    private static let read = SessionRequest(.get, "A_BusinessPartner")

    private func outcome(
        _ steps: [SessionFakeTransport.Step], _ request: SessionRequest = SessionRetryTests.read,
        url: String = SessionFixture.plainURL, _ change: (inout SessionOptions) -> Void = { _ in }
    ) async throws -> (error: ODataError?, asked: Int, waits: [Duration]) {
        let clock = SessionFakeClock()
        let transport = SessionFakeTransport(steps)
        let session = try SessionFixture.session(transport, url: url, clock: clock, change)
        let error = await sessionError { _ = try await session.send(request) }
        return (error, transport.asked.count, clock.waits)
    }

    @Test(arguments: [429, 502, 503, 504])
    func `a read is repeated after a status that passes`(status: Int) async throws {
        let result = try await outcome([answering(status), answering(200)])
        #expect(result.error == nil)
        #expect(result.asked == 2)
    }

    @Test(arguments: [400, 404, 406, 408, 409, 410, 412, 428, 500, 501])
    func `a read is not repeated after a status that stays`(status: Int) async throws {
        let result = try await outcome([answering(status)])
        #expect(result.error?.serviceError?.status == status)
        #expect(result.asked == 1)
    }

    @Test(arguments: [429, 502, 503, 504], ["POST", "PATCH", "PUT", "DELETE", "MERGE"])
    func `a write is sent once, whatever the status`(status: Int, method: String) async throws {
        let method = try #require(HTTPRequest.Method(method))
        let result = try await outcome([answering(status)], SessionRequest(method, "A_BusinessPartner('1')", body: []))
        #expect(result.error?.serviceError?.status == status)
        #expect(result.asked == 1)
    }

    @Test func `a write that its caller declares repeatable is repeated`() async throws {
        let result = try await outcome(
            [answering(503), answering(200)], SessionRequest(.post, "A/$query", body: [], isRepeatable: true))
        #expect(result.error == nil)
        #expect(result.asked == 2)
    }

    @Test(arguments: [TransportError.unreachable, .broken(isSent: false), .overloaded])
    func `a write that wasn't sent is repeated`(error: TransportError) async throws {
        let result = try await outcome([failing(error), answering(201)], SessionFixture.write)
        #expect(result.error == nil)
        #expect(result.asked == 2)
    }

    @Test(arguments: [
        TransportError.broken(isSent: true), .timedOut(isSent: true), .malformed, .cancelled(isSent: true),
    ])
    func `a write that may have been seen is not repeated, and says so`(error: TransportError) async throws {
        let result = try await outcome([failing(error)], SessionFixture.write)
        #expect(result.error == .transport(error))
        #expect(result.error?.isOutcomeUnknown == true)
        #expect(result.asked == 1)
    }

    @Test func `what a later attempt didn't send doesn't hide that an earlier one may have been seen`() async throws {
        var request = SessionFixture.write
        request.isRepeatable = true
        let lost = failing(.broken(isSent: true))
        let result = try await outcome([lost] + Array(repeating: failing(.unreachable), count: 3), request)
        #expect(result.error == .transport(.broken(isSent: true)))
        #expect(result.error?.isOutcomeUnknown == true)
        #expect(result.asked == 4)
        let refused = try await outcome([lost, answering(412)], request)
        #expect(refused.error?.serviceError?.status == 412)
    }

    @Test(arguments: [TransportError.untrusted, .timedOut(isSent: false), .malformed])
    func `what another attempt doesn't mend isn't tried again`(error: TransportError) async throws {
        let result = try await outcome([failing(error)])
        #expect(result.error == .transport(error))
        #expect(result.asked == 1)
    }

    @Test func `attempts end at the bound, and the last failure is told`() async throws {
        let result = try await outcome(Array(repeating: answering(503), count: 9))
        #expect(result.error?.serviceError?.status == 503)
        #expect(result.asked == 4)
    }

    @Test func `waits double and are drawn from their whole range`() async throws {
        let result = try await outcome(Array(repeating: answering(503), count: 9))
        #expect(result.waits == [.milliseconds(250), .milliseconds(500), .seconds(1)])
    }

    @Test func `waits grow no longer than the bound`() {
        let retries = Retries(maxAttempts: .max)
        let delay = retries.delay(
            after: .status(503, retryAfter: nil), attempts: 60, isRepeatable: true, remaining: .seconds(999),
            random: 0.999)
        #expect(delay.map { $0 < .seconds(20) && $0 > .seconds(19) } == true)
    }

    @Test func `Retry-After in seconds is the least that is waited`() async throws {
        let result = try await outcome([answering(429, [("Retry-After", "7")]), answering(200)])
        #expect(result.waits == [.milliseconds(7_250)])
    }

    @Test(arguments: [
        ("Wed, 25 Nov 2026 10:00:09 GMT", "Wed, 25 Nov 2026 10:00:04 GMT"),
        ("Wednesday, 25-Nov-26 10:00:09 GMT", "Wed, 25 Nov 2026 10:00:04 GMT"),
        ("Wed Nov 25 10:00:09 2026", "Wed Nov 25 10:00:04 2026"),
    ])
    func `Retry-After as a date is read against the answer's own clock`(until: String, now: String) async throws {
        let result = try await outcome([answering(503, [("Retry-After", until), ("Date", now)]), answering(200)])
        #expect(result.waits == [.milliseconds(5_250)])
    }

    @Test func `a wait that the deadline leaves no room for isn't begun`() async throws {
        let result = try await outcome([answering(503, [("Retry-After", "121")]), answering(200)])
        #expect(result.error?.serviceError?.retryAfter == .seconds(121))
        #expect(result.asked == 1)
        #expect(result.waits.isEmpty)
    }

    @Test(arguments: ["99999999999999999999", "-1", "soon", "", "1e3", "Wed, 99 Nov 2026 10:00:09 GMT"])
    func `a Retry-After that is none or endless stops nothing`(text: String) async throws {
        let result = try await outcome([answering(503, [("Retry-After", text)]), answering(200)])
        #expect(result.asked <= 2)
        #expect(result.waits.allSatisfy { $0 < .seconds(2) })
    }

    @Test func `a deadline that has passed sends nothing`() async throws {
        let clock = SessionFakeClock()
        let transport = SessionFakeTransport()
        let session = try SessionFixture.session(transport, clock: clock)
        let request = SessionRequest(.get, "A", deadline: clock.now - .seconds(1))
        #expect(await sessionError { _ = try await session.send(request) } == .deadline)
        #expect(transport.asked.isEmpty)
    }

    @Test func `the transport is given what is left of the operation's time`() async throws {
        let clock = SessionFakeClock()
        let transport = SessionFakeTransport([answering(503, [("Retry-After", "30")]), answering(200)])
        let session = try SessionFixture.session(transport, clock: clock)
        let start = clock.now
        _ = try await session.send(Self.read)
        #expect(transport.asked.map(\.deadline) == [start + .seconds(120), start + .seconds(120)])
    }

    @Test func `a cancelled task doesn't wait for the next attempt`() async throws {
        let clock = SessionFakeClock(isAutomatic: false)
        let transport = SessionFakeTransport([answering(503), answering(200)])
        let session = try SessionFixture.session(transport, url: SessionFixture.plainURL, clock: clock)
        let task = Task { await sessionError { _ = try await session.send(Self.read) } }
        #expect(await SessionFixture.eventually { clock.sleeperCount == 1 })
        task.cancel()
        #expect(await task.value == .cancelled)
        #expect(transport.asked.count == 1)
    }

    @Test func `a vault's refusal is repeated only where it passes and the service hasn't seen it`() async throws {
        let busy = TransportError.refused(ProxyProblem(status: 503, code: .upstreamBusy, retryAfter: .seconds(1)))
        #expect(try await outcome([failing(busy), answering(201)], SessionFixture.write).error == nil)
        let lost = TransportError.refused(ProxyProblem(status: 504, code: .upstreamTimedOut))
        #expect(try await outcome([failing(lost), answering(201)], SessionFixture.write).error == .transport(lost))
        let unlinked = TransportError.refused(ProxyProblem(status: 409, code: .reauthRequired))
        #expect(try await outcome([failing(unlinked), answering(200)]).asked == 1)
    }
}
