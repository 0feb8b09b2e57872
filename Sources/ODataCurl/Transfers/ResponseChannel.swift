internal import HTTPTypes
internal import OData
internal import Synchronization

/// An answer on its way from the loop's thread to a task: the head, then body bytes, at most `capacity` and one chunk
/// of them.
final class ResponseChannel: Sendable {
    private struct State {
        var head: HTTPResponse?
        var chunks: [[UInt8]] = []
        var buffered = 0
        var isPaused = false
        var isComplete = false
        var failure: TransportError?
        var waiters: [CheckedContinuation<Void, Never>] = []

        mutating func takeWaiters() -> [CheckedContinuation<Void, Never>] {
            defer { waiters = [] }
            return waiters
        }
    }

    private let capacity: Int
    private let state = Mutex(State())

    init(capacity: Int) { self.capacity = capacity }

    // MARK: The loop's side

    func begin(_ head: HTTPResponse) { change { $0.head = head } }

    /// False where there is no room: the transfer must pause and offer the same bytes again.
    func offer(_ bytes: [UInt8]) -> Bool {
        var isTaken = true
        change { state in
            guard state.buffered == 0 || state.buffered + bytes.count <= capacity else {
                (state.isPaused, isTaken) = (true, false)
                return
            }
            state.buffered += bytes.count
            // Small pieces are joined: a sender of single bytes must not cost an array each.
            if let last = state.chunks.indices.last, state.chunks[last].count + bytes.count <= 16 << 10 {
                state.chunks[last].append(contentsOf: bytes)
            } else {
                state.chunks.append(bytes)
            }
        }
        return isTaken
    }

    /// Nothing follows; nil: the answer is whole. The first end counts.
    func finish(_ failure: TransportError?) {
        change { state in
            guard !state.isComplete, state.failure == nil else { return }
            if let failure { state.failure = failure } else { state.isComplete = true }
        }
    }

    private func change(_ body: (inout State) -> Void) {
        let waiters = state.withLock { state in
            body(&state)
            return state.takeWaiters()
        }
        for waiter in waiters { waiter.resume() }
    }

    var isOver: Bool { state.withLock { $0.isComplete || $0.failure != nil } }

    // MARK: The task's side

    func head() async -> Result<HTTPResponse, TransportError> {
        while true {
            let (head, failure, isComplete) = state.withLock { ($0.head, $0.failure, $0.isComplete) }
            if let failure { return .failure(failure) }
            if let head { return .success(head) }
            if isComplete { return .failure(.malformed) }
            await wait { $0.head != nil }
        }
    }

    /// The next bytes, nil at the end of a whole body; and whether a paused transfer may go on.
    ///
    /// - Returns: a failure says why the body isn't whole, at once, even where bytes of it are left.
    func next() async -> Result<(bytes: [UInt8]?, mustResume: Bool), TransportError> {
        while true {
            let (chunk, failure, isComplete, mustResume) = state.withLock { state in
                if state.failure != nil { (state.chunks, state.buffered) = ([], 0) }
                let chunk = state.chunks.isEmpty ? nil : state.chunks.removeFirst()
                state.buffered -= chunk?.count ?? 0
                let mustResume = state.isPaused && state.buffered <= capacity / 2
                if mustResume { state.isPaused = false }
                return (chunk, state.failure, state.isComplete, mustResume)
            }
            if let failure { return .failure(failure) }
            if chunk != nil || isComplete { return .success((chunk, mustResume)) }
            await wait { !$0.chunks.isEmpty }
        }
    }

    /// Until it holds, or the answer has ended. A cancelled task's transfer is ended by the loop, which ends this too.
    private func wait(until holds: @Sendable (borrowing State) -> Bool) async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.isComplete || state.failure != nil || holds(state) { return true }
                state.waiters.append(continuation)
                return false
            }
            if isOver { continuation.resume() }
        }
    }
}

/// The reading of one body. When nobody holds it any more, nobody wants the rest.
final class BodyReading: Sendable {
    private let job: TransferJob
    private let mailbox: Mailbox
    /// Held so that its thread doesn't end under the body.
    private let transport: CurlTransport

    init(_ job: TransferJob, _ mailbox: Mailbox, _ transport: CurlTransport) {
        (self.job, self.mailbox, self.transport) = (job, mailbox, transport)
    }

    deinit { cancel() }

    func next() async throws(TransportError) -> [UInt8]? {
        let (job, mailbox) = (job, mailbox)
        let result = await withTaskCancellationHandler {
            await job.channel.next()
        } onCancel: {
            mailbox.post(.cancel(job))
        }
        let (bytes, mustResume) = try result.get()
        if mustResume { mailbox.post(.resume(job)) }
        return bytes
    }

    func cancel() {
        if !job.channel.isOver { mailbox.post(.cancel(job)) }
    }
}
