// Written by `odata generate` for the service Warehouse. Do not edit: generate it again.

import OData

/// Entities of the set `Bins`.
///
/// Properties are nil where the entity doesn't have them or has no value that fits their type; `entity` tells which.
struct WMBin: ODataEntity {
    static let entitySetName = "Bins"
    static let typeName = QualifiedName("wm.v1", "Bin")

    var entity: Entity

    init(entity: Entity) { self.entity = entity }

    struct Key: ODataEntityKey {
        var warehouse: String
        var number: Int64
        var storageTypeOfTheWarehouse: GUID
        var `default`: Bool

        init(warehouse: String, number: Int64, storageTypeOfTheWarehouse: GUID, default: Bool) {
            self.warehouse = warehouse
            self.number = number
            self.storageTypeOfTheWarehouse = storageTypeOfTheWarehouse
            self.`default` = `default`
        }

        var entityKey: EntityKey {
            EntityKey([
                EntityKey.Part("Warehouse", self.warehouse.odataValue),
                EntityKey.Part("Number", self.number.odataValue),
                EntityKey.Part("StorageTypeOfTheWarehouse", self.storageTypeOfTheWarehouse.odataValue),
                EntityKey.Part("default", self.`default`.odataValue),
            ])
        }
    }

    /// Nil if a part of it is missing.
    var key: Key? {
        guard
            let warehouse = self.warehouse,
            let number = self.number,
            let storageTypeOfTheWarehouse = self.storageTypeOfTheWarehouse,
            let `default` = self.`default`
        else { return nil }
        return Key(
            warehouse: warehouse,
            number: number,
            storageTypeOfTheWarehouse: storageTypeOfTheWarehouse,
            default: `default`
        )
    }
}

// MARK: - Properties

extension WMBin {
    /// Warehouse
    ///
    /// Key; at most 4 characters.
    var warehouse: String? {
        get { entity["Warehouse"].flatMap { try? String(odataValue: $0) } }
        set { entity["Warehouse"] = newValue.odataValue }
    }

    /// Number
    ///
    /// Key.
    var number: Int64? {
        get { entity["Number"].flatMap { try? Int64(odataValue: $0) } }
        set { entity["Number"] = newValue.odataValue }
    }

    /// StorageTypeOfTheWarehouse
    ///
    /// Key.
    var storageTypeOfTheWarehouse: GUID? {
        get { entity["StorageTypeOfTheWarehouse"].flatMap { try? GUID(odataValue: $0) } }
        set { entity["StorageTypeOfTheWarehouse"] = newValue.odataValue }
    }

    /// default
    ///
    /// Key.
    var `default`: Bool? {
        get { entity["default"].flatMap { try? Bool(odataValue: $0) } }
        set { entity["default"] = newValue.odataValue }
    }

    /// Quantity
    ///
    /// 13 digits, 3 after the point.
    var quantity: ODataDecimal? {
        get { entity["Quantity"].flatMap { try? ODataDecimal(odataValue: $0) } }
        set { entity["Quantity"] = newValue.odataValue }
    }

    /// Level
    var level: WMLevel? {
        get { entity["Level"].flatMap { try? WMLevel(odataValue: $0) } }
        set { entity["Level"] = newValue.odataValue }
    }

    /// Access
    var access: WMAccess? {
        get { entity["Access"].flatMap { try? WMAccess(odataValue: $0) } }
        set { entity["Access"] = newValue.odataValue }
    }

    /// Place
    var place: WMPlace? {
        get { entity["Place"].flatMap { try? WMPlace(odataValue: $0) } }
        set { entity["Place"] = newValue.odataValue }
    }

    /// Places
    var places: [WMPlace]? {
        get { entity["Places"].flatMap { try? [WMPlace](odataValue: $0) } }
        set { entity["Places"] = newValue.odataValue }
    }

    /// Tags
    var tags: [String]? {
        get { entity["Tags"].flatMap { try? [String](odataValue: $0) } }
        set { entity["Tags"] = newValue.odataValue }
    }

