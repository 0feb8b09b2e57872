internal import NIOCore
internal import Sodium

/// Requests to the token endpoint that are being answered, on one loop.
final class TokenIssues {
    private let executor: LoopTaskExecutor
    private var tasks: [UInt64: Task<Void, Never>] = [:]
    private var lastNumber: UInt64 = 0

    init(_ eventLoop: any EventLoop) { executor = LoopTaskExecutor(eventLoop) }

    /// Has a request answered; the exchange is told by `issued`.
    ///
    /// - Returns: what ``cancel(_:)`` takes; nil where too many are under way.
    func start(
        _ endpoint: any CallerTokenEndpoint, form: SecretBytes, authorization: SecretBytes?, for exchange: Exchange,
        in loop: DataPlaneLoop
    ) -> UInt64? {
        guard tasks.count < loop.shared.configuration.maxTokenIssues else { return nil }
        lastNumber += 1
        let number = lastNumber
        let bound = NIOLoopBound((issues: self, exchange: exchange), eventLoop: loop.eventLoop)
        let eventLoop = loop.eventLoop
        let requestID = exchange.id.text
        // Cancelled when its exchange gives up, and awaited when the server stops (`cancel`).
        tasks[number] = Task(executorPreference: executor) {
            let answer = await endpoint.answer(form: form, authorization: authorization, requestID: requestID)
            eventLoop.execute {
                bound.value.issues.tasks[number] = nil
                bound.value.exchange.issued(answer)
            }
        }
        return number
    }

    /// Nobody waits for the answer any more. Its place stays taken until the endpoint has let go of it.
    func cancel(_ number: UInt64) { tasks[number]?.cancel() }

    /// Cancels what is under way; the tasks are the caller's to await.
    func cancelAll() -> [Task<Void, Never>] {
        let ending = Array(tasks.values)
        for task in ending { task.cancel() }
        return ending
    }
}
