extension ODataValue {
    /// The value as JSON: primitive values, enumerations, spatial values, null, and collections of them.
    ///
    /// - Version 2: `Edm.Int64`, `Decimal`, `Double` and `Single` are strings, a number is refused by SAP's services;
    ///   `Edm.DateTime` is `/Date(…)/`, or ISO text where there are fractions of a millisecond, which that can't say;
    ///   days and times of version 4 become the types that version 2 has.
    /// - Version 4: `Edm.Int64` and `Decimal` are strings if `ieee754Compatible` (the content type must say so as
    ///   well).
    ///
    /// - Throws: `.mismatch` for what the version has no form for, and for entities, links and complex values, whose
    ///   encoding needs their metadata; `.outOfRange` for a decimal that version 2 can't write.
    public func jsonNode(_ version: ODataVersion, ieee754Compatible: Bool) throws(ValueError) -> JSONNode {
        if case .collection(let values) = self {
            var nodes: [JSONNode] = []
            nodes.reserveCapacity(values.count)
            for value in values {
                // A collection has no collections in it, so that one level is all there is.
                if case .collection = value { throw .mismatch(expected: "a value that is no collection") }
                nodes.append(try value.scalarNode(version, ieee754Compatible))
            }
            return .array(nodes)
        }
        return try scalarNode(version, ieee754Compatible)
    }

    private func scalarNode(_ version: ODataVersion, _ ieee754Compatible: Bool) throws(ValueError) -> JSONNode {
        let hasLongNumbersAsStrings = !version.isV4 || ieee754Compatible
        switch self {
        case .null: return .null
        case .boolean(let value): return .boolean(value)
        case .byte, .sbyte, .int16, .int32: return .number(String(integerValue ?? 0))
        case .int64(let value): return hasLongNumbersAsStrings ? .string(String(value)) : .number(String(value))
        case .decimal(let value):
            if !version.isV4, value.needsExponent { throw .outOfRange(.decimal) }
            return hasLongNumbersAsStrings ? .string(value.description) : .number(value.description)
        case .single(let value): return Self.floatNode(NumberText.text(of: value), value.isFinite, version)
        case .double(let value): return Self.floatNode(NumberText.text(of: value), value.isFinite, version)
        case .string(let value): return .string(value)
        case .guid(let value): return .string(value.description)
        case .binary(let bytes): return .string(BinaryText.base64(bytes, forURL: version.isV4).asciiString)
        case .enumeration(let value): return .string(value.members)
        case .geo(let value): return value.json
        case .untyped(let node): return node
        case .date, .dateTime, .dateTimeOffset, .time, .timeOfDay, .duration:
            return .string(try temporalJSON(version))
        case .stream, .complex, .collection, .entity, .entities, .deferred:
            throw .mismatch(expected: "a primitive value")
        }
    }

    private static func floatNode(_ text: String, _ isFinite: Bool, _ version: ODataVersion) -> JSONNode {
        version.isV4 && isFinite ? .number(text) : .string(text)
    }

    private func temporalJSON(_ version: ODataVersion) throws(ValueError) -> String {
        switch try forVersion(version) {
        case .date(let value): return value.description
        case .timeOfDay(let value): return value.description
        case .duration(let value): return value.description
        case .time(let value): return DurationText.timeText(of: value)
        case .dateTime(let value):
            return value.millisecondsOnTheClock.map { TicksText(milliseconds: $0).text } ?? value.description
        case .dateTimeOffset(let value):
            guard !version.isV4, let local = value.local.millisecondsOnTheClock else { return value.description }
            let offset = Int(value.offsetMinutes)
            return TicksText(
                milliseconds: local - Int64(offset) * 60_000, offsetMinutes: offset == 0 ? nil : offset
            ).text
        default: throw .mismatch(expected: "a date or time")
        }
    }

    /// A date or time in a type that the version has.
    ///
    /// - Throws: `.mismatch` for `Edm.DateTime` in version 4, where every time has an offset, which nobody here knows;
    ///   and for an `Edm.Time` of 24 hours and more.
    func forVersion(_ version: ODataVersion) throws(ValueError) -> ODataValue {
        switch (self, version.isV4) {
        case (.date(let value), false): return .dateTime(LocalDateTime(value, .midnight))
        case (.timeOfDay(let value), false): return .time(ODataDuration(value))
        case (.duration(let value), false): return .time(value)
        case (.time(let value), true):
            guard let time = TimeOfDay(value) else { throw .mismatch(expected: PrimitiveType.timeOfDay.rawValue) }
            return .timeOfDay(time)
        case (.dateTime, true): throw .mismatch(expected: PrimitiveType.dateTimeOffset.rawValue)
        default: return self
        }
    }
}
