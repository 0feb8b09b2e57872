import Testing

@testable import OData

@Suite("Work that several wait for")
struct ClientSharedFlightTests {
    /// SplitMix64.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func `whoever is not cancelled gets the result, whoever else comes and goes`(_ seed: UInt64) async {
        var generator = Generator(state: seed)
        let flight = SharedFlight<Int>()
        let starts = ClientTestBox(0)
        let cancelled = (0..<16).map { _ in Bool.random(using: &generator) }
        let gate = ClientFakeGate()
        let tasks = cancelled.map { _ in
            // Ends with the flight or its cancellation; the test awaits it.
            Task {
                await flight.join {
                    starts.update { $0 += 1 }
                    await gate.pass()
                    return Task.isCancelled ? .failure(.cancelled) : .success(7)
                }
            }
        }
        for (task, isCancelled) in zip(tasks, cancelled) where isCancelled {
            if Bool.random(using: &generator) { await Task.yield() }
            task.cancel()
        }
        if cancelled.contains(false) {
            while flight.waiterCount < cancelled.count(where: { !$0 }) { await Task.yield() }
        }
        gate.open()
        for (task, isCancelled) in zip(tasks, cancelled) {
            let outcome = await task.value
            if !isCancelled { #expect(outcome == .success(7)) }
        }
        #expect(flight.waiterCount == 0)
        #expect(starts.value <= cancelled.count)
    }

    @Test func `each flight is new: neither result nor failure is remembered`() async {
        let flight = SharedFlight<Int>()
        #expect(await flight.join { .failure(.deadline) } == .failure(.deadline))
        #expect(await flight.join { .success(1) } == .success(1))
        #expect(await flight.join { .success(2) } == .success(2))
    }

    @Test func `a flight that everybody left has no say in the next one`() async {
        let flight = SharedFlight<Int>()
        let (first, second) = (ClientFakeGate(), ClientFakeGate())
        // Ends by its cancellation; the test awaits it.
        let leaver = Task {
            await flight.join {
                await first.pass()
                return .success(1)
            }
        }
        await first.arrivals(1)
        leaver.cancel()
        #expect(await leaver.value == .failure(.cancelled))
        // Ends with its flight; the test awaits it.
        let stayer = Task {
            await flight.join {
                await second.pass()
                return .success(2)
            }
        }
        await second.arrivals(1)
        first.open()
        for _ in 0..<20 { await Task.yield() }
        #expect(flight.waiterCount == 1)
        second.open()
        #expect(await stayer.value == .success(2))
    }
}
