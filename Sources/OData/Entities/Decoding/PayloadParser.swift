/// Turns the bytes of values into values: the working part of `EntityDecoder` and `FeedReader`.
///
/// The text is given to each call, like `JSONReader`'s. What it learns about names and types stays, so that one parser is
/// best for many entities of one service. After an error it is of no use.
struct PayloadParser: Sendable {
    var reader: JSONReader
    var names: MemberNames
    var types: PayloadTypes
    /// By the type's number; shorter than that of the types.
    private var experiences: [TypeExperience] = []
    /// The members of all objects that are open, the innermost last.
    var uses: [MemberUse] = []
    /// For strings with escapes.
    private var scratch: [UInt8] = []
    let isLenient: Bool
    let limits: PayloadLimits

    /// Above it a parser forgets what it has learnt, between entities.
    private static let maxNames = 8192
    private static let maxScratchBytes = 1 << 20
    /// Types with higher numbers are read without what was learnt: a peer whose metadata has many would fill memory by it.
    private static let maxExperiencedTypes: Int32 = 256

    init(metadata: Metadata?, version: ODataVersion, limits: PayloadLimits, isLenient: Bool) {
        reader = JSONReader(maxDepth: limits.maxDepth)
        names = MemberNames(version: version)
        types = PayloadTypes(metadata: metadata, version: version)
        (self.limits, self.isLenient) = (limits, isLenient)
    }

    var version: ODataVersion { types.version }

    /// Begins another text, or another place of it.
    mutating func start(at position: Int, depth: Int) {
        reader = JSONReader(maxDepth: limits.maxDepth, position: position, depth: depth)
    }

    /// Whether so many names have come, or so long a text, that all is better learnt anew. Numbers of types are void after
    /// `forget`.
    var knowsTooMuch: Bool { names.count > Self.maxNames || scratch.capacity > Self.maxScratchBytes }

    mutating func forget() {
        names = MemberNames(version: version)
        types = PayloadTypes(metadata: types.metadata, version: version)
        experiences = []
        uses = []
        scratch = []
    }
}

// MARK: What was learnt

extension PayloadParser {
    mutating func withExperience<R>(of type: Int32, _ body: (inout TypeExperience) -> R) -> R {
        while experiences.count <= Int(type) { experiences.append(TypeExperience()) }
        return body(&experiences[Int(type)])
    }

    @inline(__always)
    private func isExperienced(_ type: Int32) -> Bool { Int(type) < experiences.count }

    func expectedCount(of type: Int32) -> Int { isExperienced(type) ? experiences[Int(type)].expectedCount : 0 }

    @inline(__always)
    mutating func plan(of member: Int32, in type: Int32) -> ValuePlan {
        if isExperienced(type) {
            let plan = experiences[Int(type)].plan(of: member)
            if plan.kind != .unresolved { return plan }
        }
        return resolvedPlan(of: member, in: type)
    }

    private mutating func resolvedPlan(of member: Int32, in type: Int32) -> ValuePlan {
        let plan = types.plan(ofMember: names.names[Int(member)], in: type)
        if type < Self.maxExperiencedTypes { withExperience(of: type) { $0.learn(plan, of: member) } }
        return plan
    }

    /// Past a member's name and colon.
    ///
    /// - Parameter previous: the member in front; 0 for none.
    @inline(__always)
    mutating func member(after previous: Int32, in type: Int32, _ text: Span<UInt8>) throws(PayloadError) -> Int32 {
        reader.skipSpace(text)
        if isExperienced(type) {
            let expected = experiences[Int(type)].successor(of: previous)
            let length = names.match(expected, text, at: reader.position)
            if length > 0 {
                reader.position &+= length
                try reader.expect(UInt8(ascii: ":"), text)
                return expected
            }
        }
        return try unexpectedMember(after: previous, in: type, text)
    }

    private mutating func unexpectedMember(
        after previous: Int32, in type: Int32, _ text: Span<UInt8>
    ) throws(PayloadError) -> Int32 {
        let member = names.number(of: try JSONText.string(try reader.name(text), text))
        if type < Self.maxExperiencedTypes { withExperience(of: type) { $0.learn(successor: member, of: previous) } }
        return member
    }
}

// MARK: Primitive values

extension PayloadParser {
    /// A value of a primitive type.
    ///
    /// - Parameter member: whose value it is, for errors.
    @inline(__always)
    mutating func primitive(
        _ type: PrimitiveType, _ member: Int32, _ text: Span<UInt8>
    ) throws(PayloadError) -> ODataValue {
        switch try reader.kind(text) {
        case .string:
            let start = reader.position
            let range = try reader.string(text)
            if type == .string { return .string(try JSONText.string(range, text)) }
            return try value(range, as: type, member, start, text)
        case .number:
            let start = reader.position
            let range = try reader.number(text)
            return try value(range, as: type, member, start, text)
        case .null:
            try reader.literal("null", text)
            return .null
        case .boolean:
            let start = reader.position
            let isTrue = try reader.boolean(text)
            if type == .boolean { return .boolean(isTrue) }
            return try mismatch(type, member, start, text)
        case .array, .object:
            return try structured(type, member, text)
        }
    }

    private mutating func value(
        _ range: JSONReader.StringRange, as type: PrimitiveType, _ member: Int32, _ start: Int, _ text: Span<UInt8>
    ) throws(PayloadError) -> ODataValue {
        do {
            guard range.hasEscapes else {
                return try .fromJSON(text.extracting(range.range), isString: true, as: type, version: version)
            }
            JSONText.unescape(range, text, into: &scratch)
            return try .fromJSON(scratch.span, isString: true, as: type, version: version)
        } catch {
            return try failure(error, member, start, text)
        }
    }

    private mutating func value(
        _ range: Range<Int>, as type: PrimitiveType, _ member: Int32, _ start: Int, _ text: Span<UInt8>
    ) throws(PayloadError) -> ODataValue {
        do {
            return try .fromJSON(text.extracting(range), isString: false, as: type, version: version)
        } catch {
            return try failure(error, member, start, text)
        }
    }

    /// Spatial values and streams are objects; nothing else is.
    private mutating func structured(
        _ type: PrimitiveType, _ member: Int32, _ text: Span<UInt8>
    ) throws(PayloadError) -> ODataValue {
        let start = reader.position
        if type.isGeo { return .geo(GeoValue(try reader.node(text), of: type)) }
        guard type == .stream || !version.isV4 else { return try mismatch(type, member, start, text) }
        // Version 2 puts a named stream's links into an object, under a property that may not be declared as a stream.
        let node = try reader.node(text)
        if let stream = StreamReference(version2: node) { return .stream(stream) }
        if type == .stream { return .untyped(node) }
        return try mismatch(type, member, start, text)
    }

    private mutating func mismatch(
        _ type: PrimitiveType, _ member: Int32, _ start: Int, _ text: Span<UInt8>
    ) throws(PayloadError) -> ODataValue {
        try failure(.mismatch(expected: type.rawValue), member, start, text)
    }

    /// What doesn't fit its type: an error with the property's name, or kept as it is if the reader is lenient.
    mutating func failure(
        _ error: ValueError, _ member: Int32, _ start: Int, _ text: Span<UInt8>
    ) throws(PayloadError) -> ODataValue {
        guard isLenient else {
            throw PayloadError(.value(error), offset: start, name: member == 0 ? nil : names.names[Int(member)])
        }
        reader.position = start
        return .untyped(try reader.node(text))
    }
}
