// Written by `odata generate` for the service Warehouse. Do not edit: generate it again.

import OData

/// Properties are nil where there is no value that fits their type; `value` tells which.
struct WMPlace: ODataConvertible, Hashable {
    static let typeName = QualifiedName("wm.v1", "Place")

    var value: ComplexValue

    init() { value = ComplexValue(of: Self.typeName) }

    init(odataValue: ODataValue) throws(ValueError) {
        value = try ComplexValue(odataValue: odataValue)
    }

    var odataValue: ODataValue { .complex(value) }
}

extension WMPlace {
    /// Aisle
    var aisle: Int16? {
        get { value["Aisle"].flatMap { try? Int16(odataValue: $0) } }
        set { value["Aisle"] = newValue.odataValue }
    }

    /// Point
    var point: GeoValue? {
        get { value["Point"].flatMap { try? GeoValue(odataValue: $0) } }
        set { value["Point"] = newValue.odataValue }
    }

    /// Value
    var valueProperty: String? {
        get { value["Value"].flatMap { try? String(odataValue: $0) } }
        set { value["Value"] = newValue.odataValue }
    }
}

// MARK: - Names for filters, selections and orders

extension WMPlace {
    static var aisle: TypedProperty<Self, Int16> { TypedProperty("Aisle") }
    static var point: TypedProperty<Self, GeoValue> { TypedProperty("Point") }
    static var valueProperty: TypedProperty<Self, String> { TypedProperty("Value") }
}
