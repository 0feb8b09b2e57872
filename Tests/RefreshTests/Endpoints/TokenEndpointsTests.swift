import Domain
import Refresh
import Synchronization
import Testing
import TestSupport

@Suite("Permits for token endpoints", .timeLimit(.minutes(1)))
struct TokenEndpointsTests {
    private let clock = FakeClock()

    private func endpoints(_ change: (inout EndpointLimits) -> Void = { _ in }) -> TokenEndpoints {
        var limits = EndpointLimits()
        change(&limits)
        return TokenEndpoints(limits: limits, clock: clock, random: SeededRandom())
    }

    private func fill(_ endpoints: TokenEndpoints, as purpose: AdmissionPurpose = .caller) -> [EndpointPermit] {
        var permits: [EndpointPermit] = []
        while let permit = endpoints.tryAdmit(.example, nil, as: purpose).permit { permits.append(permit) }
        return permits
    }

    private func breakIt(_ endpoints: TokenEndpoints, _ key: TokenEndpointKey = .example) {
        for _ in 0..<5 {
            guard let permit = endpoints.tryAdmit(key, nil, as: .caller).permit else { return }
            endpoints.report(permit, .down)
        }
    }

    @Test func `of a thousand who ask at once after an outage one is admitted`() async {
        let endpoints = endpoints()
        breakIt(endpoints)
        clock.advance(by: .seconds(2))
        let admissions = await withTaskGroup(of: Admission.self) { group in
            for number in 0..<1_000 {
                group.addTask { [clock] in
                    number % 2 == 0
                        ? endpoints.tryAdmit(.example, nil, as: .scheduled)
                        : await endpoints.admit(.example, nil, until: clock.now + .seconds(60))
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(admissions.filter { $0.permit != nil }.count == 1)
        #expect(admissions.filter { $0.isBlocked }.count == 999)
        #expect(clock.sleeperCount == 0)
    }

    @Test func `an endpoint that is down is no other's trouble`() {
        let endpoints = endpoints()
        breakIt(endpoints)
        #expect(endpoints.tryAdmit(.example, nil, as: .caller).isBlocked)
        #expect(endpoints.tryAdmit(.numbered(1), nil, as: .caller).permit != nil)
        #expect(endpoints.snapshot.map(\.state) == [.open, .closed])
        #expect(endpoints.isShut(.example) && !endpoints.isShut(.numbered(1)) && !endpoints.isShut(.numbered(2)))
    }

    @Test func `a report counts once, whoever holds a copy of the permit`() {
        let endpoints = endpoints { $0.maxConcurrent = 1 }
        let permits = fill(endpoints)
        #expect(permits.count == 1)
        for _ in 0..<10 { for permit in permits { endpoints.report(permit, .down) } }
        #expect(endpoints.snapshot.map(\.consecutiveFailures) == [1])
        #expect(fill(endpoints).count == 1)
    }

    @Test func `a permit that everybody lets go of gives itself back`() {
        let endpoints = endpoints { ($0.maxConcurrent, $0.burst, $0.perSecond) = (2, 2, 0.001) }
        for _ in 0..<100 { #expect(fill(endpoints).count == 2) }
        #expect(endpoints.snapshot.map(\.inFlight) == [0])
    }

    @Test func `a probe that is let go of doesn't jam the breaker`() {
        let endpoints = endpoints()
        breakIt(endpoints)
        clock.advance(by: .seconds(2))
        for _ in 0..<10 { #expect(endpoints.tryAdmit(.example, nil, as: .scheduled).permit != nil) }
        #expect(endpoints.snapshot.map(\.state) == [.halfOpen])
    }

    @Test func `a permit that outlives everybody else's use of the endpoints is still given back`() {
        var held: EndpointPermit?
        do { held = endpoints().tryAdmit(.example, nil, as: .caller).permit }
        #expect(held?.endpoint == .example)
        held = nil
    }

    @Test func `a suspect client's permit is taken away when it is known whose it is`() throws {
        let endpoints = endpoints()
        let integration = IntegrationID.numbered(1)
        for number in 0..<5 {
            let permit = try #require(endpoints.tryAdmit(.example, nil, as: .scheduled).permit)
            #expect(endpoints.attribute(permit, to: integration).permit != nil)
            endpoints.report(permit, .refusedWithoutReason(.numbered(number)))
        }
        #expect(endpoints.isSuspect(.example, integration) && !endpoints.isSuspect(.numbered(1), integration))
        let permit = try #require(endpoints.tryAdmit(.example, nil, as: .scheduled).permit)
        #expect(endpoints.attribute(permit, to: integration).isBlocked)
        #expect(endpoints.snapshot.map(\.inFlight) == [0])
        // It is spent: what is reported with it is not heard.
        endpoints.report(permit, .succeeded)
        #expect(endpoints.isSuspect(.example, integration))
        endpoints.integrationChanged(integration)
        #expect(endpoints.tryAdmit(.example, integration, as: .caller).permit != nil)
    }

    @Test func `the scheduler is told once of each opening that an attempt's end makes`() throws {
        let count = Counter()
        var limits = EndpointLimits()
        limits.maxConcurrent = 5
        let endpoints = TokenEndpoints(limits: limits, clock: clock, random: SeededRandom()) { count.add() }
        let permits = (0..<5).compactMap { _ in endpoints.tryAdmit(.example, nil, as: .caller).permit }
        // Nobody was turned away: nobody is told.
        endpoints.report(try #require(permits.first), .succeeded)
        #expect(count.value == 0)
        #expect(endpoints.tryAdmit(.example, nil, as: .scheduled).permit == nil)
        #expect(endpoints.nextOpening(after: clock.now) == nil)
        endpoints.report(permits[1], .succeeded)
        endpoints.report(permits[2], .succeeded)
        #expect(count.value == 1)
    }

    @Test func `the next opening is the earliest that time alone brings, and is told once it has come`() throws {
        let endpoints = endpoints { ($0.maxConcurrent, $0.perSecond, $0.burst) = (1_000, 10, 10) }
        #expect(endpoints.nextOpening(after: clock.now) == nil)
        let start = clock.now
        for permit in fill(endpoints, as: .scheduled) { endpoints.report(permit, .succeeded) }
        #expect(endpoints.tryAdmit(.example, nil, as: .scheduled).isBusy)
        #expect(endpoints.nextOpening(after: start) == start + .milliseconds(100))
        breakIt(endpoints, .numbered(1))
        #expect(endpoints.tryAdmit(.numbered(1), nil, as: .scheduled).isBlocked)
        #expect(endpoints.nextOpening(after: start) == start + .milliseconds(100))
        clock.advance(by: .milliseconds(500))
        let now = clock.now
        #expect(endpoints.nextOpening(after: now) == now)
        let later = try #require(endpoints.nextOpening(after: now))
        #expect(later >= start + .seconds(1) && later < start + .seconds(2))
        #expect(endpoints.tryAdmit(.numbered(1), nil, as: .scheduled).isBlocked)
        clock.advance(by: later - now)
        #expect(endpoints.tryAdmit(.numbered(1), nil, as: .scheduled).permit != nil)
        #expect(endpoints.nextOpening(after: clock.now) == nil)
    }

    @Test func `a flood of endpoints is bounded and pushes out neither the blocked nor the busy`() throws {
        let endpoints = endpoints { $0.maxEndpoints = 1_000 }
        breakIt(endpoints)
        let held = try #require(endpoints.tryAdmit(.numbered(1), nil, as: .caller).permit)
        for number in 2..<20_000 {
            clock.advance(by: .microseconds(10))
            let permit = try #require(endpoints.tryAdmit(.numbered(number), nil, as: .scheduled).permit)
            endpoints.report(permit, number % 3 == 0 ? .down : .succeeded)
        }
        let snapshot = endpoints.snapshot
        #expect(snapshot.count <= 1_000 && snapshot.count > 800)
        #expect(snapshot.first { $0.endpoint == .example }?.state == .open)
        #expect(snapshot.first { $0.endpoint == .numbered(1) }?.inFlight == 1)
        endpoints.report(held, .succeeded)
        #expect(endpoints.snapshot.allSatisfy { $0.inFlight == 0 })
    }

    @Test func `where every endpoint is blocked a new one still finds room`() {
        let endpoints = endpoints { $0.maxEndpoints = 256 }
        for number in 0..<300 { breakIt(endpoints, .numbered(number)) }
        #expect(endpoints.snapshot.count <= 256)
        #expect(endpoints.snapshot.contains { $0.endpoint == .numbered(299) })
        #expect(endpoints.tryAdmit(.numbered(1_000), nil, as: .caller).permit != nil)
    }

    @Test func `where every endpoint is busy a new one is turned away for a moment`() async {
        let endpoints = endpoints { $0.maxEndpoints = 4 }
        let permits = (0..<4).compactMap { endpoints.tryAdmit(.numbered($0), nil, as: .caller).permit }
        guard case .busy(let until?) = endpoints.tryAdmit(.numbered(9), nil, as: .scheduled) else {
            Issue.record("a fifth endpoint was admitted")
            return
        }
        #expect(until == clock.now + .seconds(1))
        guard case .busy = await endpoints.admit(.numbered(9), nil, until: clock.now + .seconds(5)) else {
            Issue.record("a fifth endpoint was admitted")
            return
        }
        for permit in permits { endpoints.report(permit, .succeeded) }
        #expect(endpoints.tryAdmit(.numbered(9), nil, as: .scheduled).permit != nil)
    }
}

extension Admission {
    var permit: EndpointPermit? {
        switch self {
        case .admitted(let permit): permit
        case .busy, .blocked: nil
        }
    }

    var isBlocked: Bool {
        switch self {
        case .blocked: true
        case .admitted, .busy: false
        }
    }

    var isBusy: Bool {
        switch self {
        case .busy: true
        case .admitted, .blocked: false
        }
    }
}

final class Counter: Sendable {
    private let count = Atomic<Int>(0)

    func add() { count.wrappingAdd(1, ordering: .relaxed) }
    var value: Int { count.load(ordering: .relaxed) }
}
