// Written by `odata generate` for the service Warehouse. Do not edit: generate it again.

import OData

/// Entities without a set of their own.
///
/// Properties are nil where the entity doesn't have them or has no value that fits their type; `entity` tells which.
struct WMSettings: ODataEntity {
    static let entitySetName = ""
    static let typeName = QualifiedName("wm.v1", "Settings")

    var entity: Entity

    init(entity: Entity) { self.entity = entity }

    struct Key: ODataEntityKey {
        init() {}

        var entityKey: EntityKey {
            EntityKey([])
        }
    }
}

// MARK: - Properties

extension WMSettings {
    /// Name
    var name: String? {
        get { entity["Name"].flatMap { try? String(odataValue: $0) } }
        set { entity["Name"] = newValue.odataValue }
    }
}

// MARK: - Names for filters, selections, expansions and orders

extension WMSettings {
    static var name: TypedProperty<Self, String> { TypedProperty("Name") }
}
