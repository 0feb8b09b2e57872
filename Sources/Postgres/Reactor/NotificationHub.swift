/// Who listens on which channel. Belongs to the reactor's thread.
struct NotificationHub {
    typealias Listener = AsyncStream<PostgresNotification>.Continuation

    private var listeners: [String: [UInt64: Listener]] = [:]
    /// Channels the server sends notifications of.
    private var established: Set<String> = []

    var isEmpty: Bool { listeners.isEmpty }
    var channels: [String] { Array(listeners.keys) }

    /// Whether a name needs no quoting and no thought.
    static func isValid(_ channel: String) -> Bool {
        let bytes = channel.utf8
        guard let first = bytes.first, bytes.count <= 63, !isDigit(first) else { return false }
        return bytes.allSatisfy {
            isDigit($0) || $0 == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    /// Adds a listener; `true` if the server must be told.
    mutating func add(_ listener: Listener, id: UInt64, channel: String) -> Bool {
        listeners[channel, default: [:]][id] = listener
        guard established.contains(channel) else { return true }
        listener.yield(.reconnected)
        return false
    }

    /// Removes a listener; `true` if it was the channel's last.
    mutating func remove(id: UInt64, channel: String) -> Bool {
        guard listeners[channel]?.removeValue(forKey: id) != nil, listeners[channel]?.isEmpty == true else {
            return false
        }
        listeners[channel] = nil
        established.remove(channel)
        return true
    }

    /// The server listens from now on.
    mutating func establish(_ channels: [String]) {
        for channel in channels where listeners[channel] != nil {
            established.insert(channel)
            listeners[channel]?.values.forEach { $0.yield(.reconnected) }
        }
    }

    /// The connection is gone.
    mutating func loseAll() {
        established.removeAll()
    }

    /// Passes a notification on. A listener too slow for it learns that it has missed some.
    func notify(channel: String, payload: String) {
        for listener in listeners[channel, default: [:]].values {
            if case .dropped = listener.yield(.notified(payload: payload)) { listener.yield(.reconnected) }
        }
    }

    /// Ends every stream.
    mutating func finish() {
        listeners.values.forEach { $0.values.forEach { $0.finish() } }
        listeners.removeAll()
    }
}
