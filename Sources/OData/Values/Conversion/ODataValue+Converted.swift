extension ODataValue {
    /// The value in the type that a property or parameter has, where that is possible without loss, but for decimals.
    ///
    /// - Integers become any number that holds them; a decimal becomes an integer if it is one, and the nearest binary
    ///   float; a text becomes any primitive type whose JSON form it has, or an enumeration whose members it names.
    /// - A binary float never becomes a decimal, not even by way of its text: write a text or an `ODataDecimal`
    ///   instead.
    /// - Dates become `Edm.DateTime` at midnight and back; `Edm.TimeOfDay`, `Time` and `Duration` become each other.
    /// - Null is let through whatever the type's nullability is: a filter compares with it.
    ///
    /// - Parameter metadata: for type definitions and the members of enumerations; without it names are taken as they
    ///   are.
    /// - Throws: `.mismatch` for another type, `.outOfRange` for what the type can't hold exactly, `.malformed` for a
    ///   text that has not its form or a member that it doesn't have.
    func converted(
        to type: TypeReference, version: ODataVersion, metadata: Metadata?
    ) throws(ValueError) -> ODataValue {
        if isNull { return self }
        let resolved = metadata?.resolved(type) ?? type
        guard resolved.isCollection else { return try convertedOne(to: resolved, version, metadata) }
        switch self {
        case .collection(let values):
            var converted: [ODataValue] = []
            converted.reserveCapacity(values.count)
            for value in values { converted.append(try value.convertedOne(to: resolved, version, metadata)) }
            return .collection(converted)
        case .entities, .deferred, .untyped: return self
        default: throw .mismatch(expected: "a collection")
        }
    }

    private func convertedOne(
        to type: TypeReference, _ version: ODataVersion, _ metadata: Metadata?
    ) throws(ValueError) -> ODataValue {
        switch type.base {
        case .primitive(let primitive): return try converted(to: primitive, version)
        case .abstract: return self
        case .named(let name):
            if let enumeration = metadata?.enumerationType(name) { return try converted(to: enumeration) }
            return try convertedToNamed(name, metadata)
        }
    }

    /// A structured type, or one that isn't known here.
    private func convertedToNamed(_ name: QualifiedName, _ metadata: Metadata?) throws(ValueError) -> ODataValue {
        let isStructured = metadata?.structuredType(name) != nil
        switch self {
        case .complex(var value):
            value.type = value.type ?? name
            return .complex(value)
        case .null, .entity, .deferred, .untyped: return self
        case .enumeration(var value) where !isStructured:
            value.type = value.type ?? name
            return .enumeration(value)
        default:
            if isStructured { throw .mismatch(expected: name.description) }
            return self
        }
    }

    private func converted(to type: EnumerationType) throws(ValueError) -> ODataValue {
        let members: String
        switch self {
        case .null, .untyped(.null): return .null
        case .enumeration(let value): members = value.members
        case .string(let text), .untyped(.string(let text)): members = text
        default:
            guard let number = integerValue else { throw .mismatch(expected: type.name.description) }
            members = String(number)
        }
        var names: [String] = []
        for part in members.split(separator: ",", omittingEmptySubsequences: false) {
            let name = part.drop { $0 == " " }
            guard EnumerationValue.isMember(name) else { throw .malformed(nil) }
            guard Int64(name) != nil || type.members.contains(where: { $0.name == name })
            else { throw .mismatch(expected: type.name.description) }
            names.append(String(name))
        }
        guard type.isFlags || names.count == 1 else { throw .mismatch(expected: type.name.description) }
        return .enumeration(EnumerationValue(names.joined(separator: ","), of: type.name))
    }

    /// As `converted(to:version:metadata:)`, for a primitive type.
    func converted(to type: PrimitiveType, _ version: ODataVersion = .v4) throws(ValueError) -> ODataValue {
        if primitiveType == type { return self }
        switch (self, type) {
        case (.null, _), (.deferred, .stream): return self
        case (.string(let text), _): return try Self.fromText(text, as: type, version)
        case (.untyped(let node), _): return try Self.fromJSON(node, as: type, version: version)
        case (.geo(let value), _) where type.isGeo: return .geo(GeoValue(value.json, of: type))
        case (.date(let value), .dateTime): return .dateTime(LocalDateTime(value, .midnight))
        case (.dateTime(let value), .date):
            guard value.time == .midnight else { throw .outOfRange(.date) }
            return .date(value.date)
        case (.timeOfDay(let value), .time): return .time(ODataDuration(value))
        case (.timeOfDay(let value), .duration): return .duration(ODataDuration(value))
        case (.duration(let value), .time): return .time(value)
        case (.time(let value), .duration): return .duration(value)
        case (.time(let value), .timeOfDay), (.duration(let value), .timeOfDay):
            guard let time = TimeOfDay(value) else { throw .outOfRange(.timeOfDay) }
            return .timeOfDay(time)
        default: return try convertedNumber(to: type)
        }
    }

    /// A text has the form that version 2's JSON has for the type, which holds those of version 4.
    private static func fromText(
        _ text: String, as type: PrimitiveType, _ version: ODataVersion
    ) throws(ValueError) -> ODataValue {
        if type == .binary || type == .stream || type.isGeo { throw .mismatch(expected: type.rawValue) }
        let utf8 = text.utf8Span
        let value = try fromJSON(utf8.span, isString: true, as: type, version: .v2)
        if value.isNull { throw .outOfRange(type) }
        return value
    }

    private func convertedNumber(to type: PrimitiveType) throws(ValueError) -> ODataValue {
        guard type.isNumeric else { throw .mismatch(expected: type.rawValue) }
        if let value = integerValue {
            switch type {
            case .decimal: return .decimal(ODataDecimal(value))
            case .double:
                guard let exact = Double(exactly: value) else { throw .outOfRange(type) }
                return .double(exact)
            case .single:
                guard let exact = Float(exactly: value) else { throw .outOfRange(type) }
                return .single(exact)
            default: return try ODataValue(integer: value, as: type)
            }
        }
        switch (self, type) {
        case (.decimal(let value), .double):
            let nearest = value.approximateDouble
            guard nearest.isFinite else { throw .outOfRange(type) }
            return .double(nearest)
        case (.decimal(let value), .single):
            let text = value.description
            return .single(try NumberText.single(text.utf8Span.span))
        case (.decimal(let value), _) where type.isInteger:
            guard let exact = Int64(exactly: value) else { throw .outOfRange(type) }
            return try ODataValue(integer: exact, as: type)
        case (.single(let value), .double): return .double(Double(value))
        case (.double(let value), .single):
            guard value.isNaN || Double(Float(value)) == value else { throw .outOfRange(type) }
            return .single(Float(value))
        default: throw .mismatch(expected: type.rawValue)
        }
    }
}
