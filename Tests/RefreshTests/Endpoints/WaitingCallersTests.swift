import Domain
import Refresh
import Synchronization
import Testing
import TestSupport

@Suite("Callers wait in line at a busy token endpoint", .timeLimit(.minutes(1)))
struct WaitingCallersTests {
    private let clock = FakeClock()

    private func endpoints(_ change: (inout EndpointLimits) -> Void = { _ in }) -> TokenEndpoints {
        var limits = EndpointLimits()
        change(&limits)
        return TokenEndpoints(limits: limits, clock: clock, random: SeededRandom())
    }

    /// Starts callers one after the other, each once the one before stands in line. Each gives its permit to `served`.
    ///
    /// - Parameter alarms: sleepers beside the callers' deadlines: the head's, where the pace holds it back.
    private func line(
        of count: Int, at endpoints: TokenEndpoints, for wait: Duration = .seconds(60), served: Served,
        from first: Int = 0, integration: IntegrationID? = nil, alarms: Int = 0
    ) async -> [Task<Void, Never>] {
        var callers: [Task<Void, Never>] = []
        let before = clock.sleeperCount + alarms
        for number in 0..<count {
            let deadline = clock.now + wait
            // Ends with its admission, at the latest when the test moves the clock; awaited by the test.
            callers.append(
                Task { served.add(first + number, await endpoints.admit(.example, integration, until: deadline)) })
            await clock.waitForSleepers(before + number + 1)
        }
        return callers
    }

    private func waiting(_ endpoints: TokenEndpoints) -> Int {
        endpoints.snapshot.first { $0.endpoint == .example }?.waiting ?? 0
    }

    @Test func `first come, first served, as places are given back`() async throws {
        let endpoints = endpoints { $0.maxConcurrent = 1 }
        let served = Served()
        var held = try #require(endpoints.tryAdmit(.example, nil, as: .caller).permit)
        let callers = await line(of: 20, at: endpoints, served: served)
        for number in 0..<20 {
            endpoints.report(held, .succeeded)
            await callers[number].value
            #expect(served.order == Array(0...number))
            held = try #require(served.permit(of: number))
        }
        for caller in callers { await caller.value }
        #expect(waiting(endpoints) == 0 && clock.sleeperCount == 0)
    }

    @Test func `nobody overtakes those in line`() async throws {
        let endpoints = endpoints { $0.maxConcurrent = 2 }
        let served = Served()
        let held = (0..<2).compactMap { _ in endpoints.tryAdmit(.example, nil, as: .caller).permit }
        let callers = await line(of: 1, at: endpoints, served: served)
        endpoints.report(held[0], .succeeded)
        // Before the head of the line has woken, or after: the place is not for these.
        for _ in 0..<100 {
            #expect(endpoints.tryAdmit(.example, nil, as: .scheduled).isBusy)
            #expect(endpoints.tryAdmit(.example, nil, as: .caller).isBusy)
        }
        await callers[0].value
        #expect(served.permit(of: 0) != nil)
    }

