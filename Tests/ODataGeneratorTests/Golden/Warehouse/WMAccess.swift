// Written by `odata generate` for the service Warehouse. Do not edit: generate it again.

import OData

struct WMAccess: ODataConvertible, Hashable, ExpressibleByArrayLiteral {
    static let read = WMAccess(names: ["Read"])
    static let write = WMAccess(names: ["Write"])

    static let typeName = QualifiedName("wm.v1", "Access")

    /// As the service calls them; members that came after this code are among them, by name or number.
    var names: Set<String>

    init(names: Set<String>) { self.names = names }

    init(arrayLiteral elements: WMAccess...) {
        names = elements.reduce(into: []) { $0.formUnion($1.names) }
    }

    init(odataValue: ODataValue) throws(ValueError) {
        let members = try EnumerationValue(odataValue: odataValue).members
        names = Set(members.split(separator: ",").map { String($0.drop { $0 == " " }) })
    }

    func contains(_ other: WMAccess) -> Bool { names.isSuperset(of: other.names) }

    var odataValue: ODataValue {
        .enumeration(EnumerationValue(names.sorted().joined(separator: ","), of: Self.typeName))
    }
}
