/// What stands around the entities of a page, and where in it the reader is.
///
/// Version 4: `{"@odata.context":…,"value":[…],"@odata.nextLink":…}`. Version 2: `{"d":{"results":[…],"__next":…}}`,
/// `{"d":[…]}`, `{"d":{"Function":[…]}}`, and one entity where a collection was expected. Both: a bare array.
struct FeedWrapper: Sendable {
    enum Phase: Sendable {
        /// Before the outermost bracket. Next: `firstName`, `firstElement`.
        case start
        /// Behind `{`. Next: `name`, or `afterMember` of the object around it, or `end`.
        case firstName
        /// Before a name. Next: `colon`.
        case name
        case colon
        /// Before a member's value. Next: `firstName`, `firstElement`, `single`, `afterMember`.
        case value
        /// Behind a value. Next: `name`, `afterMember`, `end`.
        case afterMember
        /// Behind `[`. Next: `element`, or as behind a value.
        case firstElement
        case element
        case afterElement
        /// Before an entity that stands where a collection was expected. Next: `afterMember`, `end`.
        case single
        /// Only white space may follow.
        case end
    }

    /// An object that is open around the entities.
    private enum Level { case root, d, function }

    /// What is to be done with a value.
    enum Decision {
        /// Its bracket is consumed.
        case open
        /// It is kept as a tree.
        case keep
        /// The object that it is a member of is an entity: read again from there.
        case reread(Int)
    }

    private(set) var phase = Phase.start
    private(set) var hasElements = false
    private(set) var memberName = ""
    /// Where the innermost object begins, until it is known that it is no entity.
    var anchor: Int?
    private var levels: [Level] = []
    private var seen: [Set<String>] = []
    private var isInArray = false
    private let version: ODataVersion

    init(version: ODataVersion) { self.version = version }

    /// Objects and arrays that are open.
    var depth: Int { levels.count + (isInArray ? 1 : 0) }

    // MARK: Brackets and commas

    /// - Returns: how many bytes are consumed, 0 or 1.
    mutating func take(_ byte: UInt8, at position: Int) throws(PayloadError) -> Int {
        switch (phase, byte) {
        case (.start, UInt8(ascii: "{")): openObject(.root, at: position)
        case (.start, UInt8(ascii: "[")): openArray()
        case (.firstName, UInt8(ascii: "}")), (.afterMember, UInt8(ascii: "}")): closeObject()
        case (.firstName, _):
            phase = .name
            return 0
        case (.colon, UInt8(ascii: ":")): phase = .value
        case (.afterMember, UInt8(ascii: ",")): phase = .name
        case (.firstElement, UInt8(ascii: "]")), (.afterElement, UInt8(ascii: "]")):
            isInArray = false
            valueEnded()
        case (.firstElement, _):
            phase = .element
            return 0
        case (.afterElement, UInt8(ascii: ",")): phase = .element
        case (.start, _), (.colon, _), (.afterMember, _), (.afterElement, _), (.end, _), (.name, _), (.value, _),
            (.element, _), (.single, _):
            throw PayloadError(.syntax, offset: position)
        }
        return 1
    }

    private mutating func openObject(_ level: Level, at position: Int) {
        levels.append(level)
        seen.append([])
        anchor = position
        phase = .firstName
    }

    private mutating func openArray() {
        isInArray = true
        hasElements = true
        anchor = nil
        phase = .firstElement
    }

    private mutating func closeObject() {
        levels.removeLast()
        seen.removeLast()
        anchor = nil
        valueEnded()
    }

    /// A value of the innermost object has ended, or the outermost value.
    mutating func valueEnded() { phase = levels.isEmpty ? .end : .afterMember }

    mutating func elementEnded() {
        if phase == .single { valueEnded() } else { phase = .afterElement }
    }

    // MARK: Members

    mutating func name(_ name: String, at position: Int) throws(PayloadError) {
        guard seen[seen.count - 1].insert(name).inserted else { throw PayloadError(.duplicateName, offset: position) }
        memberName = name
        phase = .colon
    }

    /// - Parameter byte: the value's first.
    mutating func value(
        _ byte: UInt8, at position: Int, knows: (String) -> Bool
    ) throws(PayloadError) -> Decision {
        let isFirst = seen[seen.count - 1].count == 1
        let decision =
            version.isV4
            ? try version4(byte, at: position) : try version2(byte, at: position, isFirst: isFirst, knows)
        // Whatever it is, the object is no entity from here on, or is read again as one.
        if case .open = decision {} else { anchor = nil }
        return decision
    }

    private mutating func version4(_ byte: UInt8, at position: Int) throws(PayloadError) -> Decision {
        guard memberName == "value" else { return .keep }
        guard byte == UInt8(ascii: "[") else { throw PayloadError(.unexpectedShape, offset: position) }
        return try elements(at: position)
    }

    private mutating func version2(
        _ byte: UInt8, at position: Int, isFirst: Bool, _ knows: (String) -> Bool
    ) throws(PayloadError) -> Decision {
        let isObject = byte == UInt8(ascii: "{")
        let isArray = byte == UInt8(ascii: "[")
        switch (levels.last, memberName) {
        case (.root, "d"):
            if isArray { return try elements(at: position) }
            guard isObject else { throw PayloadError(.unexpectedShape, offset: position) }
            openObject(.d, at: position)
            return .open
        case (_, "results"):
            if isArray { return try elements(at: position) }
            guard isObject, !hasElements else { throw PayloadError(.unexpectedShape, offset: position) }
            return single(from: position)
        case (_, "__count"), (_, "__next"), (_, "__delta"):
            return .keep
        case (.d, _) where isFirst && memberName != "__metadata" && (isObject || isArray) && !knows(memberName):
            if isArray { return try elements(at: position) }
            openObject(.function, at: position)
            return .open
        default:
            guard isFirst, !hasElements, let start = anchor else { return .keep }
            levels.removeLast()
            seen.removeLast()
            return single(from: start)
        }
    }

    private mutating func elements(at position: Int) throws(PayloadError) -> Decision {
        guard !hasElements else { throw PayloadError(.unexpectedShape, offset: position) }
        openArray()
        return .open
    }

    private mutating func single(from offset: Int) -> Decision {
        hasElements = true
        phase = .single
        return .reread(offset)
    }
}
