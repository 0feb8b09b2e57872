// Written by `odata generate` for the service CustomerMaterial. Do not edit: generate it again.

public import OData

/// Customer Materials. Entities of the set `A_CustomerMaterial`.
///
/// Properties are nil where the entity doesn't have them or has no value that fits their type; `entity` tells which.
public struct CustomerMaterial: ODataEntity {
    public static let entitySetName = "A_CustomerMaterial"
    public static let typeName = QualifiedName("API_CUSTOMER_MATERIAL_SRV", "A_CustomerMaterialType")

    public var entity: Entity

    public init(entity: Entity) { self.entity = entity }

    public struct Key: ODataEntityKey {
        public var salesOrganization: String
        public var distributionChannel: String
        public var customer: String
        public var material: String

        public init(salesOrganization: String, distributionChannel: String, customer: String, material: String) {
            self.salesOrganization = salesOrganization
            self.distributionChannel = distributionChannel
            self.customer = customer
            self.material = material
        }

        public var entityKey: EntityKey {
            EntityKey([
                EntityKey.Part("SalesOrganization", self.salesOrganization.odataValue),
                EntityKey.Part("DistributionChannel", self.distributionChannel.odataValue),
                EntityKey.Part("Customer", self.customer.odataValue),
                EntityKey.Part("Material", self.material.odataValue),
            ])
        }
    }

    /// Nil if a part of it is missing.
    public var key: Key? {
        guard
            let salesOrganization = self.salesOrganization,
            let distributionChannel = self.distributionChannel,
            let customer = self.customer,
            let material = self.material
        else { return nil }
        return Key(
            salesOrganization: salesOrganization,
            distributionChannel: distributionChannel,
            customer: customer,
            material: material
        )
    }
}

// MARK: - Properties

extension CustomerMaterial {
    /// Sales Organization: An organizational unit responsible for the sale of certain products or services. The
    /// responsibility of a sales organization may include legal liability for products and customer claims.
    ///
    /// Key; at most 4 characters; upper case.
    public var salesOrganization: String? {
        get { entity["SalesOrganization"].flatMap { try? String(odataValue: $0) } }
        set { entity["SalesOrganization"] = newValue.odataValue }
    }

    /// Distribution Channel: The way in which products or services reach the customer. Typical examples of distribution
    /// channels are wholesale, retail, or direct sales.
    ///
    /// Key; at most 2 characters; upper case.
    public var distributionChannel: String? {
        get { entity["DistributionChannel"].flatMap { try? String(odataValue: $0) } }
        set { entity["DistributionChannel"] = newValue.odataValue }
    }

    /// Customer: Customer number
    ///
    /// Key; at most 10 characters; upper case.
    public var customer: String? {
        get { entity["Customer"].flatMap { try? String(odataValue: $0) } }
        set { entity["Customer"] = newValue.odataValue }
    }

    /// Material: Material Number
    ///
    /// Key; at most 40 characters; upper case.
    public var material: String? {
        get { entity["Material"].flatMap { try? String(odataValue: $0) } }
        set { entity["Material"] = newValue.odataValue }
    }

    /// Customer Material: Material Number Used by Customer
    ///
    /// At most 35 characters; upper case.
    public var materialByCustomer: String? {
        get { entity["MaterialByCustomer"].flatMap { try? String(odataValue: $0) } }
        set { entity["MaterialByCustomer"] = newValue.odataValue }
    }

    /// Customer Description: Customer Description of Material
    ///
    /// At most 40 characters.
    public var materialDescriptionByCustomer: String? {
        get { entity["MaterialDescriptionByCustomer"].flatMap { try? String(odataValue: $0) } }
        set { entity["MaterialDescriptionByCustomer"] = newValue.odataValue }
    }

    /// Plant: Plant (Own or External)
    ///
    /// At most 4 characters; upper case.
    public var plant: String? {
        get { entity["Plant"].flatMap { try? String(odataValue: $0) } }
        set { entity["Plant"] = newValue.odataValue }
    }

