extension Bool: ODataConvertible {
    public var odataValue: ODataValue { .boolean(self) }

    public init(odataValue: ODataValue) throws(ValueError) {
        guard case .boolean(let value) = odataValue else { throw .mismatch(expected: PrimitiveType.boolean.rawValue) }
        self = value
    }
}

extension String: ODataConvertible {
    public var odataValue: ODataValue { .string(self) }

    /// Of a string, or an enumeration's members.
    public init(odataValue: ODataValue) throws(ValueError) {
        switch odataValue {
        case .string(let value): self = value
        case .enumeration(let value): self = value.members
        default: throw .mismatch(expected: PrimitiveType.string.rawValue)
        }
    }
}

extension ODataDecimal: ODataConvertible {
    public var odataValue: ODataValue { .decimal(self) }

    /// Of a decimal or an integer; never of a binary float.
    public init(odataValue: ODataValue) throws(ValueError) {
        guard case .decimal(let value) = try odataValue.number(as: .decimal)
        else { throw .mismatch(expected: PrimitiveType.decimal.rawValue) }
        self = value
    }
}

extension Double: ODataConvertible {
    public var odataValue: ODataValue { .double(self) }

    /// Of a binary float, or an integer that it holds exactly; of a decimal, take `approximateDouble`.
    public init(odataValue: ODataValue) throws(ValueError) {
        if case .decimal = odataValue { throw .mismatch(expected: PrimitiveType.double.rawValue) }
        guard case .double(let value) = try odataValue.number(as: .double)
        else { throw .mismatch(expected: PrimitiveType.double.rawValue) }
        self = value
    }
}

extension Float: ODataConvertible {
    public var odataValue: ODataValue { .single(self) }

    /// Of a binary float or an integer that it holds exactly.
    public init(odataValue: ODataValue) throws(ValueError) {
        if case .decimal = odataValue { throw .mismatch(expected: PrimitiveType.single.rawValue) }
        guard case .single(let value) = try odataValue.number(as: .single)
        else { throw .mismatch(expected: PrimitiveType.single.rawValue) }
        self = value
    }
}

extension ODataValue {
    /// A number in another type, exactly; no text becomes one here.
    fileprivate func number(as type: PrimitiveType) throws(ValueError) -> ODataValue {
        guard primitiveType?.isNumeric == true else { throw .mismatch(expected: type.rawValue) }
        return try converted(to: type)
    }
}

extension GUID: ODataConvertible {
    public var odataValue: ODataValue { .guid(self) }

    public init(odataValue: ODataValue) throws(ValueError) {
        guard case .guid(let value) = odataValue else { throw .mismatch(expected: PrimitiveType.guid.rawValue) }
        self = value
    }
}

extension EnumerationValue: ODataConvertible {
    public var odataValue: ODataValue { .enumeration(self) }

    public init(odataValue: ODataValue) throws(ValueError) {
        switch odataValue {
        case .enumeration(let value): self = value
        case .string(let members): self.init(members)
        default: throw .mismatch(expected: "an enumeration")
        }
    }
}

extension ComplexValue: ODataConvertible {
    public var odataValue: ODataValue { .complex(self) }

    public init(odataValue: ODataValue) throws(ValueError) {
        guard case .complex(let value) = odataValue else { throw .mismatch(expected: "a complex value") }
        self = value
    }
}

extension GeoValue: ODataConvertible {
    public var odataValue: ODataValue { .geo(self) }

    public init(odataValue: ODataValue) throws(ValueError) {
        guard case .geo(let value) = odataValue else { throw .mismatch(expected: "a spatial value") }
        self = value
    }
}
