import Domain
import Refresh
import Testing

@Suite("A token endpoint gets no more than its places, its pace and its patience allow")
struct EndpointPaceTests {
    @Test func `scheduled work leaves a fifth of the places to callers`() {
        let endpoint = EndpointDriver()
        #expect(endpoint.fill(as: .scheduled).count == 52)
        #expect(endpoint.ask(as: .scheduled).verdict == .busy(until: nil))
        #expect(endpoint.fill(as: .caller).count == 12)
        #expect(endpoint.ask(as: .caller).verdict == .busy(until: nil))
    }

    @Test func `scheduled work leaves a fifth of the burst to callers`() {
        let endpoint = EndpointDriver { ($0.maxConcurrent, $0.perSecond, $0.burst) = (1_000, 10, 100) }
        #expect(endpoint.fill(as: .scheduled).count == 80)
        #expect(endpoint.ask(as: .scheduled).verdict == .busy(until: endpoint.now + .milliseconds(100)))
        #expect(endpoint.fill(as: .caller).count == 20)
        #expect(endpoint.ask(as: .caller).verdict == .busy(until: endpoint.now + .milliseconds(100)))
        #expect(endpoint.ask(as: .scheduled).verdict == .busy(until: endpoint.now + .milliseconds(2_100)))
    }

    @Test func `a single place and a single token are for everybody`() {
        let endpoint = EndpointDriver { ($0.maxConcurrent, $0.burst) = (1, 1) }
        #expect(endpoint.fill(as: .scheduled).count == 1)
    }

    @Test func `the pace is exact however the time is cut`() {
        for step in [1, 3, 7, 50, 333, 1_000] {
            let endpoint = EndpointDriver { ($0.perSecond, $0.burst) = (200, 500) }
            var sent = 0
            for _ in 0..<(10_000 / step) {
                while endpoint.run(.succeeded) { sent += 1 }
                endpoint.pass(.milliseconds(step))
            }
            // The last step passed after the last request.
            let elapsed = (10_000 / step - 1) * step
            #expect(sent == 500 + elapsed / 5, "\(step) ms")
        }
    }

    @Test func `the instant that it names is the first one that opens`() throws {
        for rate in [0.3, 3, 7, 200, 333.3] {
            let endpoint = EndpointDriver { ($0.maxConcurrent, $0.perSecond, $0.burst) = (10_000, rate, 5) }
            #expect(endpoint.fill().count == 5)
            for _ in 0..<100 {
                guard case .busy(let until?) = endpoint.ask().verdict else {
                    Issue.record("it was not busy")
                    return
                }
                endpoint.now = until - .nanoseconds(1)
                #expect(endpoint.attempt() == nil)
                endpoint.now = until
                #expect(endpoint.attempt() != nil)
            }
        }
    }

    @Test func `what was not sent gives place and token back`() {
        let endpoint = EndpointDriver { ($0.maxConcurrent, $0.perSecond, $0.burst) = (4, 1, 4) }
        for _ in 0..<100 {
            let ids = endpoint.fill()
            #expect(ids.count == 4)
            for id in ids { endpoint.report(id, .notSent) }
        }
        #expect(endpoint.fill().count == 4)
    }

    @Test func `tokens that were given back never exceed the burst`() {
        let endpoint = EndpointDriver { ($0.maxConcurrent, $0.perSecond, $0.burst) = (100, 1, 4) }
        let ids = endpoint.fill()
        endpoint.pass(.seconds(100))
        for id in ids { endpoint.report(id, .notSent) }
        #expect(endpoint.fill().count == 4)
    }

    @Test func `a 429 shuts the door and counts as no failure`() {
        let endpoint = EndpointDriver()
        for _ in 0..<4 { endpoint.run(.down) }
        endpoint.run(.rateLimited(.seconds(30)))
        #expect(endpoint.standing.state == .rateLimited && endpoint.standing.consecutiveFailures == 4)
        #expect(endpoint.ask().verdict == .blocked(.rateLimited, until: endpoint.now + .seconds(30)))
        endpoint.pass(.seconds(30))
        // Slowly at first: what was too much before is too much again.
        #expect(endpoint.fill().count == 1)
    }

    @Test(arguments: [(Int.max, 3_600), (7_200, 3_600), (5, 5), (0, 1), (-10, 1), (Int.min, 1)])
    func `the door's Retry-After is followed up to an hour and never hammered`(asked: Int, waited: Int) {
        let endpoint = EndpointDriver()
        endpoint.run(.rateLimited(.seconds(asked)))
        #expect(endpoint.left(endpoint.standing.blockedUntil) == .seconds(waited))
    }

