extension PayloadParser {
    /// A value as its plan says.
    ///
    /// - Parameter member: whose value it is, for errors; 0 for none.
    @inline(__always)
    mutating func value(
        _ plan: ValuePlan, _ member: Int32, _ text: Span<UInt8>
    ) throws(PayloadError) -> ODataValue {
        if plan.kind == .primitive, !plan.isCollection { return try primitive(plan.primitive, member, text) }
        return try otherValue(plan, member, text)
    }

    private mutating func otherValue(
        _ plan: ValuePlan, _ member: Int32, _ text: Span<UInt8>
    ) throws(PayloadError) -> ODataValue {
        if try reader.kind(text) == .null {
            try reader.literal("null", text)
            return .null
        }
        switch plan.kind {
        case .guess, .unresolved: return try guess(text)
        case .untyped: return .untyped(try reader.node(text))
        case .entity: return try navigation(plan, member, text)
        case .primitive, .enumeration, .complex: break
        }
        if plan.isCollection { return try collection(plan.element, member, text) }
        switch plan.kind {
        case .primitive: return try primitive(plan.primitive, member, text)
        case .enumeration: return try enumeration(plan, member, text)
        default: return try complex(plan, member, text)
        }
    }

    private mutating func enumeration(
        _ plan: ValuePlan, _ member: Int32, _ text: Span<UInt8>
    ) throws(PayloadError) -> ODataValue {
        let start = reader.position
        let members: String
        switch try reader.kind(text) {
        case .string: members = try JSONText.string(try reader.string(text), text)
        case .number: members = try JSONText.copy(text.extracting(try reader.number(text)))
        default: return try failure(expecting(plan), member, start, text)
        }
        return .enumeration(EnumerationValue(members, of: types.names[Int(plan.type)]))
    }

    private mutating func complex(
        _ plan: ValuePlan, _ member: Int32, _ text: Span<UInt8>
    ) throws(PayloadError) -> ODataValue {
        guard try reader.kind(text) == .object else {
            return try failure(expecting(plan), member, reader.position, text)
        }
        let object = try object(plan.type, text)
        return .complex(complexValue(object))
    }

    func complexValue(_ object: ParsedObject) -> ComplexValue {
        ComplexValue(
            object.properties, of: object.details.type ?? types.names[Int(object.type)],
            annotations: object.details.annotations)
    }

    /// A collection: an array, or in version 2 an object around one.
    private mutating func collection(
        _ element: ValuePlan, _ member: Int32, _ text: Span<UInt8>
    ) throws(PayloadError) -> ODataValue {
        switch try reader.kind(text) {
        case .array:
            return .collection(
                try elements(text) { (parser, text) throws(PayloadError) in
                    try parser.value(element, member, text)
                })
        case .object where !version.isV4: return try wrappedCollection(element, member, text)
        default: return try failure(expecting(element), member, reader.position, text)
        }
    }

    /// `{"__metadata":{"type":"Collection(…)"},"results":[…]}`.
    private mutating func wrappedCollection(
        _ element: ValuePlan, _ member: Int32, _ text: Span<UInt8>
    ) throws(PayloadError) -> ODataValue {
        let start = reader.position
        var found: ODataValue?
        if try reader.open(UInt8(ascii: "{"), text) {
            repeat {
                let name = try JSONText.string(try reader.name(text), text)
                if name == "results", found != nil { throw PayloadError(.duplicateName, offset: reader.position) }
                if name == "results", try reader.kind(text) == .array {
                    found = try collection(element, member, text)
                } else {
                    try reader.skip(text)
                }
            } while try reader.next(in: UInt8(ascii: "{"), text)
        }
        guard let found else { return try failure(expecting(element), member, start, text) }
        return found
    }

    mutating func elements<Element>(
        _ text: Span<UInt8>,
        _ element: (inout PayloadParser, Span<UInt8>) throws(PayloadError) -> Element
    ) throws(PayloadError) -> [Element] {
        var elements: [Element] = []
        guard try reader.open(UInt8(ascii: "["), text) else { return elements }
        repeat { elements.append(try element(&self, text)) } while try reader.next(in: UInt8(ascii: "["), text)
        return elements
    }

    func expecting(_ plan: ValuePlan) -> ValueError {
        switch plan.kind {
        case .primitive: .mismatch(expected: plan.primitive.rawValue)
        case .enumeration, .complex, .entity: .mismatch(expected: types.names[Int(plan.type)]?.description ?? "object")
        case .guess, .untyped, .unresolved: .mismatch(expected: "value")
        }
    }
}

// MARK: Navigations

