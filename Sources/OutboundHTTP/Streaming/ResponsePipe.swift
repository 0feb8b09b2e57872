internal import Domain
internal import Synchronization

/// An answer on its way from the loop's thread to a task: its head, then body bytes, at most `capacity` of them.
///
/// The transfer pauses while the pipe is full; the task suspends while it is empty. One task reads.
final class ResponsePipe: Sendable {
    private struct State {
        var chunks: [[UInt8]] = []
        var buffered = 0
        var isPaused = false
        var readers: [CheckedContinuation<Void, Never>] = []
        var end: Result<Void, OutboundError>?
        var onDrained: (@Sendable () -> Void)?

        mutating func takeReaders() -> [CheckedContinuation<Void, Never>] {
            defer { readers = [] }
            return readers
        }
    }

    let head = OneShot<ResponseHead>()
    private let capacity: Int
    private let state = Mutex(State())

    init(capacity: Int) { self.capacity = capacity }

    /// Called, on the task's side, when a paused transfer may go on.
    func setOnDrained(_ action: @escaping @Sendable () -> Void) { state.withLock { $0.onDrained = action } }

    /// For the loop: false where there is no room; the transfer must pause and offer the same bytes again.
    func offer(_ bytes: [UInt8]) -> Bool {
        let (isTaken, readers) = state.withLock { state -> (Bool, [CheckedContinuation<Void, Never>]) in
            guard state.end == nil else { return (true, []) }
            guard state.buffered == 0 || state.buffered + bytes.count <= capacity else {
                state.isPaused = true
                return (false, [])
            }
            state.chunks.appendMerging(bytes)
            state.buffered += bytes.count
            return (true, state.takeReaders())
        }
        for reader in readers { reader.resume() }
        return isTaken
    }

    /// For the loop: nothing follows. What was buffered can still be read, unless it ended badly.
    func finish(_ result: Result<Void, OutboundError>) {
        if case .failure(let error) = result { head.fulfil(.failure(error)) }
        let readers = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            guard state.end == nil else { return [] }
            state.end = result
            state.onDrained = nil
            return state.takeReaders()
        }
        for reader in readers { reader.resume() }
    }

    /// The next bytes, nil at the end of a whole body.
    ///
    /// - Throws: why the body is not whole, at once, even where bytes of it are still buffered.
    func next() async throws(OutboundError) -> [UInt8]? {
        while true {
            let (chunk, end, drained) = take()
            drained?()
            if case .failure(let error) = end { throw error }
            if let chunk { return chunk }
            if end != nil { return nil }
            await waitForChange()
        }
    }

    private func take() -> ([UInt8]?, Result<Void, OutboundError>?, (@Sendable () -> Void)?) {
        state.withLock { state in
            guard !state.chunks.isEmpty else { return (nil, state.end, nil) }
            let chunk = state.chunks.removeFirst()
            state.buffered -= chunk.count
            guard state.isPaused, state.buffered <= capacity / 2 else { return (chunk, state.end, nil) }
            state.isPaused = false
            return (chunk, state.end, state.onDrained)
        }
    }

    private func waitForChange() async {
        await withCheckedContinuation { continuation in
            let mustWait = state.withLock { state in
                guard state.chunks.isEmpty, state.end == nil else { return false }
                state.readers.append(continuation)
                return true
            }
            if !mustWait { continuation.resume() }
        }
    }
}

extension [[UInt8]] {
    /// Appends bytes, to the last chunk while that is small: a peer that sends single bytes must not cost an array each.
    mutating func appendMerging(_ bytes: [UInt8]) {
        if let last = indices.last, self[last].count + bytes.count <= 16 << 10 {
            self[last].append(contentsOf: bytes)
        } else {
            append(bytes)
        }
    }
}
