internal import Connections
internal import Domain
internal import Synchronization

/// Wakes flights that wait for another instance: one signal for each announcement about their connection.
final class ConnectionSignals: Sendable {
    private struct State {
        var subscribers: [ConnectionID: [UInt64: AsyncStream<Void>.Continuation]] = [:]
        var nextID: UInt64 = 0
    }

    private let state = Mutex(State())

    /// A signal that comes between subscribing and waiting is kept.
    struct Subscription: Sendable {
        fileprivate let stream: AsyncStream<Void>
    }

    func subscribe(_ connection: ConnectionID) -> Subscription {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let id = state.withLock { state in
            state.nextID += 1
            state.subscribers[connection, default: [:]][state.nextID] = continuation
            return state.nextID
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { state in
                state.subscribers[connection]?[id] = nil
                if state.subscribers[connection]?.isEmpty ?? false { state.subscribers[connection] = nil }
            }
        }
        return Subscription(stream: stream)
    }

    func post(_ announcement: Announcement) {
        let woken: [AsyncStream<Void>.Continuation] = state.withLock { state in
            switch announcement {
            case .connectionChanged(let id): Array((state.subscribers[id] ?? [:]).values)
            case .gap: state.subscribers.values.flatMap(\.values)
            case .integrationChanged, .tenantChanged, .apiKeyRevoked: []
            }
        }
        for continuation in woken { continuation.yield() }
    }

    /// Returns at a signal, at the instant, or when the task is cancelled.
    func wait(
        for subscription: Subscription, until instant: ContinuousClock.Instant, clock: any DeadlineClock
    ) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in subscription.stream { return } }
            group.addTask {
                // It throws only when this group is done with it.
                try? await clock.sleep(until: instant, tolerance: nil)
            }
            await group.next()
            group.cancelAll()
        }
    }
}
