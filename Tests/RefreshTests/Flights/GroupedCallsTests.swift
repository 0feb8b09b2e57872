import Connections
import Synchronization
import Testing

@testable import Refresh

@Suite("Many calls of the store become few", .timeLimit(.minutes(1)))
struct GroupedCallsTests {
    /// What the store was asked for, and how many calls were under way at the same time.
    private final class Record: Sendable {
        private struct State {
            var batches: [[Int]] = []
            var running = 0
            var mostRunning = 0
        }

        private let state = Mutex(State())
        let gate = Gate()

        var batches: [[Int]] { state.withLock { $0.batches } }
        var mostRunning: Int { state.withLock { $0.mostRunning } }

        func perform(_ items: [Int]) async {
            state.withLock { state in
                state.batches.append(items)
                state.running += 1
                state.mostRunning = max(state.mostRunning, state.running)
            }
            await gate.pass()
            state.withLock { $0.running -= 1 }
        }
    }

    private let record = Record()

    private func calls(
        maxBatch: Int = 128, maxRunning: Int = 2, maxWaiting: Int = 8_192,
        answer: @escaping @Sendable ([Int]) -> Result<[String], StoreError> = { .success($0.map { "\($0)" }) }
    ) -> GroupedCalls<Int, String> {
        GroupedCalls(maxBatch: maxBatch, maxRunning: maxRunning, maxWaiting: maxWaiting) { [record] items in
            await record.perform(items)
            return answer(items)
        }
    }

    private static func outcome(_ calls: GroupedCalls<Int, String>, _ item: Int) async -> Result<String, StoreError> {
        do throws(StoreError) {
            return .success(try await calls.call(item))
        } catch {
            return .failure(error)
        }
    }

    /// Asks for the items one after the other, each once the one before is on its way or waits.
    private func ask(
        _ calls: GroupedCalls<Int, String>, _ items: some Sequence<Int>
    ) async -> [Task<Result<String, StoreError>, Never>] {
        var tasks: [Task<Result<String, StoreError>, Never>] = []
        for item in items {
            let before = calls.waitingCount + record.batches.count
            // Awaited by the test.
            tasks.append(Task { await Self.outcome(calls, item) })
            #expect(await turns { calls.waitingCount + record.batches.count > before })
        }
        return tasks
    }

    @Test func `a call that is alone waits for nobody`() async throws {
        record.gate.open()
        let calls = calls()
        for item in 1...3 { #expect(try await calls.call(item) == "\(item)") }
        #expect(record.batches == [[1], [2], [3]])
    }

    @Test func `calls that come while others are on their way go together, each with its own answer`() async throws {
        let calls = calls()
        let first = await ask(calls, 1...2)
        await record.gate.waitForArrivals(2)
        let others = await ask(calls, 3...50)
        record.gate.open()
        for (index, task) in (first + others).enumerated() { #expect(await task.value == .success("\(index + 1)")) }
        #expect(record.batches.count == 3)
        #expect(record.batches.prefix(2).map(\.count) == [1, 1])
        #expect(record.batches.last.map(Set.init) == Set(3...50))
    }

    @Test func `no group is larger than the bound, and never more are on their way than allowed`() async throws {
        let calls = calls(maxBatch: 10, maxRunning: 3)
        await withTaskGroup(of: Void.self) { group in
            for item in 0..<500 {
                group.addTask { #expect(await Self.outcome(calls, item) == .success("\(item)")) }
            }
            await record.gate.waitForArrivals(3)
            record.gate.open()
        }
        #expect(record.mostRunning == 3)
        #expect(record.batches.allSatisfy { $0.count <= 10 })
        #expect(record.batches.flatMap { $0 }.sorted() == Array(0..<500), "each once")
    }

    @Test(arguments: [StoreError.unavailable, .outcomeUnknown])
    func `an error is told to everybody of its group and to nobody else`(_ error: StoreError) async throws {
        let calls = calls(maxRunning: 1) { $0.contains(3) ? .failure(error) : .success($0.map { "\($0)" }) }
        let first = await ask(calls, [1])
        await record.gate.waitForArrivals(1)
        let second = await ask(calls, 2...5)
        record.gate.open()
        #expect(await first[0].value == .success("1"))
        for task in second { #expect(await task.value == .failure(error)) }
        #expect(try await calls.call(6) == "6", "it isn't remembered")
    }

    @Test(arguments: [StoreError.failed, .corrupt])
    func `one that can't be answered costs the others of its group nothing`(_ error: StoreError) async throws {
        let calls = calls(maxRunning: 1) { $0.contains(3) ? .failure(error) : .success($0.map { "\($0)" }) }
        let first = await ask(calls, [1])
        await record.gate.waitForArrivals(1)
        let second = await ask(calls, 2...5)
        record.gate.open()
        #expect(await first[0].value == .success("1"))
        for (item, task) in zip(2...5, second) {
            #expect(await task.value == (item == 3 ? .failure(error) : .success("\(item)")))
        }
    }

    @Test func `a store that answers too little says nothing to those that it left out`() async throws {
        let calls = calls(maxRunning: 1) { .success($0.dropLast($0.count > 1 ? 1 : 0).map { "\($0)" }) }
        let first = await ask(calls, [1])
        await record.gate.waitForArrivals(1)
        let second = await ask(calls, [2, 3])
        record.gate.open()
        #expect(await first[0].value == .success("1"))
        let outcomes = [await second[0].value, await second[1].value]
        #expect(outcomes.contains(.failure(.corrupt)) && outcomes.contains { (try? $0.get()) != nil })
    }

    @Test func `beyond the bound a call is refused at once, and there is room again later`() async throws {
        let calls = calls(maxRunning: 1, maxWaiting: 2)
        let first = await ask(calls, [1])
        await record.gate.waitForArrivals(1)
        let waiting = await ask(calls, [2, 3])
        #expect(await Self.outcome(calls, 4) == .failure(.unavailable))
        record.gate.open()
        for task in first + waiting { #expect((try? await task.value.get()) != nil) }
        #expect(try await calls.call(5) == "5")
        #expect(!record.batches.flatMap { $0 }.contains(4))
    }

    @Test func `a caller that is cancelled ends nothing, and is told how it ended`() async throws {
        let calls = calls(maxRunning: 1)
        let first = await ask(calls, [1])
        await record.gate.waitForArrivals(1)
        let second = await ask(calls, [2, 3])
        for task in first + second { task.cancel() }
        record.gate.open()
        #expect(await first[0].value == .success("1"))
        #expect(await second[0].value == .success("2"))
        #expect(await second[1].value == .success("3"))
    }
}
