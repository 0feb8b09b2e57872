/// A Swift type that has a place among OData's values; generated types and filters are written in such types.
///
/// `Bool`, the integers, `Float`, `Double`, `String`, `ODataDecimal`, `GUID`, the dates and times, `[UInt8]`
/// (`Edm.Binary`), enumerations, and optionals and arrays of them. A program's own type conforms by way of one of them.
public protocol ODataConvertible: Sendable {
    /// The value in its own type; it becomes the type of the property that it is given to.
    var odataValue: ODataValue { get }

    /// - Throws: `.mismatch` for a value of another type, and for null where the type has none; `.outOfRange` for a
    ///   number that it can't hold exactly.
    init(odataValue: ODataValue) throws(ValueError)

    /// A collection of values; bytes alone are one value instead.
    static func odataValue(ofElements elements: [Self]) -> ODataValue
    /// The other way; errors as of `init(odataValue:)`.
    static func elements(ofODataValue value: ODataValue) throws(ValueError) -> [Self]
}

extension ODataConvertible {
    public static func odataValue(ofElements elements: [Self]) -> ODataValue {
        .collection(elements.map(\.odataValue))
    }

    public static func elements(ofODataValue value: ODataValue) throws(ValueError) -> [Self] {
        guard case .collection(let values) = value else { throw .mismatch(expected: "a collection") }
        var elements: [Self] = []
        elements.reserveCapacity(values.count)
        for value in values { elements.append(try Self(odataValue: value)) }
        return elements
    }
}

extension ODataValue: ODataConvertible {
    public var odataValue: ODataValue { self }
    public init(odataValue: ODataValue) { self = odataValue }
}

extension Optional: ODataConvertible where Wrapped: ODataConvertible {
    public var odataValue: ODataValue { self?.odataValue ?? .null }

    public init(odataValue: ODataValue) throws(ValueError) {
        if case .null = odataValue { self = nil } else { self = try Wrapped(odataValue: odataValue) }
    }
}

extension Array: ODataConvertible where Element: ODataConvertible {
    public var odataValue: ODataValue { Element.odataValue(ofElements: self) }
    public init(odataValue: ODataValue) throws(ValueError) { self = try Element.elements(ofODataValue: odataValue) }
}
