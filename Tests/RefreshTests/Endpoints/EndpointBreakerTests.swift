import Domain
import Refresh
import Testing

@Suite("A token endpoint that fails is left alone")
struct EndpointBreakerTests {
    @Test func `five failures in a row open it, four don't`() {
        let endpoint = EndpointDriver()
        for _ in 0..<4 { endpoint.run(.down) }
        #expect(endpoint.standing.state == .closed && endpoint.standing.consecutiveFailures == 4)
        endpoint.run(.failed(.tokenEndpointMalformed, retryAfter: nil))
        #expect(endpoint.standing.state == .open)
        #expect(endpoint.ask().verdict == .blocked(.tokenEndpointMalformed, until: endpoint.now + .seconds(1)))
        #expect(endpoint.state.inFlight == 0)
    }

    @Test(arguments: [
        EndpointOutcome.succeeded, .grantRefused, .refusedWithoutReason(.numbered(1)), .clientRefused(.numbered(1)),
    ])
    func `an answer between failures begins the count anew`(answer: EndpointOutcome) {
        let endpoint = EndpointDriver()
        for _ in 0..<10 {
            for _ in 0..<4 { endpoint.run(.down) }
            endpoint.run(answer)
        }
        #expect(endpoint.standing.state == .closed && endpoint.standing.consecutiveFailures == 0)
    }

    @Test func `what was not sent neither counts nor mends`() {
        let endpoint = EndpointDriver()
        for _ in 0..<4 { endpoint.run(.down) }
        for _ in 0..<100 { endpoint.run(.notSent) }
        #expect(endpoint.standing.consecutiveFailures == 4)
        endpoint.run(.down)
        #expect(endpoint.standing.state == .open)
    }

    @Test func `it is shut until it has worked again, and where the server says to wait`() {
        let endpoint = EndpointDriver()
        for _ in 0..<4 { endpoint.run(.down) }
        #expect(!endpoint.state.isShut(now: endpoint.now))
        endpoint.run(.down)
        #expect(endpoint.state.isShut(now: endpoint.now))
        endpoint.pass(.seconds(7_200))
        #expect(endpoint.state.isShut(now: endpoint.now))
        let probe = endpoint.attempt()
        #expect(endpoint.state.isShut(now: endpoint.now))
        if let probe { endpoint.report(probe, .succeeded) }
        #expect(!endpoint.state.isShut(now: endpoint.now))
        endpoint.pass(.seconds(1))
        endpoint.run(.rateLimited(.seconds(5)))
        #expect(endpoint.state.isShut(now: endpoint.now))
        endpoint.pass(.seconds(5))
        #expect(!endpoint.state.isShut(now: endpoint.now))
    }

