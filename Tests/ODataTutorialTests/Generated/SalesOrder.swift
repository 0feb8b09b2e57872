// Written by `odata generate` for the service SalesOrders. Do not edit: generate it again.

import OData

/// Sales Order. Entities of the set `A_SalesOrder`.
///
/// Properties are nil where the entity doesn't have them or has no value that fits their type; `entity` tells which.
struct SalesOrder: ODataEntity {
    static let entitySetName = "A_SalesOrder"
    static let typeName = QualifiedName("API_SALES_ORDER_SRV", "A_SalesOrderType")

    var entity: Entity

    init(entity: Entity) { self.entity = entity }

    struct Key: ODataEntityKey {
        var salesOrder: String

        init(salesOrder: String) {
            self.salesOrder = salesOrder
        }

        var entityKey: EntityKey {
            EntityKey([EntityKey.Part("SalesOrder", self.salesOrder.odataValue)])
        }
    }

    /// Nil if a part of it is missing.
    var key: Key? {
        guard let salesOrder = self.salesOrder else { return nil }
        return Key(salesOrder: salesOrder)
    }
}

// MARK: - Properties

extension SalesOrder {
    /// Sales Order
    ///
    /// Key; at most 10 characters; read only.
    var salesOrder: String? {
        get { entity["SalesOrder"].flatMap { try? String(odataValue: $0) } }
        set { entity["SalesOrder"] = newValue.odataValue }
    }

    /// Order Type
    ///
    /// At most 4 characters.
    var salesOrderType: String? {
        get { entity["SalesOrderType"].flatMap { try? String(odataValue: $0) } }
        set { entity["SalesOrderType"] = newValue.odataValue }
    }

    /// Sales Organization
    ///
    /// At most 4 characters.
    var salesOrganization: String? {
        get { entity["SalesOrganization"].flatMap { try? String(odataValue: $0) } }
        set { entity["SalesOrganization"] = newValue.odataValue }
    }

    /// Distribution Channel
    ///
    /// At most 2 characters.
    var distributionChannel: String? {
        get { entity["DistributionChannel"].flatMap { try? String(odataValue: $0) } }
        set { entity["DistributionChannel"] = newValue.odataValue }
    }

    /// Division
    ///
    /// At most 2 characters.
    var organizationDivision: String? {
        get { entity["OrganizationDivision"].flatMap { try? String(odataValue: $0) } }
        set { entity["OrganizationDivision"] = newValue.odataValue }
    }

    /// Sold-To Party
    ///
    /// At most 10 characters.
    var soldToParty: String? {
        get { entity["SoldToParty"].flatMap { try? String(odataValue: $0) } }
        set { entity["SoldToParty"] = newValue.odataValue }
    }

    /// Customer Reference
    ///
    /// At most 35 characters.
    var purchaseOrderByCustomer: String? {
        get { entity["PurchaseOrderByCustomer"].flatMap { try? String(odataValue: $0) } }
        set { entity["PurchaseOrderByCustomer"] = newValue.odataValue }
    }

    /// Customer Reference Type
    ///
    /// At most 4 characters.
    var customerPurchaseOrderType: String? {
        get { entity["CustomerPurchaseOrderType"].flatMap { try? String(odataValue: $0) } }
        set { entity["CustomerPurchaseOrderType"] = newValue.odataValue }
    }

    /// Customer Reference Date
    var customerPurchaseOrderDate: LocalDateTime? {
        get { entity["CustomerPurchaseOrderDate"].flatMap { try? LocalDateTime(odataValue: $0) } }
        set { entity["CustomerPurchaseOrderDate"] = newValue.odataValue }
    }

    /// Currency
    ///
    /// At most 5 characters.
    var transactionCurrency: String? {
        get { entity["TransactionCurrency"].flatMap { try? String(odataValue: $0) } }
        set { entity["TransactionCurrency"] = newValue.odataValue }
    }

    /// Order Reason
    ///
    /// At most 3 characters.
    var sdDocumentReason: String? {
        get { entity["SDDocumentReason"].flatMap { try? String(odataValue: $0) } }
        set { entity["SDDocumentReason"] = newValue.odataValue }
    }