    @Test func `a caller that is cancelled leaves its place to the next`() async throws {
        let endpoints = endpoints { $0.maxConcurrent = 1 }
        let served = Served()
        let held = try #require(endpoints.tryAdmit(.example, nil, as: .caller).permit)
        let callers = await line(of: 5, at: endpoints, served: served)
        for number in [0, 1, 3] {
            callers[number].cancel()
            await callers[number].value
        }
        #expect(served.order == [0, 1, 3] && served.permits == 0 && waiting(endpoints) == 2)
        endpoints.report(held, .succeeded)
        await callers[2].value
        endpoints.report(try #require(served.permit(of: 2)), .succeeded)
        await callers[4].value
        #expect(served.permit(of: 4) != nil && clock.sleeperCount == 0)
    }

    @Test func `a caller that is cancelled before it asks doesn't wait`() async throws {
        let endpoints = endpoints { $0.maxConcurrent = 1 }
        let held = try #require(endpoints.tryAdmit(.example, nil, as: .caller).permit)
        let deadline = clock.now + .seconds(60)
        let (never, _) = AsyncStream.makeStream(of: Void.self)
        // Goes on once it is cancelled; awaited below.
        let caller = Task {
            for await _ in never {}
            return await endpoints.admit(.example, nil, until: deadline)
        }
        caller.cancel()
        #expect(await caller.value.isBusy && waiting(endpoints) == 0)
        endpoints.report(held, .succeeded)
    }

    @Test func `a deadline ends the wait and the place in line`() async throws {
        let endpoints = endpoints { $0.maxConcurrent = 1 }
        let served = Served()
        let held = try #require(endpoints.tryAdmit(.example, nil, as: .caller).permit)
        let hasty = await line(of: 1, at: endpoints, for: .seconds(1), served: served)
        let patient = await line(of: 1, at: endpoints, served: served, from: 1)
        await clock.waitForSleepers(2)
        clock.advance(by: .seconds(1))
        await hasty[0].value
        #expect(served.order == [0] && served.permits == 0 && waiting(endpoints) == 1)
        endpoints.report(held, .succeeded)
        await patient[0].value
        #expect(served.permit(of: 1) != nil)
    }

    @Test func `a deadline that has passed doesn't wait, and takes what is free`() async throws {
        let endpoints = endpoints { $0.maxConcurrent = 1 }
        let permit = try #require(await endpoints.admit(.example, nil, until: clock.now - .seconds(1)).permit)
        #expect(await endpoints.admit(.example, nil, until: clock.now).isBusy)
        endpoints.report(permit, .succeeded)
    }

    @Test func `a line that is full turns away`() async throws {
        let endpoints = endpoints { ($0.maxConcurrent, $0.maxWaiters) = (1, 3) }
        let served = Served()
        let held = try #require(endpoints.tryAdmit(.example, nil, as: .caller).permit)
        let callers = await line(of: 3, at: endpoints, served: served)
        #expect(await endpoints.admit(.example, nil, until: clock.now + .seconds(60)).isBusy)
        for caller in callers { caller.cancel() }
        for caller in callers { await caller.value }
        #expect(waiting(endpoints) == 0)
        endpoints.report(held, .succeeded)
    }

    @Test func `a breaker that opens sends the whole line away at once`() async throws {
        let endpoints = endpoints { $0.maxConcurrent = 5 }
        let served = Served()
        let held = (0..<5).compactMap { _ in endpoints.tryAdmit(.example, nil, as: .caller).permit }
        // Two of them take the places of the first failures and fail too.
        let callers = await line(of: 50, at: endpoints, served: served)
        for permit in held { endpoints.report(permit, .down) }
        for caller in callers { await caller.value }
        #expect(served.count == 50 && served.blocked >= 45)
        #expect(waiting(endpoints) == 0 && clock.sleeperCount == 0)
    }

    @Test func `a client that becomes suspect sends its own callers away, not the others`() async throws {
        let endpoints = endpoints { $0.maxConcurrent = 6 }
        let (suspect, other) = (IntegrationID.numbered(1), IntegrationID.numbered(2))
        let served = Served()
        let held = (0..<6).compactMap { _ in endpoints.tryAdmit(.example, suspect, as: .caller).permit }
        let first = await line(of: 5, at: endpoints, served: served, integration: other)
        let second = await line(of: 3, at: endpoints, served: served, from: 5, integration: suspect)
        let third = await line(of: 1, at: endpoints, served: served, from: 8, integration: other)
        for number in 0..<5 { endpoints.report(held[number], .clientRefused(.numbered(number))) }
        for caller in first + second { await caller.value }
        #expect(served.blocked == 3 && served.permits == 5)
        endpoints.report(held[5], .succeeded)
        await third[0].value
        #expect(served.permits == 6)
    }

    @Test func `a caller of a suspect client doesn't wait behind one that the pace holds`() async throws {
        let endpoints = endpoints { ($0.maxConcurrent, $0.perSecond, $0.burst) = (6, 0.001, 6) }
        let (suspect, other) = (IntegrationID.numbered(1), IntegrationID.numbered(2))
        let served = Served()
        let held = (0..<6).compactMap { _ in endpoints.tryAdmit(.example, suspect, as: .caller).permit }
        let head = await line(of: 1, at: endpoints, served: served, integration: other)
        let second = await line(of: 1, at: endpoints, served: served, from: 1, integration: suspect)
        for number in 0..<5 { endpoints.report(held[number], .clientRefused(.numbered(number))) }
        await second[0].value
        #expect(served.order == [1] && served.blocked == 1)
        head[0].cancel()
        await head[0].value
        endpoints.report(held[5], .succeeded)
    }

    @Test func `callers that wait for the pace come at the pace`() async throws {
        let endpoints = endpoints { ($0.maxConcurrent, $0.perSecond, $0.burst) = (100, 10, 1) }
        let served = Served()
        let held = try #require(endpoints.tryAdmit(.example, nil, as: .caller).permit)
        let callers = await line(of: 10, at: endpoints, served: served, alarms: 1)
        for number in 0..<10 {
            // One deadline each, and the alarm of the head.
            await clock.waitForSleepers(10 - number + 1)
            clock.advance(by: .milliseconds(99))
            for _ in 0..<50 { await Task.yield() }
            #expect(served.count == number)
            clock.advance(by: .milliseconds(1))
            await callers[number].value
            #expect(served.order == Array(0...number))
        }
        endpoints.report(held, .succeeded)
    }

    @Test func `when the head leaves, the next one looks after the pace`() async throws {
        let endpoints = endpoints { ($0.maxConcurrent, $0.perSecond, $0.burst) = (100, 10, 1) }
        let served = Served()
        let held = try #require(endpoints.tryAdmit(.example, nil, as: .caller).permit)
        let callers = await line(of: 3, at: endpoints, served: served, alarms: 1)
        callers[0].cancel()
        callers[1].cancel()
        await callers[0].value
        await callers[1].value
        await clock.waitForSleepers(2)
        clock.advance(by: .milliseconds(100))
        await callers[2].value
        #expect(served.permit(of: 2) != nil)
        endpoints.report(held, .succeeded)
    }

    @Test func `the scheduler hears of a place when the last of the line has left`() async throws {
        let count = Counter()
        var limits = EndpointLimits()
        limits.maxConcurrent = 1
        let endpoints = TokenEndpoints(limits: limits, clock: clock, random: SeededRandom()) { count.add() }
        let served = Served()
        let held = try #require(endpoints.tryAdmit(.example, nil, as: .caller).permit)
        let callers = await line(of: 2, at: endpoints, served: served)
        #expect(endpoints.tryAdmit(.example, nil, as: .scheduled).isBusy)
        endpoints.report(held, .succeeded)
        await callers[0].value
        #expect(count.value == 0)
        callers[1].cancel()
        await callers[1].value
        #expect(count.value == 1)
    }

    @Test func `a permit that comes too late for its caller isn't lost`() async throws {
        let endpoints = endpoints { ($0.maxConcurrent, $0.burst) = (1, 1_000) }
        for _ in 0..<200 {
            let served = Served()
            let held = try #require(endpoints.tryAdmit(.example, nil, as: .caller).permit)
            let callers = await line(of: 1, at: endpoints, served: served)
            callers[0].cancel()
            endpoints.report(held, .succeeded)
            await callers[0].value
            served.clear()
        }
        #expect(endpoints.snapshot.map(\.inFlight) == [0])
        #expect(endpoints.tryAdmit(.example, nil, as: .caller).permit != nil)
    }

    @Test func `however many come, leave, fail and are cancelled, the places are kept and nothing is left over`() async
    {
        let endpoints = endpoints { ($0.maxConcurrent, $0.burst, $0.perSecond) = (7, 1_000_000, 1_000_000) }
        let inside = Level()
        await withDiscardingTaskGroup { group in
            for number in 0..<2_000 {
                group.addTask { [clock] in
                    // Awaited below.
                    let caller = Task {
                        let admission = await endpoints.admit(.example, nil, until: clock.now + .seconds(600))
                        guard let permit = admission.permit else { return }
                        inside.enter()
                        await Task.yield()
                        inside.leave()
                        if number % 5 != 0 { endpoints.report(permit, number % 7 == 0 ? .grantRefused : .succeeded) }
                    }
                    if number % 3 == 0 { caller.cancel() }
                    await caller.value
                }
            }
        }
        #expect(inside.most >= 1 && inside.most <= 7)
        #expect(endpoints.snapshot.map(\.inFlight) == [0] && waiting(endpoints) == 0 && clock.sleeperCount == 0)
    }
}

/// How many are inside at the same time.
private final class Level: Sendable {
    private let state = Mutex((now: 0, most: 0))

    func enter() { state.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) } }
    func leave() { state.withLock { $0.now -= 1 } }
    var most: Int { state.withLock { $0.most } }
}

/// What callers got, in order.
private final class Served: Sendable {
    private let entries = Mutex<[(number: Int, admission: Admission)]>([])

    func add(_ number: Int, _ admission: Admission) { entries.withLock { $0.append((number, admission)) } }
    func clear() { entries.withLock { $0 = [] } }

    var count: Int { entries.withLock { $0.count } }
    var order: [Int] { entries.withLock { $0.map(\.number) } }
    var permits: Int { entries.withLock { $0.count { $0.admission.permit != nil } } }
    var blocked: Int { entries.withLock { $0.count { $0.admission.isBlocked } } }
    func permit(of number: Int) -> EndpointPermit? {
        entries.withLock { $0.first { $0.number == number }?.admission.permit }
    }
}
