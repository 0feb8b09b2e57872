extension PayloadParser {
    /// A value of which neither the metadata nor the payload names a type.
    ///
    /// Strings stay strings, but for `/Date(…)/` of version 2; integers are `int64` as far as they go, other numbers
    /// decimals, and what is neither stays untyped. Objects are entities if they have an identity or a tag, else complex.
    mutating func guess(_ text: Span<UInt8>) throws(PayloadError) -> ODataValue {
        switch try reader.kind(text) {
        case .null:
            try reader.literal("null", text)
            return .null
        case .boolean: return .boolean(try reader.boolean(text))
        case .number: return try guessNumber(text)
        case .string: return try guessString(text)
        case .array: return try guessArray(text)
        case .object: return try guessObject(text)
        }
    }

    private mutating func guessNumber(_ text: Span<UInt8>) throws(PayloadError) -> ODataValue {
        let range = try reader.number(text)
        let digits = text.extracting(range)
        for type in [PrimitiveType.int64, .decimal] {
            if let value = try? ODataValue.fromJSON(digits, isString: false, as: type, version: version) {
                return value
            }
        }
        // Neither an integer that fits nor 38 digits: kept as it is written.
        return .untyped(.number(try JSONText.copy(digits)))
    }

    private mutating func guessString(_ text: Span<UInt8>) throws(PayloadError) -> ODataValue {
        let range = try reader.string(text)
        let string = try JSONText.string(range, text)
        guard !version.isV4, string.hasPrefix("/Date("), string.hasSuffix(")/") else { return .string(string) }
        let hasOffset = string.dropFirst(7).utf8.contains { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") }
        let type: PrimitiveType = hasOffset ? .dateTimeOffset : .dateTime
        // A string that only looks like a date is a string.
        return (try? .fromJSON(string.utf8.span, isString: true, as: type, version: version)) ?? .string(string)
    }

    private mutating func guessArray(_ text: Span<UInt8>) throws(PayloadError) -> ODataValue {
        let elements = try elements(text) { (parser, text) throws(PayloadError) in try parser.guess(text) }
        var entities: [Entity] = []
        for element in elements {
            guard case .entity(let entity) = element else { return .collection(elements) }
            entities.append(entity)
        }
        return entities.isEmpty ? .collection([]) : .entities(EntityCollection(entities))
    }

    private mutating func guessObject(_ text: Span<UInt8>) throws(PayloadError) -> ODataValue {
        if !version.isV4 {
            switch try version2Object(text) {
            case .deferred: return .deferred(DeferredLink(url: try reader.node(text)["__deferred"]?["uri"]?.text))
            case .stream:
                let node = try reader.node(text)
                return StreamReference(version2: node).map(ODataValue.stream) ?? .untyped(node)
            case .results: return try guessResults(text)
            case .other: break
            }
        }
        let object = try object(0, text)
        return isEntity(object) ? .entity(entity(object)) : .complex(complexValue(object))
    }

    /// An expanded collection, or one of values that have no identity.
    private mutating func guessResults(_ text: Span<UInt8>) throws(PayloadError) -> ODataValue {
        var found: ODataValue?
        var details = EntityCollection.Details()
        guard try reader.open(UInt8(ascii: "{"), text) else { return .collection([]) }
        repeat {
            let name = try JSONText.string(try reader.name(text), text)
            if name == "results" {
                guard found == nil else { throw reader.failure(.duplicateName) }
                found = try guess(text)
            } else {
                try details.take(name, try reader.node(text))
            }
        } while try reader.next(in: UInt8(ascii: "{"), text)
        switch found {
        // An empty one was a navigation that leads nowhere: collections of values have no such wrapper in version 2.
        case .collection(let elements) where elements.isEmpty: return .entities(EntityCollection([], details))
        case .entities(let collection): return .entities(EntityCollection(collection.entities, details))
        case let other?: return other
        case nil: return .entities(EntityCollection([], details))
        }
    }

    private func isEntity(_ object: ParsedObject) -> Bool {
        if let name = types.names[Int(object.type)], let type = types.metadata?.structuredType(name) {
            return type.kind == .entity
        }
        return object.details.id != nil || object.details.etag != nil || object.details.editLink != nil
            || object.details.readLink != nil
    }
}
