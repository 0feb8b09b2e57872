internal import Connections
internal import Synchronization

/// Makes one call of the store out of many that come at once: each statement on its own would pay for its own commit.
///
/// While calls are on their way, those that arrive gather for the next one; alone, a call waits for nobody.
final class GroupedCalls<Item: Sendable, Answer: Sendable>: Sendable {
    typealias Outcome = Result<Answer, StoreError>

    private struct Entry {
        let item: Item
        let continuation: CheckedContinuation<Outcome, Never>
    }

    private struct State {
        var waiting: [Entry] = []
        var running = 0
    }

    private let maxBatch: Int
    private let maxRunning: Int
    private let maxWaiting: Int
    private let perform: @Sendable ([Item]) async -> Result<[Answer], StoreError>
    private let state = Mutex(State())

    /// - Parameter perform: gives one answer for each item, in order.
    init(
        maxBatch: Int = 128, maxRunning: Int = 2, maxWaiting: Int = 8_192,
        perform: @escaping @Sendable ([Item]) async -> Result<[Answer], StoreError>
    ) {
        self.maxBatch = maxBatch
        self.maxRunning = maxRunning
        self.maxWaiting = maxWaiting
        self.perform = perform
    }

    /// Waits for the store's own deadline at most; cancelling the caller doesn't cancel the call.
    func call(_ item: Item) async throws(StoreError) -> Answer {
        let outcome = await withCheckedContinuation { continuation in
            switch state.withLock({ admit(Entry(item: item, continuation: continuation), to: &$0) }) {
            case .wait: break
            case .run:
                // Ends by itself when nobody waits any more; each entry is awaited by its caller.
                Task { await self.run() }
            case .refuse: continuation.resume(returning: .failure(.unavailable))
            }
        }
        return try outcome.get()
    }

    /// Items that wait for a call to come back.
    var waitingCount: Int { state.withLock { $0.waiting.count } }

    private enum Admission { case wait, run, refuse }

    private func admit(_ entry: Entry, to state: inout State) -> Admission {
        guard state.waiting.count < maxWaiting else { return .refuse }
        state.waiting.append(entry)
        guard state.running < maxRunning else { return .wait }
        state.running += 1
        return .run
    }

    private func run() async {
        while let batch = state.withLock({ takeBatch(&$0) }) {
            switch await perform(batch.map(\.item)) {
            case .success(let answers):
                for (index, entry) in batch.enumerated() {
                    entry.continuation.resume(
                        returning: index < answers.count ? .success(answers[index]) : .failure(.corrupt))
                }
            case .failure(let error) where batch.count > 1 && error.canBeOfOneItem:
                // The others must not fail with it, at each try anew.
                for entry in batch { entry.continuation.resume(returning: await performAlone(entry.item)) }
            case .failure(let error):
                for entry in batch { entry.continuation.resume(returning: .failure(error)) }
            }
        }
    }

    private func performAlone(_ item: Item) async -> Outcome {
        await perform([item]).flatMap { answers in answers.first.map { .success($0) } ?? .failure(.corrupt) }
    }

    private func takeBatch(_ state: inout State) -> [Entry]? {
        guard !state.waiting.isEmpty else {
            state.running -= 1
            return nil
        }
        let batch = Array(state.waiting.prefix(maxBatch))
        state.waiting.removeFirst(batch.count)
        return batch
    }
}

extension StoreError {
    /// Whether a single row or value can be what is wrong, and the others of a call would have gone well without it.
    fileprivate var canBeOfOneItem: Bool {
        switch self {
        case .unavailable, .outcomeUnknown: false
        case .notFound, .conflict, .stale, .corrupt, .failed: true
        }
    }
}