    /// Delivery Priority: The delivery priority assigned to an item.
    ///
    /// At most 2 characters; digits with leading zeros.
    public var deliveryPriority: String? {
        get { entity["DeliveryPriority"].flatMap { try? String(odataValue: $0) } }
        set { entity["DeliveryPriority"] = newValue.odataValue }
    }

    /// Minimum Delivery Qty: Minimum Delivery Quantity in Delivery Note Processing
    ///
    /// 13 digits, 3 after the point; unit in `BaseUnit`.
    public var minDeliveryQtyInBaseUnit: ODataDecimal? {
        get { entity["MinDeliveryQtyInBaseUnit"].flatMap { try? ODataDecimal(odataValue: $0) } }
        set { entity["MinDeliveryQtyInBaseUnit"] = newValue.odataValue }
    }

    /// Base Unit of Measure: Unit of measure in which stocks of the material are managed. The system converts all the
    /// quantities you enter in other units of measure (alternative units of measure) to the base unit of measure.
    ///
    /// At most 3 characters.
    public var baseUnit: String? {
        get { entity["BaseUnit"].flatMap { try? String(odataValue: $0) } }
        set { entity["BaseUnit"] = newValue.odataValue }
    }

    /// Partial Deliv./Item: Partial Delivery at Item Level
    ///
    /// At most 1 character; upper case.
    public var partialDeliveryIsAllowed: String? {
        get { entity["PartialDeliveryIsAllowed"].flatMap { try? String(odataValue: $0) } }
        set { entity["PartialDeliveryIsAllowed"] = newValue.odataValue }
    }

    /// Max.Part.Deliveries: Maximum Number of Partial Deliveries Allowed Per Item
    ///
    /// 1 digit.
    public var maxNmbrOfPartialDelivery: ODataDecimal? {
        get { entity["MaxNmbrOfPartialDelivery"].flatMap { try? ODataDecimal(odataValue: $0) } }
        set { entity["MaxNmbrOfPartialDelivery"] = newValue.odataValue }
    }

    /// Underdel. Tolerance: Underdelivery Tolerance
    ///
    /// 3 digits, 1 after the point.
    public var underdelivTolrtdLmtRatioInPct: ODataDecimal? {
        get { entity["UnderdelivTolrtdLmtRatioInPct"].flatMap { try? ODataDecimal(odataValue: $0) } }
        set { entity["UnderdelivTolrtdLmtRatioInPct"] = newValue.odataValue }
    }

    /// Overdeliv. Tolerance: Overdelivery Tolerance
    ///
    /// 3 digits, 1 after the point.
    public var overdelivTolrtdLmtRatioInPct: ODataDecimal? {
        get { entity["OverdelivTolrtdLmtRatioInPct"].flatMap { try? ODataDecimal(odataValue: $0) } }
        set { entity["OverdelivTolrtdLmtRatioInPct"] = newValue.odataValue }
    }

    /// Unlimited Tolerance: Unlimited Overdelivery Allowed
    ///
    /// Upper case.
    public var unlimitedOverdeliveryIsAllowed: Bool? {
        get { entity["UnlimitedOverdeliveryIsAllowed"].flatMap { try? Bool(odataValue: $0) } }
        set { entity["UnlimitedOverdeliveryIsAllowed"] = newValue.odataValue }
    }

    /// Item Usage: The item usage controls the system reaction when you process a sales document item in a certain
    /// context.
    ///
    /// At most 4 characters; upper case.
    public var customerMaterialItemUsage: String? {
        get { entity["CustomerMaterialItemUsage"].flatMap { try? String(odataValue: $0) } }
        set { entity["CustomerMaterialItemUsage"] = newValue.odataValue }
    }

    /// Sales Unit: Unit of measure in which the material is sold.
    ///
    /// At most 3 characters.
    public var salesUnit: String? {
        get { entity["SalesUnit"].flatMap { try? String(odataValue: $0) } }
        set { entity["SalesUnit"] = newValue.odataValue }
    }