    /// Net Value
    ///
    /// 16 digits, 3 after the point; read only.
    var totalNetAmount: ODataDecimal? {
        get { entity["TotalNetAmount"].flatMap { try? ODataDecimal(odataValue: $0) } }
        set { entity["TotalNetAmount"] = newValue.odataValue }
    }

    /// Document Date
    var salesOrderDate: LocalDateTime? {
        get { entity["SalesOrderDate"].flatMap { try? LocalDateTime(odataValue: $0) } }
        set { entity["SalesOrderDate"] = newValue.odataValue }
    }

    /// Requested Delivery Date
    var requestedDeliveryDate: LocalDateTime? {
        get { entity["RequestedDeliveryDate"].flatMap { try? LocalDateTime(odataValue: $0) } }
        set { entity["RequestedDeliveryDate"] = newValue.odataValue }
    }

    /// Shipping Condition
    ///
    /// At most 2 characters.
    var shippingCondition: String? {
        get { entity["ShippingCondition"].flatMap { try? String(odataValue: $0) } }
        set { entity["ShippingCondition"] = newValue.odataValue }
    }

    /// Incoterms
    ///
    /// At most 3 characters.
    var incotermsClassification: String? {
        get { entity["IncotermsClassification"].flatMap { try? String(odataValue: $0) } }
        set { entity["IncotermsClassification"] = newValue.odataValue }
    }

    /// Payment Terms
    ///
    /// At most 4 characters.
    var customerPaymentTerms: String? {
        get { entity["CustomerPaymentTerms"].flatMap { try? String(odataValue: $0) } }
        set { entity["CustomerPaymentTerms"] = newValue.odataValue }
    }

    /// Pricing Date
    var pricingDate: LocalDateTime? {
        get { entity["PricingDate"].flatMap { try? LocalDateTime(odataValue: $0) } }
        set { entity["PricingDate"] = newValue.odataValue }
    }

    /// Reference Document
    ///
    /// At most 10 characters.
    var referenceSDDocument: String? {
        get { entity["ReferenceSDDocument"].flatMap { try? String(odataValue: $0) } }
        set { entity["ReferenceSDDocument"] = newValue.odataValue }
    }

    /// Reference Document Category
    ///
    /// At most 1 character.
    var referenceSDDocumentCategory: String? {
        get { entity["ReferenceSDDocumentCategory"].flatMap { try? String(odataValue: $0) } }
        set { entity["ReferenceSDDocumentCategory"] = newValue.odataValue }
    }

    /// Overall Status
    ///
    /// At most 1 character; read only.
    var overallSDProcessStatus: String? {
        get { entity["OverallSDProcessStatus"].flatMap { try? String(odataValue: $0) } }
        set { entity["OverallSDProcessStatus"] = newValue.odataValue }
    }

    /// Delivery Status
    ///
    /// At most 1 character; read only.
    var overallDeliveryStatus: String? {
        get { entity["OverallDeliveryStatus"].flatMap { try? String(odataValue: $0) } }
        set { entity["OverallDeliveryStatus"] = newValue.odataValue }
    }

    /// CreatedByUser
    ///
    /// At most 12 characters; read only.
    var createdByUser: String? {
        get { entity["CreatedByUser"].flatMap { try? String(odataValue: $0) } }
        set { entity["CreatedByUser"] = newValue.odataValue }
    }

    /// CreationDate
    ///
    /// Read only.
    var creationDate: LocalDateTime? {
        get { entity["CreationDate"].flatMap { try? LocalDateTime(odataValue: $0) } }
        set { entity["CreationDate"] = newValue.odataValue }
    }

    /// LastChangeDate
    ///
    /// Read only.
    var lastChangeDate: LocalDateTime? {
        get { entity["LastChangeDate"].flatMap { try? LocalDateTime(odataValue: $0) } }
        set { entity["LastChangeDate"] = newValue.odataValue }
    }
}

// MARK: - Navigation

extension SalesOrder {
    /// Nil if it was not expanded. Of the type `A_SalesOrderItemType`, which has no Swift type.
    var toItem: [Entity]? {
        get { if case .entities(let collection)? = entity["to_Item"] { collection.entities } else { nil } }
        set { entity["to_Item"] = newValue.map { .entities(EntityCollection($0)) } }
    }

