// Written by `odata generate` for the service Warehouse. Do not edit: generate it again.

import OData

/// Entities without a set of their own.
///
/// Properties are nil where the entity doesn't have them or has no value that fits their type; `entity` tells which.
struct WMStock: ODataEntity {
    static let entitySetName = ""
    static let typeName = QualifiedName("wm.v1", "Stock")

    var entity: Entity

    init(entity: Entity) { self.entity = entity }

    struct Key: ODataEntityKey {
        var aisle: Int16

        init(aisle: Int16) {
            self.aisle = aisle
        }

        var entityKey: EntityKey {
            EntityKey([EntityKey.Part("aisle", self.aisle.odataValue)])
        }
    }
}

// MARK: - Properties

extension WMStock {
    /// Place
    var place: WMPlace? {
        get { entity["Place"].flatMap { try? WMPlace(odataValue: $0) } }
        set { entity["Place"] = newValue.odataValue }
    }
}

// MARK: - Names for filters, selections, expansions and orders

extension WMStock {
    static var place: TypedProperty<Self, WMPlace> { TypedProperty("Place") }
}
