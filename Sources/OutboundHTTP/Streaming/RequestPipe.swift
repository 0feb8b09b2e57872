internal import Domain
internal import Synchronization

/// Body bytes on their way from a task to the loop's thread, at most `capacity` of them.
///
/// The task suspends while the pipe is full; the transfer pauses while it is empty.
final class RequestPipe: Sendable {
    enum Read {
        case bytes([UInt8])
        /// Nothing yet: pause; `onReadable` will be called.
        case empty
        case end
        /// The source failed or broke its announced length.
        case failed
    }

    private enum End { case open, finished, failed, closed }

    private struct State {
        var chunks: [[UInt8]] = []
        /// Bytes of the first chunk that were read already.
        var offset = 0
        var buffered = 0
        var end = End.open
        var readerWaits = false
        var writer: CheckedContinuation<Void, Never>?
        var pump: Task<Void, Never>?
        var remaining: Int?

        mutating func takeWaitingReader() -> Bool {
            defer { readerWaits = false }
            return readerWaits
        }
    }

    /// What the body must add up to; nil where only its end tells.
    let contentLength: Int?
    private let capacity: Int
    private let state: Mutex<State>
    private let onReadable: Mutex<(@Sendable () -> Void)?> = Mutex(nil)

    init(capacity: Int, contentLength: Int?) {
        self.capacity = capacity
        self.contentLength = contentLength
        state = Mutex(State(remaining: contentLength))
    }

    /// Called, on the task's side, when a reader that found nothing should look again.
    func setOnReadable(_ action: @escaping @Sendable () -> Void) { onReadable.withLock { $0 = action } }

    /// The task that feeds the pipe; ended with it.
    func attach(_ pump: Task<Void, Never>) {
        let isClosed = state.withLock { state in
            state.pump = pump
            return state.end == .closed
        }
        if isClosed { pump.cancel() }
    }

    /// Adds a chunk once there is room. False where nobody wants more: the transfer ended, or the announced length
    /// would be exceeded.
    func write(_ chunk: [UInt8]) async -> Bool {
        guard !chunk.isEmpty else { return true }
        var start = 0
        while start < chunk.count {
            await waitForRoom()
            let length = min(capacity, chunk.count - start)
            guard push(length == chunk.count ? chunk : Array(chunk[start..<(start + length)])) else { return false }
            start += length
        }
        return true
    }

    private func waitForRoom() async {
        await withCheckedContinuation { continuation in
            let mustWait = state.withLock { state in
                guard state.end == .open, state.buffered >= capacity else { return false }
                state.writer = continuation
                return true
            }
            if !mustWait { continuation.resume() }
        }
    }

    private func push(_ chunk: [UInt8]) -> Bool {
        let (isTaken, wake) = state.withLock { state -> (Bool, Bool) in
            guard state.end == .open else { return (false, false) }
            if let remaining = state.remaining {
                guard chunk.count <= remaining else {
                    state.end = .failed
                    return (false, state.takeWaitingReader())
                }
                state.remaining = remaining - chunk.count
            }
            state.chunks.appendMerging(chunk)
            state.buffered += chunk.count
            return (true, state.takeWaitingReader())
        }
        if wake { signalReadable() }
        return isTaken
    }

    /// The source has ended; a short body is a failed one.
    func finish(failed: Bool = false) {
        let wake = state.withLock { state -> Bool in
            guard state.end == .open else { return false }
            state.end = failed || (state.remaining ?? 0) > 0 ? .failed : .finished
            return state.takeWaitingReader()
        }
        if wake { signalReadable() }
    }

    /// The transfer has ended: drops what is left, and ends the source's task.
    func close() {
        let (writer, pump) = state.withLock { state in
            state.end = .closed
            state.chunks = []
            state.buffered = 0
            let parties = (state.writer, state.pump)
            state.writer = nil
            return parties
        }
        writer?.resume()
        pump?.cancel()
        onReadable.withLock { $0 = nil }
    }

    /// For the loop: up to `limit` bytes.
    func read(limit: Int) -> Read {
        let (read, writer) = state.withLock { state -> (Read, CheckedContinuation<Void, Never>?) in
            guard state.end != .failed else { return (.failed, nil) }
            guard let chunk = state.chunks.first else {
                if state.end == .open { state.readerWaits = true }
                return (state.end == .open ? .empty : .end, nil)
            }
            let length = min(limit, chunk.count - state.offset)
            let bytes = Array(chunk[state.offset..<(state.offset + length)])
            state.offset += length
            state.buffered -= length
            if state.offset == chunk.count {
                state.chunks.removeFirst()
                state.offset = 0
            }
            guard state.buffered <= capacity / 2 else { return (.bytes(bytes), nil) }
            let writer = state.writer
            state.writer = nil
            return (.bytes(bytes), writer)
        }
        writer?.resume()
        return read
    }

    private func signalReadable() {
        let action = onReadable.withLock { $0 }
        action?()
    }
}
