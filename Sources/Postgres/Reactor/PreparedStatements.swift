/// Which statements a connection has prepared, and under which name.
///
/// Bounded: beyond 512 a statement is sent unprepared. The program's statements are literals, so that happens only if
/// one is called with ever new combinations of parameter types.
struct PreparedStatements {
    /// A literal's address and the types of its parameters (`NULL` has none, so both matter).
    struct Key: Hashable {
        let address: UInt
        let types: [UInt32]
    }

    enum Lookup {
        case known(name: String)
        /// Prepare it under this name first.
        case new(name: String)
        case full
    }

    private var names: [Key: String] = [:]
    private var counter = 0

    /// Finds or enters a statement. It counts as prepared from now on; ``forget(_:)`` takes that back.
    mutating func lookUp(_ key: Key) -> Lookup {
        if let name = names[key] { return .known(name: name) }
        guard names.count < 512 else { return .full }
        counter += 1
        let name = "s\(counter)"
        names[key] = name
        return .new(name: name)
    }

    /// The preparation failed, or the server doesn't know the name any more. Names aren't used twice.
    mutating func forget(_ key: Key) {
        names[key] = nil
    }

    /// The server knows none of them.
    mutating func forgetAll() {
        names.removeAll(keepingCapacity: true)
    }
}
