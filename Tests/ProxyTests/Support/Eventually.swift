import NIOCore
import NIOPosix
import Testing

/// Waits until the condition holds, at most ten seconds; fails the test else.
func eventually(
    _ condition: @escaping @Sendable () -> Bool, sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    let loop = Sockets.group.next()
    let deadline = NIODeadline.now() + .seconds(10)
    let promise = loop.makePromise(of: Bool.self)
    let task = loop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(5)) { task in
        if condition() {
            task.cancel()
            promise.succeed(true)
        } else if NIODeadline.now() >= deadline {
            task.cancel()
            promise.succeed(false)
        }
    }
    let met = try await promise.futureResult.get()
    task.cancel()
    #expect(met, "the condition never held", sourceLocation: sourceLocation)
}
