extension ODataValue {
    /// Reads the content of a JSON scalar: a string without its quotes and escapes, a number, `true`, `false` or
    /// `null`.
    ///
    /// Forms: OData JSON 4.01 §7.1; of version 2, MS-ODATA §2.2.6.3.1 and what SAP's services send.
    /// - Version 2 has numbers in strings; numbers are accepted for all numeric types, and in version 4 strings for
    ///   `Edm.Int64` and `Edm.Decimal` (`IEEE754Compatible`), and for `INF`, `-INF` and `NaN`.
    /// - A number such as `1.0` or `1e2` is accepted for an integer where it is one.
    /// - `0000-00-00` is `null`: ABAP has no other way to say that there is no date.
    /// - `Edm.Stream` and what has no form in JSON is kept untyped.
    ///
    /// - Throws: `.malformed` for another form, `.outOfRange` for what the type can't hold.
    static func fromJSON(
        _ text: Span<UInt8>, isString: Bool, as type: PrimitiveType, version: ODataVersion
    ) throws(ValueError) -> ODataValue {
        if !isString, text.equals("null") { return .null }
        switch type {
        case .string:
            guard isString, let string = text.string() else { throw .malformed(type) }
            return .string(string)
        case .decimal: return .decimal(try ODataDecimal(text: text))
        case .dateTime, .dateTimeOffset, .date, .time, .timeOfDay, .duration:
            guard isString else { throw .malformed(type) }
            return try temporal(text, as: type, version)
        case .boolean: return .boolean(try boolean(text, isString: isString, version))
        case .byte, .sbyte, .int16, .int32, .int64:
            if isString, type != .int64, version.isV4 { throw .malformed(type) }
            return try integer(text, isNumber: !isString, as: type)
        case .double, .single: return try float(text, isString: isString, as: type, version)
        case .guid:
            guard isString, let guid = GUID(text: text) else { throw .malformed(type) }
            return .guid(guid)
        case .binary:
            guard isString, let bytes = BinaryText.base64(text) else { throw .malformed(type) }
            return .binary(bytes)
        case .stream: return .untyped(try node(text, isString: isString, as: type))
        case .geography, .geographyPoint, .geographyLineString, .geographyPolygon, .geographyMultiPoint,
            .geographyMultiLineString, .geographyMultiPolygon, .geographyCollection, .geometry, .geometryPoint,
            .geometryLineString, .geometryPolygon, .geometryMultiPoint, .geometryMultiLineString,
            .geometryMultiPolygon, .geometryCollection:
            return .geo(GeoValue(try node(text, isString: isString, as: type), of: type))
        }
    }

    private static func temporal(
        _ text: Span<UInt8>, as type: PrimitiveType, _ version: ODataVersion
    ) throws(ValueError) -> ODataValue {
        switch type {
        case .date: return try DateText.wholeDate(text).map { .date($0) } ?? .null
        case .timeOfDay: return .timeOfDay(try DateText.wholeTime(text))
        case .time: return .time(try DurationText.duration(text, as: .time))
        case .duration: return .duration(try DurationText.duration(text, as: .duration))
        case .dateTime:
            if TicksText.isTicks(text) { return .dateTime(try TicksText(text, as: type).wallTime()) }
            return try DateText.wallTime(text).map { .dateTime($0) } ?? .null
        default:
            if !version.isV4, TicksText.isTicks(text) {
                return .dateTimeOffset(try TicksText(text, as: type).instant())
            }
            return try DateText.instant(text, isLenient: !version.isV4).map { .dateTimeOffset($0) } ?? .null
        }
    }

    /// Version 2: also `"true"` in a string.
    private static func boolean(
        _ text: Span<UInt8>, isString: Bool, _ version: ODataVersion
    ) throws(ValueError) -> Bool {
        if isString, version.isV4 { throw .malformed(.boolean) }
        if text.equals("true") { return true }
        if text.equals("false") { return false }
        throw .malformed(.boolean)
    }

    static func integer(
        _ text: Span<UInt8>, isNumber: Bool, as type: PrimitiveType
    ) throws(ValueError) -> ODataValue {
        var value: Int64
        do throws(ValueError) {
            value = try NumberText.integer(text, as: type)
        } catch {
            guard isNumber, case .malformed = error, let number = ScannedNumber(text) else { throw error }
            guard number.isComplete, let decimal = try? ODataDecimal(text: text), let exact = Int64(exactly: decimal)
            else { throw .outOfRange(type) }
            value = exact
        }
        return try ODataValue(integer: value, as: type)
    }

    /// - Parameter type: an integer type; any other becomes `Edm.Int64`.
    @inline(__always)
    init(integer value: Int64, as type: PrimitiveType) throws(ValueError) {
        switch type {
        case .byte:
            guard let fitting = UInt8(exactly: value) else { throw .outOfRange(type) }
            self = .byte(fitting)
        case .sbyte:
            guard let fitting = Int8(exactly: value) else { throw .outOfRange(type) }
            self = .sbyte(fitting)
        case .int16:
            guard let fitting = Int16(exactly: value) else { throw .outOfRange(type) }
            self = .int16(fitting)
        case .int32:
            guard let fitting = Int32(exactly: value) else { throw .outOfRange(type) }
            self = .int32(fitting)
        default: self = .int64(value)
        }
    }

    private static func float(
        _ text: Span<UInt8>, isString: Bool, as type: PrimitiveType, _ version: ODataVersion
    ) throws(ValueError) -> ODataValue {
        if isString, version.isV4 {
            let value = try NumberText.notFinite(text, as: type)
            return type == .single ? .single(Float(value)) : .double(value)
        }
        return type == .single ? .single(try NumberText.single(text)) : .double(try NumberText.double(text))
    }

    private static func node(
        _ text: Span<UInt8>, isString: Bool, as type: PrimitiveType
    ) throws(ValueError) -> JSONNode {
        if !isString, text.equals("true") || text.equals("false") { return .boolean(text.equals("true")) }
        guard let string = text.string() else { throw .malformed(type) }
        return isString ? .string(string) : .number(string)
    }

    /// A JSON node of a scalar as a value of a type; see `fromJSON(_:isString:as:version:)`.
    static func fromJSON(
        _ node: JSONNode, as type: PrimitiveType, version: ODataVersion
    ) throws(ValueError) -> ODataValue {
        switch node {
        case .null: return .null
        case .string(let text):
            if type == .string { return .string(text) }
            let utf8 = text.utf8Span
            return try fromJSON(utf8.span, isString: true, as: type, version: version)
        case .number(let text):
            let utf8 = text.utf8Span
            return try fromJSON(utf8.span, isString: false, as: type, version: version)
        case .boolean(let value):
            guard type == .boolean else { throw .malformed(type) }
            return .boolean(value)
        case .array, .object:
            if type.isGeo { return .geo(GeoValue(node, of: type)) }
            if type == .stream { return .untyped(node) }
            throw .malformed(type)
        }
    }
}
