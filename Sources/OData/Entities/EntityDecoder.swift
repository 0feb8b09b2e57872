internal import Synchronization

/// Reads what services answer in JSON: entities, collections of them, and single values, in both versions.
///
/// Types come from the metadata, else from the payload (`@odata.type`, `__metadata.type`). Where neither has one, strings
/// stay strings (but for `/Date(…)/` of version 2), integers are `int64`, other numbers `decimal`, objects with an identity or
/// a tag entities, other objects `complex`. So a key such as `0001000001` stays what it is.
///
/// What a property's type can't hold is an error that names the property; a lenient decoder keeps it as `untyped`.
///
/// A decoder may be used by many tasks. It remembers what the payloads of its service look like: keep one for many answers.
public struct EntityDecoder: Sendable {
    public let metadata: Metadata?
    /// The declared type of the entities; nil where it isn't known.
    public let type: QualifiedName?
    public let version: ODataVersion
    public let limits: PayloadLimits
    /// Whether values that don't fit their types are kept as `untyped`.
    public let isLenient: Bool
    private let spares: SpareParsers

    /// - Parameters:
    ///   - type: the declared type of entities, from the entity set; payloads may name derived ones.
    ///   - lenient: keeps values that don't fit their types as `untyped`, for services that break their own metadata.
    public init(
        metadata: Metadata?, type: QualifiedName?, version: ODataVersion, limits: PayloadLimits = .init(),
        lenient: Bool = false
    ) {
        (self.metadata, self.type, self.version, self.limits) = (metadata, type, version, limits)
        isLenient = lenient
        spares = SpareParsers()
    }

    private init(_ other: EntityDecoder, type: QualifiedName?) {
        (metadata, self.type, version, limits) = (other.metadata, type, other.version, other.limits)
        (isLenient, spares) = (other.isLenient, other.spares)
    }

    /// A decoder for another type of the same service, which shares what this one has learnt.
    public func of(_ type: QualifiedName?) -> EntityDecoder { EntityDecoder(self, type: type) }

    /// One entity: `{"d":{…}}`, `{"d":{"results":{…}}}`, the result of a function import `{"d":{"Name":{…}}}` and an array of
    /// one in version 2; a bare object in both.
    ///
    /// - Throws: `PayloadError`; `.unexpectedShape` where there is no entity, or more than one.
    public func entity(_ bytes: [UInt8]) throws(PayloadError) -> Entity {
        try checkSize(bytes)
        let text = bytes.span
        let locator = PayloadLocator(version, limits, knows: knows)
        let place = try locator.entity(text)
        return try parse { (parser) throws(PayloadError) in
            parser.start(at: place.offset, depth: place.depth)
            return parser.entity(try parser.object(parser.number(of: type), text))
        }
    }

    /// All entities of one page: `{"value":[…]}` of version 4, in version 2 `{"d":{"results":[…]}}`, `{"d":[…]}`, the result
    /// of a function import, or a single entity; a bare array in both. See `FeedReader` for large ones.
    public func collection(_ bytes: [UInt8]) throws(PayloadError) -> EntityCollection {
        try checkSize(bytes)
        return try parse { (parser) throws(PayloadError) in
            var feed = FeedReader(whole: bytes, self, parser)
            var entities: [Entity] = []
            while let entity = try feed.next() { entities.append(entity) }
            try feed.finish()
            parser = feed.parser
            return EntityCollection(entities, feed.page.details)
        }
    }

    /// A property's value, or what a function or action returned: `{"value":…}` or the bare value of version 4,
    /// `{"d":{"Name":…}}`, `{"d":{"results":[…]}}` and `{"d":…}` of version 2.
    ///
    /// - Parameter type: nil takes the one of `@odata.context`, or guesses.
    public func value(_ bytes: [UInt8], of type: TypeReference?) throws(PayloadError) -> ODataValue {
        try checkSize(bytes)
        let text = bytes.span
        return try parse { (parser) throws(PayloadError) in
            var plan = type.map { parser.types.plan($0) }
            let structured = plan.flatMap { $0.isScalar ? nil : parser.types.names[Int($0.type)] }
            let locator = PayloadLocator(version, limits) { knows($0, structured) }
            let place = try locator.value(text, isStructured: structured != nil && plan?.isCollection == false)
            plan = plan ?? place.context.flatMap(Self.typeText).map { parser.types.plan(text: $0) }
            parser.start(at: place.offset, depth: place.depth)
            return try parser.value(plan ?? .guess, 0, text)
        }
    }

    /// What the service's root answers (`{"d":{"EntitySets":[…]}}`, `{"value":[{"name":…}]}`).
    public func serviceDocument(_ bytes: [UInt8]) throws(PayloadError) -> ServiceDocument {
        try checkSize(bytes)
        let root = try JSONNode(parsing: bytes, maxDepth: limits.maxDepth)
        guard let document = version.isV4 ? ServiceDocument(version4: root) : ServiceDocument(version2: root) else {
            throw PayloadError(.unexpectedShape)
        }
        return document
    }

    private func checkSize(_ bytes: [UInt8]) throws(PayloadError) {
        guard bytes.count <= limits.maxBodyBytes else {
            throw PayloadError(.tooLarge(.bodyBytes(limits.maxBodyBytes)), offset: limits.maxBodyBytes)
        }
    }

    func knows(_ name: String) -> Bool { knows(name, type) }

    private func knows(_ name: String, _ type: QualifiedName?) -> Bool {
        guard let metadata, let type else { return false }
        return metadata.property(name, of: type) != nil || metadata.navigationProperty(name, of: type) != nil
    }

    /// The type behind the `#` of a context URL: of a value, never of a set.
    private static func typeText(_ context: String) -> String? {
        guard let hash = context.utf8.lastIndex(of: UInt8(ascii: "#")) else { return nil }
        let fragment = context[context.utf8.index(after: hash)...]
        guard !fragment.utf8.contains(UInt8(ascii: "/")) else { return nil }
        return fragment.contains(".") ? String(fragment) : nil
    }

    // MARK: Parsers

    func makeParser() -> PayloadParser {
        spares.take() ?? PayloadParser(metadata: metadata, version: version, limits: limits, isLenient: isLenient)
    }

    /// Lends a parser, and keeps it for the next answer if all went well.
    private func parse<Result>(
        _ body: (inout PayloadParser) throws(PayloadError) -> Result
    ) throws(PayloadError) -> Result {
        var parser = makeParser()
        let result = try body(&parser)
        spares.give(parser)
        return result
    }
}

extension PayloadParser {
    mutating func number(of type: QualifiedName?) -> Int32 { type.map { types.number(of: $0) } ?? 0 }
}

/// Parsers that have learnt something and are free. A few: one for each task that decodes at the same time.
private final class SpareParsers: Sendable {
    private let parsers = Mutex<[PayloadParser]>([])

    func take() -> PayloadParser? { parsers.withLock { $0.popLast() } }

    func give(_ parser: PayloadParser) {
        guard !parser.knowsTooMuch else { return }
        parsers.withLock { if $0.count < 4 { $0.append(parser) } }
    }
}
