import Domain
import Refresh
import Testing

@Suite("Where many grants are refused and nothing tells why, the client is suspect and not the grants")
struct ClientSuspicionTests {
    static let integration = IntegrationID.numbered(1)
    static let other = IntegrationID.numbered(2)

    /// An endpoint at which the integration's client is suspect.
    private func suspect() -> EndpointDriver {
        let endpoint = EndpointDriver()
        for number in 0..<5 { endpoint.run(.refusedWithoutReason(.numbered(number)), Self.integration) }
        return endpoint
    }

    @Test func `five connections make it suspect, four don't`() {
        let endpoint = EndpointDriver()
        for number in 0..<4 { endpoint.run(.clientRefused(.numbered(number)), Self.integration) }
        #expect(!endpoint.state.isSuspect(Self.integration))
        endpoint.run(.clientRefused(.numbered(4)), Self.integration)
        #expect(endpoint.state.isSuspect(Self.integration) && !endpoint.state.isSuspect(Self.other))
        #expect(endpoint.standing.state == .suspect)
        #expect(
            endpoint.ask(Self.integration).verdict == .blocked(.invalidClient, until: endpoint.now + .seconds(1)))
    }

    @Test func `one connection that is refused again and again is its own trouble`() {
        let endpoint = EndpointDriver()
        for _ in 0..<100 { endpoint.run(.refusedWithoutReason(.numbered(1)), Self.integration) }
        #expect(!endpoint.state.isSuspect(Self.integration))
    }

    @Test func `a success between begins the count anew, an explained refusal doesn't`() {
        let endpoint = EndpointDriver()
        for number in 0..<40 {
            if number % 4 == 0 { endpoint.run(.succeeded, Self.integration) }
            endpoint.run(.refusedWithoutReason(.numbered(number)), Self.integration)
        }
        #expect(!endpoint.state.isSuspect(Self.integration))
        endpoint.run(.grantRefused, Self.integration)
        endpoint.run(.succeeded, Self.other)
        endpoint.run(.refusedWithoutReason(.numbered(100)), Self.integration)
        #expect(endpoint.state.isSuspect(Self.integration))
    }

    @Test func `other integrations at the endpoint, and attempts of none, pass`() {
        let endpoint = suspect()
        #expect(endpoint.attempt(Self.integration) == nil)
        #expect(endpoint.run(.succeeded, Self.other))
        #expect(endpoint.run(.succeeded))
        #expect(endpoint.state.isSuspect(Self.integration))
    }

    @Test func `a suspect client is probed one attempt at a time, more and more seldom`() throws {
        let endpoint = suspect()
        for wait in [1, 2, 4, 8, 16, 30, 30] {
            guard case .blocked(.tokenEndpointRefused, let until) = endpoint.ask(Self.integration).verdict else {
                Issue.record("it was not held")
                return
            }
            #expect(endpoint.left(until) == .seconds(wait))
            endpoint.pass(.seconds(wait))
            let probes = (0..<1_000).compactMap { _ in endpoint.attempt(Self.integration) }
            #expect(probes.count == 1)
            endpoint.report(try #require(probes.first), .refusedWithoutReason(.numbered(1)))
        }
        endpoint.pass(.seconds(30))
        #expect(endpoint.run(.succeeded, Self.integration))
        #expect(!endpoint.state.isSuspect(Self.integration))
        #expect(endpoint.fill().count == 64)
    }

    @Test func `refusals that were under way neither lengthen nor renew the wait`() {
        let endpoint = EndpointDriver()
        let burst = (0..<50).compactMap { _ in endpoint.attempt(Self.integration) }
        for (number, id) in burst.enumerated() { endpoint.report(id, .refusedWithoutReason(.numbered(number))) }
        #expect(
            endpoint.ask(Self.integration).verdict
                == .blocked(.tokenEndpointRefused, until: endpoint.now + .seconds(1)))
    }

    @Test func `a success that was under way ends the suspicion`() throws {
        let endpoint = EndpointDriver()
        let slow = try #require(endpoint.attempt(Self.integration))
        for number in 0..<5 { endpoint.run(.clientRefused(.numbered(number)), Self.integration) }
        endpoint.report(slow, .succeeded)
        #expect(!endpoint.state.isSuspect(Self.integration))
    }

    @Test(arguments: [EndpointOutcome.grantRefused, .down, .rateLimited(nil)])
    func `a probe that tells nothing of the client is followed by another after a wait`(outcome: EndpointOutcome) {
        let endpoint = suspect()
        endpoint.pass(.seconds(1))
        #expect(endpoint.run(outcome, Self.integration))
        #expect(endpoint.state.isSuspect(Self.integration))
        #expect(endpoint.attempt(Self.integration) == nil)
        endpoint.pass(.seconds(1))
        #expect(endpoint.attempt(Self.integration) != nil)
    }

    @Test func `a probe that was not sent leaves the next one to probe at once`() {
        let endpoint = suspect()
        endpoint.pass(.seconds(1))
        for _ in 0..<20 { #expect(endpoint.run(.notSent, Self.integration)) }
        #expect(endpoint.state.isSuspect(Self.integration))
    }

    @Test func `an attempt that turns out to be of a suspect client ends, and its place is free`() throws {
        let endpoint = suspect()
        let id = try #require(endpoint.attempt())
        let verdict = endpoint.state.attribute(id, to: Self.integration, now: endpoint.now, endpoint.rules)
        #expect(verdict == .blocked(.tokenEndpointRefused, until: endpoint.now + .seconds(1)))
        #expect(endpoint.state.inFlight == 0)
        endpoint.report(id, .succeeded)
        #expect(endpoint.state.isSuspect(Self.integration))
    }

    @Test func `an attempt that turns out to be of a suspect client whose wait is over is its probe`() throws {
        let endpoint = suspect()
        endpoint.pass(.seconds(1))
        let ids = endpoint.fill(upTo: 10)
        let verdicts = ids.map { endpoint.state.attribute($0, to: Self.integration, now: endpoint.now, endpoint.rules) }
        #expect(verdicts.filter { $0 == .admitted }.count == 1 && verdicts.first == .admitted)
        #expect(endpoint.state.inFlight == 1)
        endpoint.report(try #require(ids.first), .clientRefused(.numbered(9)))
        #expect(
            endpoint.ask(Self.integration).verdict == .blocked(.invalidClient, until: endpoint.now + .seconds(2)))
    }

    @Test func `the endpoint's probe isn't lost to a suspect client`() throws {
        let endpoint = suspect()
        endpoint.breakIt()
        // The breaker waits a second; by then the suspect client is being probed no more than before.
        endpoint.pass(.milliseconds(999))
        #expect(endpoint.attempt() == nil)
        endpoint.pass(.milliseconds(1))
        let probe = try #require(endpoint.attempt())
        #expect(endpoint.state.attribute(probe, to: Self.other, now: endpoint.now, endpoint.rules) == .admitted)
        endpoint.report(probe, .succeeded)
        #expect(endpoint.standing.state == .suspect)
    }

    @Test func `what an attempt was attributed to is what its end counts for`() throws {
        let endpoint = EndpointDriver()
        for number in 0..<5 {
            let id = try #require(endpoint.attempt())
            #expect(
                endpoint.state.attribute(id, to: Self.integration, now: endpoint.now, endpoint.rules) == .admitted)
            endpoint.report(id, .refusedWithoutReason(.numbered(number)))
        }
        #expect(endpoint.state.isSuspect(Self.integration))
    }

    @Test func `refusals of nobody's integration make nobody suspect`() {
        let endpoint = EndpointDriver()
        for number in 0..<20 { endpoint.run(.refusedWithoutReason(.numbered(number))) }
        #expect(endpoint.standing.state == .closed)
    }

    @Test func `an integration that was changed is forgiven`() {
        let endpoint = suspect()
        endpoint.state.forgive(Self.integration)
        #expect(!endpoint.state.isSuspect(Self.integration) && endpoint.attempt(Self.integration) != nil)
    }

    @Test func `ten thousand integrations with a refusal each don't push out a suspect one`() {
        let endpoint = EndpointDriver { $0.maxSuspicions = 8 }
        for number in 0..<5 { endpoint.run(.clientRefused(.numbered(number)), Self.integration) }
        for number in 10..<10_010 {
            endpoint.pass(.milliseconds(5))
            endpoint.run(.clientRefused(.numbered(number)), .numbered(number))
        }
        #expect(endpoint.state.isSuspect(Self.integration))
        // Where all that are remembered are suspect, no more become so.
        for integration in 20_000..<20_020 {
            for number in 0..<5 {
                endpoint.pass(.milliseconds(5))
                endpoint.run(.clientRefused(.numbered(number)), .numbered(integration))
            }
        }
        let suspects = (20_000..<20_020).filter { endpoint.state.isSuspect(.numbered($0)) }
        #expect(suspects.count == 7 && endpoint.state.isSuspect(Self.integration))
    }
}