    @Test func `without a Retry-After the door stays shut longer each time, until an answer comes`() {
        let endpoint = EndpointDriver()
        for wait in [1, 2, 4, 8, 16, 30, 30] {
            #expect(endpoint.run(.rateLimited(nil)))
            #expect(endpoint.left(endpoint.standing.blockedUntil) == .seconds(wait))
            endpoint.pass(.seconds(wait))
        }
        endpoint.run(.grantRefused)
        endpoint.pass(.seconds(1))
        endpoint.run(.rateLimited(nil))
        #expect(endpoint.left(endpoint.standing.blockedUntil) == .seconds(1))
    }

    @Test func `a burst of 429s is one, with the longest wait that any of them asked for`() {
        let endpoint = EndpointDriver()
        let burst = endpoint.fill()
        for id in burst { endpoint.report(id, .rateLimited(nil)) }
        #expect(endpoint.left(endpoint.standing.blockedUntil) == .seconds(1))
        endpoint.pass(.seconds(1))
        endpoint.run(.rateLimited(nil))
        #expect(endpoint.left(endpoint.standing.blockedUntil) == .seconds(2))

        let other = EndpointDriver()
        let ids = other.fill()
        other.report(ids[0], .rateLimited(nil))
        other.report(ids[1], .rateLimited(.seconds(40)))
        other.report(ids[2], .rateLimited(.seconds(20)))
        #expect(other.left(other.standing.blockedUntil) == .seconds(40))
    }

    @Test func `a probe that gets a 429 closes the breaker and shuts the door`() {
        let endpoint = EndpointDriver()
        endpoint.breakIt()
        endpoint.pass(.seconds(1))
        endpoint.run(.rateLimited(.seconds(10)))
        #expect(endpoint.standing.state == .rateLimited && endpoint.standing.consecutiveFailures == 0)
        endpoint.pass(.seconds(10))
        #expect(endpoint.fill().count == 1)
    }

    @Test func `a door that was shut for longer than the breaker holds after it`() {
        let endpoint = EndpointDriver()
        let burst = endpoint.fill()
        for id in burst.prefix(5) { endpoint.report(id, .down) }
        endpoint.report(burst[5], .rateLimited(.seconds(50)))
        #expect(endpoint.ask().verdict == .blocked(.tokenEndpointUnreachable, until: endpoint.now + .seconds(50)))
        endpoint.pass(.seconds(10))
        #expect(endpoint.ask().verdict == .blocked(.rateLimited, until: endpoint.now + .seconds(40)))
    }

    @Test(arguments: 1...20)
    func `whatever happens, no limit is passed and nothing jams`(seed: UInt64) {
        var random = Numbers(seed)
        let endpoint = EndpointDriver { ($0.maxConcurrent, $0.perSecond, $0.burst) = (8, 50, 10) }
        var open: [UInt64] = []
        var starts: [ContinuousClock.Instant] = []
        for _ in 0..<5_000 {
            switch random.below(4) {
            case 0: endpoint.pass(.milliseconds(random.below(200)))
            case 1, 2:
                let isCaller = random.below(2) == 0
                if let id = endpoint.attempt(.numbered(random.below(3)), as: isCaller ? .caller : .scheduled) {
                    open.append(id)
                    starts.append(endpoint.now)
                }
            default:
                guard !open.isEmpty else { continue }
                let id = open.remove(at: random.below(open.count))
                endpoint.report(id, random.outcome(), random: random.next())
            }
            #expect(endpoint.state.inFlight == open.count && open.count <= 8)
            #expect(endpoint.state.allowance >= 1 && endpoint.state.allowance <= 8)
        }
        for id in open { endpoint.report(id, .succeeded) }
        endpoint.pass(.seconds(3_600))
        for integration in 0..<3 {
            #expect(endpoint.run(.succeeded, .numbered(integration)))
            endpoint.pass(.seconds(1))
        }
        #expect(endpoint.standing.state == .closed && endpoint.state.inFlight == 0)
    }
}

/// Small numbers from a seed.
struct Numbers {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        let mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        return mixed ^ (mixed >> 29)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() >> 33) % bound }

    mutating func outcome() -> EndpointOutcome {
        switch below(9) {
        case 0, 1: .succeeded
        case 2: .grantRefused
        case 3: .refusedWithoutReason(.numbered(below(20)))
        case 4: .clientRefused(.numbered(below(20)))
        case 5: .rateLimited(below(2) == 0 ? nil : .seconds(below(10)))
        case 6: .notSent
        default: .failed(.tokenEndpointUnreachable, retryAfter: below(3) == 0 ? .seconds(below(5)) : nil)
        }
    }
}
