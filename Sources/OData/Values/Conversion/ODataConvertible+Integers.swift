extension Int: ODataConvertible {
    /// `Edm.Int32` if it fits, else `Edm.Int64`; it becomes the type of the property that it is given to.
    public var odataValue: ODataValue { Int32(exactly: self).map { .int32($0) } ?? .int64(Int64(self)) }
    public init(odataValue: ODataValue) throws(ValueError) { self = try odataValue.exactInteger(as: .int64) }
}

extension Int64: ODataConvertible {
    public var odataValue: ODataValue { .int64(self) }
    public init(odataValue: ODataValue) throws(ValueError) { self = try odataValue.exactInteger(as: .int64) }
}

extension Int32: ODataConvertible {
    public var odataValue: ODataValue { .int32(self) }
    public init(odataValue: ODataValue) throws(ValueError) { self = try odataValue.exactInteger(as: .int32) }
}

extension Int16: ODataConvertible {
    public var odataValue: ODataValue { .int16(self) }
    public init(odataValue: ODataValue) throws(ValueError) { self = try odataValue.exactInteger(as: .int16) }
}

extension Int8: ODataConvertible {
    public var odataValue: ODataValue { .sbyte(self) }
    public init(odataValue: ODataValue) throws(ValueError) { self = try odataValue.exactInteger(as: .sbyte) }
}

extension UInt8: ODataConvertible {
    public var odataValue: ODataValue { .byte(self) }
    public init(odataValue: ODataValue) throws(ValueError) { self = try odataValue.exactInteger(as: .byte) }

    /// Bytes are `Edm.Binary`.
    public static func odataValue(ofElements elements: [UInt8]) -> ODataValue { .binary(elements) }

    /// Of `Edm.Binary`, or a collection of `Edm.Byte`.
    public static func elements(ofODataValue value: ODataValue) throws(ValueError) -> [UInt8] {
        if case .binary(let bytes) = value { return bytes }
        guard case .collection(let values) = value
        else { throw .mismatch(expected: PrimitiveType.binary.rawValue) }
        var bytes: [UInt8] = []
        for value in values { bytes.append(try UInt8(odataValue: value)) }
        return bytes
    }
}

extension ODataValue {
    /// Of any integer type, or a decimal without a fraction.
    fileprivate func exactInteger<Number: FixedWidthInteger>(as type: PrimitiveType) throws(ValueError) -> Number {
        let value: Int64?
        if case .decimal(let decimal) = self {
            value = Int64(exactly: decimal)
            if value == nil { throw .outOfRange(type) }
        } else {
            value = integerValue
        }
        guard let value else { throw .mismatch(expected: type.rawValue) }
        guard let number = Number(exactly: value) else { throw .outOfRange(type) }
        return number
    }
}