    /// Code
    ///
    /// At most 1 byte.
    var code: [UInt8]? {
        get { entity["Code"].flatMap { try? [UInt8](odataValue: $0) } }
        set { entity["Code"] = newValue.odataValue }
    }

    /// ChangedAt
    var changedAt: OffsetDateTime? {
        get { entity["ChangedAt"].flatMap { try? OffsetDateTime(odataValue: $0) } }
        set { entity["ChangedAt"] = newValue.odataValue }
    }

    /// Day
    var day: CalendarDate? {
        get { entity["Day"].flatMap { try? CalendarDate(odataValue: $0) } }
        set { entity["Day"] = newValue.odataValue }
    }

    /// Time
    var time: TimeOfDay? {
        get { entity["Time"].flatMap { try? TimeOfDay(odataValue: $0) } }
        set { entity["Time"] = newValue.odataValue }
    }

    /// Photo
    var photo: StreamReference? {
        if case .stream(let stream)? = entity["Photo"] { stream } else { nil }
    }

    /// Anything
    var anything: ODataValue? {
        get { entity["Anything"] }
        set { entity["Anything"] = newValue }
    }

    /// Elsewhere
    var elsewhere: ODataValue? {
        get { entity["Elsewhere"] }
        set { entity["Elsewhere"] = newValue }
    }
}

// MARK: - Navigation

extension WMBin {
    /// Nil if it was not expanded.
    var next: WMBin? {
        get { if case .entity(let entity)? = entity["Next"] { WMBin(entity: entity) } else { nil } }
        set { entity["Next"] = newValue.map { .entity($0.entity) } }
    }

    /// Nil if it was not expanded.
    var stock: [WMStock]? {
        get {
            guard case .entities(let collection)? = entity["Stock"] else { return nil }
            return collection.entities.map { WMStock(entity: $0) }
        }
        set { entity["Stock"] = newValue.map { .entities(EntityCollection($0.map(\.entity))) } }
    }

    /// Nil if it was not expanded. Of the type `Entity`, which has no Swift type.
    var foreign: [Entity]? {
        get { if case .entities(let collection)? = entity["Foreign"] { collection.entities } else { nil } }
        set { entity["Foreign"] = newValue.map { .entities(EntityCollection($0)) } }
    }
}

// MARK: - Names for filters, selections, expansions and orders

extension WMBin {
    static var warehouse: TypedProperty<Self, String> { TypedProperty("Warehouse") }
    static var number: TypedProperty<Self, Int64> { TypedProperty("Number") }
    static var storageTypeOfTheWarehouse: TypedProperty<Self, GUID> { TypedProperty("StorageTypeOfTheWarehouse") }
    static var `default`: TypedProperty<Self, Bool> { TypedProperty("default") }
    static var quantity: TypedProperty<Self, ODataDecimal> { TypedProperty("Quantity") }
    static var level: TypedProperty<Self, WMLevel> { TypedProperty("Level") }
    static var access: TypedProperty<Self, WMAccess> { TypedProperty("Access") }
    static var place: TypedProperty<Self, WMPlace> { TypedProperty("Place") }
    static var places: TypedProperty<Self, [WMPlace]> { TypedProperty("Places") }
    static var tags: TypedProperty<Self, [String]> { TypedProperty("Tags") }
    static var code: TypedProperty<Self, [UInt8]> { TypedProperty("Code") }
    static var changedAt: TypedProperty<Self, OffsetDateTime> { TypedProperty("ChangedAt") }
    static var day: TypedProperty<Self, CalendarDate> { TypedProperty("Day") }
    static var time: TypedProperty<Self, TimeOfDay> { TypedProperty("Time") }
    static var photo: TypedProperty<Self, StreamReference> { TypedProperty("Photo") }
    static var anything: TypedProperty<Self, ODataValue> { TypedProperty("Anything") }
    static var elsewhere: TypedProperty<Self, ODataValue> { TypedProperty("Elsewhere") }
    static var next: TypedProperty<Self, WMBin> { TypedProperty("Next") }
    static var stock: TypedProperty<Self, [WMStock]> { TypedProperty("Stock") }
    static var foreign: TypedProperty<Self, [Entity]> { TypedProperty("Foreign") }
}
