import Synchronization

/// A value that closures of a test share.
final class ClientTestBox<Value: Sendable>: Sendable {
    private let state: Mutex<Value>

    init(_ value: Value) { state = Mutex(value) }

    var value: Value { state.withLock { $0 } }
    func update(_ change: (inout Value) -> Void) {
        state.withLock { (value: inout Value) in change(&value) }
    }
}
