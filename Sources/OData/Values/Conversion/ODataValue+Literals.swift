extension ODataValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByNilLiteral
{
    /// `Edm.String`; it becomes the type of the property that it is given to, as in `entity["Price"] = "12.50"`.
    public init(stringLiteral value: String) { self = .string(value) }

    /// `Edm.Int32` if it fits, else `Edm.Int64`; it becomes the type of the property that it is given to.
    public init(integerLiteral value: Int64) { self = Int32(exactly: value).map { .int32($0) } ?? .int64(value) }

    public init(booleanLiteral value: Bool) { self = .boolean(value) }

    /// `null`, which is not a missing property.
    public init(nilLiteral: ()) { self = .null }
}