    /// Nil if it was not expanded. Of the type `A_SalesOrderHeaderPartnerType`, which has no Swift type.
    var toPartner: [Entity]? {
        get { if case .entities(let collection)? = entity["to_Partner"] { collection.entities } else { nil } }
        set { entity["to_Partner"] = newValue.map { .entities(EntityCollection($0)) } }
    }

    /// Nil if it was not expanded. Of the type `A_SalesOrderHeaderPrElementType`, which has no Swift type.
    var toPricingElement: [Entity]? {
        get { if case .entities(let collection)? = entity["to_PricingElement"] { collection.entities } else { nil } }
        set { entity["to_PricingElement"] = newValue.map { .entities(EntityCollection($0)) } }
    }

    /// Nil if it was not expanded. Of the type `A_SalesOrderTextType`, which has no Swift type.
    var toText: [Entity]? {
        get { if case .entities(let collection)? = entity["to_Text"] { collection.entities } else { nil } }
        set { entity["to_Text"] = newValue.map { .entities(EntityCollection($0)) } }
    }
}

// MARK: - Names for filters, selections, expansions and orders

extension SalesOrder {
    static var salesOrder: TypedProperty<Self, String> { TypedProperty("SalesOrder") }
    static var salesOrderType: TypedProperty<Self, String> { TypedProperty("SalesOrderType") }
    static var salesOrganization: TypedProperty<Self, String> { TypedProperty("SalesOrganization") }
    static var distributionChannel: TypedProperty<Self, String> { TypedProperty("DistributionChannel") }
    static var organizationDivision: TypedProperty<Self, String> { TypedProperty("OrganizationDivision") }
    static var soldToParty: TypedProperty<Self, String> { TypedProperty("SoldToParty") }
    static var purchaseOrderByCustomer: TypedProperty<Self, String> { TypedProperty("PurchaseOrderByCustomer") }
    static var customerPurchaseOrderType: TypedProperty<Self, String> { TypedProperty("CustomerPurchaseOrderType") }
    static var customerPurchaseOrderDate: TypedProperty<Self, LocalDateTime> {
        TypedProperty("CustomerPurchaseOrderDate")
    }
    static var transactionCurrency: TypedProperty<Self, String> { TypedProperty("TransactionCurrency") }
    static var sdDocumentReason: TypedProperty<Self, String> { TypedProperty("SDDocumentReason") }
    static var totalNetAmount: TypedProperty<Self, ODataDecimal> { TypedProperty("TotalNetAmount") }
    static var salesOrderDate: TypedProperty<Self, LocalDateTime> { TypedProperty("SalesOrderDate") }
    static var requestedDeliveryDate: TypedProperty<Self, LocalDateTime> { TypedProperty("RequestedDeliveryDate") }
    static var shippingCondition: TypedProperty<Self, String> { TypedProperty("ShippingCondition") }
    static var incotermsClassification: TypedProperty<Self, String> { TypedProperty("IncotermsClassification") }
    static var customerPaymentTerms: TypedProperty<Self, String> { TypedProperty("CustomerPaymentTerms") }
    static var pricingDate: TypedProperty<Self, LocalDateTime> { TypedProperty("PricingDate") }
    static var referenceSDDocument: TypedProperty<Self, String> { TypedProperty("ReferenceSDDocument") }
    static var referenceSDDocumentCategory: TypedProperty<Self, String> { TypedProperty("ReferenceSDDocumentCategory") }
    static var overallSDProcessStatus: TypedProperty<Self, String> { TypedProperty("OverallSDProcessStatus") }
    static var overallDeliveryStatus: TypedProperty<Self, String> { TypedProperty("OverallDeliveryStatus") }
    static var createdByUser: TypedProperty<Self, String> { TypedProperty("CreatedByUser") }
    static var creationDate: TypedProperty<Self, LocalDateTime> { TypedProperty("CreationDate") }
    static var lastChangeDate: TypedProperty<Self, LocalDateTime> { TypedProperty("LastChangeDate") }
    static var toItem: TypedProperty<Self, [Entity]> { TypedProperty("to_Item") }
    static var toPartner: TypedProperty<Self, [Entity]> { TypedProperty("to_Partner") }
    static var toPricingElement: TypedProperty<Self, [Entity]> { TypedProperty("to_PricingElement") }
    static var toText: TypedProperty<Self, [Entity]> { TypedProperty("to_Text") }
}