    /// Denominator: Denominator (Divisor) for Conversion of Sales Qty into SKU
    ///
    /// 5 digits.
    public var salesQtyToBaseQtyDnmntr: ODataDecimal? {
        get { entity["SalesQtyToBaseQtyDnmntr"].flatMap { try? ODataDecimal(odataValue: $0) } }
        set { entity["SalesQtyToBaseQtyDnmntr"] = newValue.odataValue }
    }

    /// Numerator: Numerator (factor) for conversion of sales quantity into SKU
    ///
    /// 5 digits.
    public var salesQtyToBaseQtyNmrtr: ODataDecimal? {
        get { entity["SalesQtyToBaseQtyNmrtr"].flatMap { try? ODataDecimal(odataValue: $0) } }
        set { entity["SalesQtyToBaseQtyNmrtr"] = newValue.odataValue }
    }

    /// ETag: Comparison key for tracking the most recent version of the customer material.
    ///
    /// At most 10 characters; upper case.
    public var eTag: String? {
        get { entity["ETag"].flatMap { try? String(odataValue: $0) } }
        set { entity["ETag"] = newValue.odataValue }
    }
}

// MARK: - Names for filters, selections, expansions and orders

extension CustomerMaterial {
    public static var salesOrganization: TypedProperty<Self, String> { TypedProperty("SalesOrganization") }
    public static var distributionChannel: TypedProperty<Self, String> { TypedProperty("DistributionChannel") }
    public static var customer: TypedProperty<Self, String> { TypedProperty("Customer") }
    public static var material: TypedProperty<Self, String> { TypedProperty("Material") }
    public static var materialByCustomer: TypedProperty<Self, String> { TypedProperty("MaterialByCustomer") }
    public static var materialDescriptionByCustomer: TypedProperty<Self, String> {
        TypedProperty("MaterialDescriptionByCustomer")
    }
    public static var plant: TypedProperty<Self, String> { TypedProperty("Plant") }
    public static var deliveryPriority: TypedProperty<Self, String> { TypedProperty("DeliveryPriority") }
    public static var minDeliveryQtyInBaseUnit: TypedProperty<Self, ODataDecimal> {
        TypedProperty("MinDeliveryQtyInBaseUnit")
    }
    public static var baseUnit: TypedProperty<Self, String> { TypedProperty("BaseUnit") }
    public static var partialDeliveryIsAllowed: TypedProperty<Self, String> {
        TypedProperty("PartialDeliveryIsAllowed")
    }
    public static var maxNmbrOfPartialDelivery: TypedProperty<Self, ODataDecimal> {
        TypedProperty("MaxNmbrOfPartialDelivery")
    }
    public static var underdelivTolrtdLmtRatioInPct: TypedProperty<Self, ODataDecimal> {
        TypedProperty("UnderdelivTolrtdLmtRatioInPct")
    }
    public static var overdelivTolrtdLmtRatioInPct: TypedProperty<Self, ODataDecimal> {
        TypedProperty("OverdelivTolrtdLmtRatioInPct")
    }
    public static var unlimitedOverdeliveryIsAllowed: TypedProperty<Self, Bool> {
        TypedProperty("UnlimitedOverdeliveryIsAllowed")
    }
    public static var customerMaterialItemUsage: TypedProperty<Self, String> {
        TypedProperty("CustomerMaterialItemUsage")
    }
    public static var salesUnit: TypedProperty<Self, String> { TypedProperty("SalesUnit") }
    public static var salesQtyToBaseQtyDnmntr: TypedProperty<Self, ODataDecimal> {
        TypedProperty("SalesQtyToBaseQtyDnmntr")
    }
    public static var salesQtyToBaseQtyNmrtr: TypedProperty<Self, ODataDecimal> {
        TypedProperty("SalesQtyToBaseQtyNmrtr")
    }
    public static var eTag: TypedProperty<Self, String> { TypedProperty("ETag") }
}