extension PayloadParser {
    /// An expanded navigation, or in version 2 a deferred one. What it is, the payload says; the plan names the type only.
    private mutating func navigation(
        _ plan: ValuePlan, _ member: Int32, _ text: Span<UInt8>
    ) throws(PayloadError) -> ODataValue {
        switch try reader.kind(text) {
        case .array:
            return .entities(try entities(plan.type, text))
        case .object:
            if version.isV4 { return .entity(entity(try object(plan.type, text))) }
            switch try version2Object(text) {
            case .deferred: return .deferred(try deferred(text))
            case .results: return .entities(try resultsObject(plan.type, text))
            case .stream, .other: return .entity(entity(try object(plan.type, text)))
            }
        default:
            return try failure(expecting(plan), member, reader.position, text)
        }
    }

    /// An array of entities that are expanded, with removed ones if it is part of a delta.
    mutating func entities(_ type: Int32, _ text: Span<UInt8>) throws(PayloadError) -> EntityCollection {
        var collection = EntityCollection()
        var details = EntityCollection.Details()
        guard try reader.open(UInt8(ascii: "["), text) else { return collection }
        repeat {
            guard try reader.kind(text) == .object else { throw reader.failure(.unexpectedShape) }
            switch try element(type, text) {
            case .entity(let entity): collection.entities.append(entity)
            case .removed(let removed): details.removed.append(removed)
            case .link(let change): details.linkChanges.append(change)
            }
        } while try reader.next(in: UInt8(ascii: "["), text)
        if details != .none { collection.details = details }
        return collection
    }

    /// `{"results":[…],"__count":"1","__next":"…"}`, expanded.
    private mutating func resultsObject(_ type: Int32, _ text: Span<UInt8>) throws(PayloadError) -> EntityCollection {
        var collection: EntityCollection?
        var details = EntityCollection.Details()
        guard try reader.open(UInt8(ascii: "{"), text) else { return EntityCollection() }
        repeat {
            let name = try JSONText.string(try reader.name(text), text)
            if name == "results" {
                guard collection == nil else { throw reader.failure(.duplicateName) }
                guard try reader.kind(text) == .array else { throw reader.failure(.unexpectedShape) }
                collection = try entities(type, text)
            } else {
                try details.take(name, try reader.node(text))
            }
        } while try reader.next(in: UInt8(ascii: "{"), text)
        (details.removed, details.linkChanges) = (collection?.removed ?? [], collection?.linkChanges ?? [])
        return EntityCollection(collection?.entities ?? [], details)
    }

    /// `{"__deferred":{"uri":"…"}}`.
    private mutating func deferred(_ text: Span<UInt8>) throws(PayloadError) -> DeferredLink {
        DeferredLink(url: try reader.node(text)["__deferred"]?["uri"]?.text)
    }

    /// What the first member of an object of version 2 makes of it.
    enum Version2Object { case deferred, results, stream, other }

    mutating func version2Object(_ text: Span<UInt8>) throws(PayloadError) -> Version2Object {
        var ahead = reader
        guard try ahead.open(UInt8(ascii: "{"), text) else { return .other }
        let range = try ahead.name(text)
        // All of them begin alike or are `results`: nearly every object is told by one byte.
        switch text[range.start] {
        case UInt8(ascii: "_"), UInt8(ascii: "r"): break
        default: return .other
        }
        switch try JSONText.string(range, text) {
        case "__deferred": return .deferred
        case "results": return try ahead.kind(text) == .array ? .results : .other
        case "__count", "__next": return .results
        case "__mediaresource": return .stream
        default: return .other
        }
    }
}

extension EntityCollection.Details {
    /// A member beside the entities, of either version.
    mutating func take(_ name: String, _ value: JSONNode) throws(PayloadError) {
        switch name {
        case "__count", "@odata.count", "@count": count = try Self.count(value)
        case "__next", "@odata.nextLink", "@nextLink": nextLink = try Self.link(value, "nextLink")
        case "__delta", "@odata.deltaLink", "@deltaLink": deltaLink = try Self.link(value, "deltaLink")
        case "@odata.context", "@context": context = value.text
        case "__metadata": break
        default: annotations[name] = value
        }
    }

    /// A link that is no string is an error: taken for none, it would end a result too early.
    static func link(_ value: JSONNode, _ name: String) throws(PayloadError) -> String? {
        switch value {
        case .null: nil
        case .string(let text): text
        case .number, .boolean, .array, .object: throw PayloadError(.unexpectedShape, name: name)
        }
    }

    /// A number, or a string with one (version 2, and version 4 with IEEE754Compatible).
    static func count(_ value: JSONNode) throws(PayloadError) -> Int64? {
        switch value {
        case .null: return nil
        case .string(let text), .number(let text):
            guard let count = Int64(text) else { throw PayloadError(.unexpectedShape, name: "count") }
            return count
        case .boolean, .array, .object: throw PayloadError(.unexpectedShape, name: "count")
        }
    }
}
