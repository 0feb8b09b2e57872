extension PrimitiveType {
    /// `Edm.Geography…` and `Edm.Geometry…`.
    public var isGeo: Bool { rawValue.hasPrefix("Edm.Geo") }

    /// Integers, `Edm.Decimal`, and the binary floats.
    public var isNumeric: Bool {
        switch self {
        case .byte, .sbyte, .int16, .int32, .int64, .single, .double, .decimal: true
        default: false
        }
    }

    var isInteger: Bool {
        switch self {
        case .byte, .sbyte, .int16, .int32, .int64: true
        default: false
        }
    }

    /// Whether the version has it (MS-ODATA §2.2.2, CSDL 4.01 §3.3).
    public func exists(in version: ODataVersion) -> Bool {
        switch self {
        case .dateTime, .time: !version.isV4
        case .date, .timeOfDay, .duration: version.isV4
        default: true
        }
    }
}

extension ODataValue {
    /// The primitive type that the value has of itself; nil for null, enumerations, and what isn't primitive.
    public var primitiveType: PrimitiveType? {
        switch self {
        case .boolean: .boolean
        case .byte: .byte
        case .sbyte: .sbyte
        case .int16: .int16
        case .int32: .int32
        case .int64: .int64
        case .single: .single
        case .double: .double
        case .decimal: .decimal
        case .string: .string
        case .guid: .guid
        case .binary: .binary
        case .date: .date
        case .dateTime: .dateTime
        case .dateTimeOffset: .dateTimeOffset
        case .time: .time
        case .timeOfDay: .timeOfDay
        case .duration: .duration
        case .geo(let value): value.type
        case .stream: .stream
        case .null, .enumeration, .complex, .collection, .entity, .entities, .deferred, .untyped: nil
        }
    }

    /// The value of an integer type.
    var integerValue: Int64? {
        switch self {
        case .byte(let value): Int64(value)
        case .sbyte(let value): Int64(value)
        case .int16(let value): Int64(value)
        case .int32(let value): Int64(value)
        case .int64(let value): value
        default: nil
        }
    }

    /// Whether it is there and empty; a missing property has no value at all.
    public var isNull: Bool {
        if case .null = self { true } else { false }
    }
}
