// Written by `odata generate` for the service Warehouse. Do not edit: generate it again.

import OData

enum WMLevel: ODataConvertible, Hashable {
    case low
    case high
    case top
    case unknownMember
    /// A member that came after this code, by its name or number.
    case unknown(String)

    static let typeName = QualifiedName("wm.v1", "Level")

    init(odataValue: ODataValue) throws(ValueError) {
        switch try EnumerationValue(odataValue: odataValue).members {
        case "Low", "1": self = .low
        case "High", "2": self = .high
        case "Top": self = .top
        case "Unknown", "9": self = .unknownMember
        case let name: self = .unknown(name)
        }
    }

    /// As the service calls it.
    var name: String {
        switch self {
        case .low: "Low"
        case .high: "High"
        case .top: "Top"
        case .unknownMember: "Unknown"
        case .unknown(let name): name
        }
    }

    var odataValue: ODataValue { .enumeration(EnumerationValue(name, of: Self.typeName)) }
}