    @Test func `one probe among a thousand who ask when the wait is over`() throws {
        let endpoint = EndpointDriver()
        endpoint.breakIt()
        endpoint.pass(.seconds(1) - .nanoseconds(1))
        #expect(endpoint.fill().isEmpty)
        endpoint.pass(.nanoseconds(1))
        #expect(endpoint.standing.state == .halfOpen)
        let admitted = (0..<1_000).compactMap { _ in endpoint.attempt(as: .scheduled) }
        #expect(admitted.count == 1)
        // Nor does time alone let a second one through.
        endpoint.pass(.seconds(7_200))
        #expect(endpoint.fill().isEmpty)
        endpoint.report(try #require(admitted.first), .down)
        #expect(endpoint.standing.state == .open)
    }

    @Test func `waits double to a minute, half of them by chance`() {
        let endpoint = EndpointDriver()
        endpoint.breakIt()
        var waits: [Duration] = []
        for round in 0..<9 {
            let until = endpoint.standing.blockedUntil
            waits.append(endpoint.left(until) ?? .zero)
            endpoint.pass(waits[round])
            endpoint.run(.down, random: .max)
        }
        #expect(waits.first == .seconds(1))
        let expected = [4, 8, 16, 32, 60, 60, 60, 60].map { Duration.seconds($0) }
        for (wait, ceiling) in zip(waits.dropFirst(), expected) {
            #expect(wait <= ceiling && wait > ceiling - .microseconds(1))
        }
    }

    @Test func `six hours of outage cost a bounded number of probes and recovery is at once`() {
        let endpoint = EndpointDriver()
        endpoint.breakIt()
        var probes = 0
        let end = endpoint.now + .seconds(6 * 3_600)
        while endpoint.now < end {
            if endpoint.run(.down) { probes += 1 }
            endpoint.pass(.milliseconds(500))
        }
        #expect(probes >= 300 && probes <= 6 * 120 + 10)
        endpoint.pass(.seconds(60))
        #expect(endpoint.run(.succeeded))
        #expect(endpoint.standing.state == .closed)
    }

    @Test(arguments: [(120, 120), (3_600, 3_600), (86_400, 3_600), (Int.max, 3_600), (0, 1), (-5, 1), (Int.min, 1)])
    func `a Retry-After is followed up to an hour`(asked: Int, waited: Int) {
        let endpoint = EndpointDriver()
        for _ in 0..<4 { endpoint.run(.down) }
        endpoint.run(.failed(.tokenEndpointUnreachable, retryAfter: .seconds(asked)))
        #expect(endpoint.left(endpoint.standing.blockedUntil) == .seconds(waited))
    }

    @Test func `a Retry-After of an earlier failure of the row still holds, one before a success doesn't`() {
        let endpoint = EndpointDriver()
        endpoint.run(.failed(.tokenEndpointUnreachable, retryAfter: .seconds(100)))
        #expect(endpoint.standing.state == .closed)
        endpoint.pass(.seconds(10))
        for _ in 0..<4 { endpoint.run(.down) }
        #expect(endpoint.left(endpoint.standing.blockedUntil) == .seconds(90))

        let mended = EndpointDriver()
        mended.run(.failed(.tokenEndpointUnreachable, retryAfter: .seconds(100)))
        mended.run(.succeeded)
        mended.breakIt()
        #expect(mended.left(mended.standing.blockedUntil) == .seconds(1))
    }

    @Test func `a burst that was under way when it opened changes neither its wait nor its next one`() {
        let endpoint = EndpointDriver()
        let burst = endpoint.fill()
        #expect(burst.count == 64)
        for id in burst { endpoint.report(id, .down) }
        #expect(endpoint.left(endpoint.standing.blockedUntil) == .seconds(1))
        #expect(endpoint.standing.consecutiveFailures == 5)
        endpoint.pass(.seconds(1))
        endpoint.run(.down)
        #expect(endpoint.left(endpoint.standing.blockedUntil) == .seconds(2))
    }

    @Test func `failures that were under way when it opened don't end its recovery`() {
        let endpoint = EndpointDriver()
        let burst = endpoint.fill()
        for id in burst.prefix(5) { endpoint.report(id, .down) }
        endpoint.pass(.seconds(1))
        #expect(endpoint.run(.succeeded))
        for id in burst.dropFirst(5) { endpoint.report(id, .down) }
        #expect(endpoint.standing.state == .closed && endpoint.standing.consecutiveFailures == 0)
    }

    @Test func `an answer that was under way when it opened doesn't close it`() {
        let endpoint = EndpointDriver()
        let burst = endpoint.fill()
        for id in burst.prefix(5) { endpoint.report(id, .down) }
        for id in burst.dropFirst(5) { endpoint.report(id, .succeeded) }
        #expect(endpoint.standing.state == .open)
        endpoint.pass(.seconds(1))
        #expect(endpoint.fill().count == 1)
    }

    @Test func `a probe that was not sent leaves the next one to probe at once`() throws {
        let endpoint = EndpointDriver()
        endpoint.breakIt()
        endpoint.pass(.seconds(1))
        for _ in 0..<50 {
            let probe = try #require(endpoint.attempt())
            #expect(endpoint.attempt() == nil)
            endpoint.report(probe, .notSent)
        }
        #expect(endpoint.run(.succeeded) && endpoint.standing.state == .closed)
    }

    @Test func `it begins again with one request and doubles with each round of answers`() {
        let endpoint = EndpointDriver { $0.burst = 10_000 }
        endpoint.breakIt()
        endpoint.pass(.seconds(1))
        endpoint.run(.succeeded)
        var rounds: [Int] = []
        for _ in 0..<8 {
            endpoint.pass(.seconds(10))
            let round = endpoint.fill()
            rounds.append(round.count)
            for id in round { endpoint.report(id, .succeeded) }
        }
        #expect(rounds == [1, 2, 4, 8, 16, 32, 64, 64])
    }

    @Test func `the pace that wasn't used in an outage isn't made up for`() {
        let endpoint = EndpointDriver { ($0.maxConcurrent, $0.perSecond, $0.burst) = (1_000, 10, 100) }
        endpoint.breakIt()
        endpoint.pass(.seconds(3_600))
        #expect(endpoint.run(.succeeded))
        var sent = 0
        for _ in 0..<100 {
            while endpoint.run(.succeeded) { sent += 1 }
            endpoint.pass(.milliseconds(100))
        }
        #expect(sent == 100)
    }

    @Test func `one that answers a probe and falls again waits on where it was`() {
        let endpoint = EndpointDriver()
        endpoint.breakIt()
        for wait in [1, 2, 4] {
            #expect(endpoint.left(endpoint.standing.blockedUntil) == .seconds(wait))
            endpoint.pass(.seconds(wait))
            endpoint.run(.succeeded)
            for _ in 0..<5 {
                endpoint.pass(.seconds(1))
                endpoint.run(.down)
            }
        }
        endpoint.pass(.seconds(8))
        endpoint.run(.succeeded)
        endpoint.pass(.seconds(60))
        endpoint.breakIt()
        #expect(endpoint.left(endpoint.standing.blockedUntil) == .seconds(1))
    }

    @Test func `an end that is told twice, or of an attempt that never was, changes nothing`() throws {
        let endpoint = EndpointDriver()
        let id = try #require(endpoint.attempt())
        for _ in 0..<10 { endpoint.report(id, .down) }
        endpoint.report(9_999, .down)
        #expect(endpoint.standing.consecutiveFailures == 1 && endpoint.state.inFlight == 0)
        endpoint.breakIt()
        endpoint.report(id, .succeeded)
        endpoint.report(9_999, .succeeded)
        #expect(endpoint.standing.state == .open)
    }

    @Test func `a reading of the clock that is older than another's breaks nothing`() {
        let endpoint = EndpointDriver()
        endpoint.pass(.seconds(10))
        endpoint.breakIt()
        endpoint.pass(.seconds(-10))
        #expect(endpoint.fill().isEmpty)
        endpoint.pass(.seconds(11))
        #expect(endpoint.fill().count == 1)
    }

    @Test func `limits that make no sense become the nearest that do`() {
        let endpoint = EndpointDriver {
            ($0.maxConcurrent, $0.burst, $0.failuresToOpen, $0.perSecond) = (0, -7, -1, .nan)
            ($0.shortestOpen, $0.longestOpen) = (.seconds(-1), .seconds(-2))
        }
        let probe = endpoint.fill()
        #expect(probe.count == 1)
        endpoint.report(probe[0], .down)
        #expect(endpoint.standing.state == .open)
        #expect(endpoint.rules.interval == .seconds(1_000))
        for round in [-1, 0, 5, 64, Int.max] {
            #expect(endpoint.rules.wait(round: round, retryAfter: nil, random: .max) <= .milliseconds(2))
        }
    }
}
