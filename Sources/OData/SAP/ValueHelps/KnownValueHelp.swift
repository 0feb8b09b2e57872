/// Lists of SAP's published services, for fields of services that have no value helps of their own: interfaces for machines
/// carry none, only those for user interfaces do.
///
/// Field names are the same in all of SAP's published interfaces. The services are read only, and whether a user may call
/// them is the system's affair: a picker that gets 403 or 404 does without.
enum KnownValueHelp {
    struct List {
        /// Names of fields that take a value of this list.
        let fields: [String]
        let service: String
        let set: String
        let key: String
        /// A column, or a path to one.
        let description: String
        var languageColumn: String?
        var validity: ValueHelp.Validity?
        /// Fields of the entity that restrict the list if they have a value, and their columns.
        var restrictions: [(fields: [String], column: String)] = []
        /// Columns to show besides.
        var columns: [String] = []
        /// Rows that nothing can be posted to.
        var excluded: [String] = []
        var label: String
    }

    static func helps(for path: String, fieldsOf entity: Set<String>) -> [ValueHelp] {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        return lists.filter { $0.fields.contains(name) }.map { help($0, for: path, fieldsOf: entity) }
    }

    private static func help(_ list: List, for path: String, fieldsOf entity: Set<String>) -> ValueHelp {
        var help = ValueHelp(for: path, collectionPath: list.set, version: .v2)
        help.label = list.label
        help.service = "/sap/opu/odata/sap/\(list.service)/"
        help.parameters = [ValueHelp.Parameter(.inOut, local: path, column: list.key)]
        for restriction in list.restrictions {
            guard let field = restriction.fields.first(where: { entity.contains($0) }) else { continue }
            help.parameters.append(ValueHelp.Parameter(.in, local: field, column: restriction.column))
        }
        help.parameters += list.excluded.map { ValueHelp.Parameter(.constant(.boolean(false)), column: $0) }
        help.parameters += list.columns.map { ValueHelp.Parameter(.display, column: $0) }
        help.descriptionPath = list.description
        (help.languageColumn, help.validity) = (list.languageColumn, list.validity)
        help.order = [ValueHelp.Order(list.key)]
        return help
    }

    private static let lists: [List] = [
        List(
            fields: ["CompanyCode"], service: "API_COMPANYCODE_SRV", set: "A_CompanyCode", key: "CompanyCode",
            description: "CompanyCodeName", columns: ["CityName", "Country", "Currency", "ChartOfAccounts"],
            label: "Company Code"),
        List(
            fields: ["GLAccount", "AlternativeGLAccount", "ReconciliationAccount"],
            service: "API_GLACCOUNTINCHARTOFACCOUNTS_SRV", set: "A_GLAccountInChartOfAccounts", key: "GLAccount",
            description: "to_Text/GLAccountName", languageColumn: "Language",
            restrictions: [(["ChartOfAccounts"], "ChartOfAccounts")],
            columns: ["ChartOfAccounts", "GLAccountType", "IsProfitLossAccount"],
            excluded: ["AccountIsBlockedForPosting", "AccountIsMarkedForDeletion"], label: "G/L Account"),
        List(
            fields: ["CostCenter", "SenderCostCenter", "ReceiverCostCenter"], service: "API_COSTCENTER_SRV",
            set: "A_CostCenter", key: "CostCenter", description: "to_Text/CostCenterName", languageColumn: "Language",
            validity: ValueHelp.Validity(from: "ValidityStartDate", to: "ValidityEndDate"),
            restrictions: [(["ControllingArea"], "ControllingArea"), (["CompanyCode"], "CompanyCode")],
            columns: ["ControllingArea", "CompanyCode"], excluded: ["IsBlkdForPrimaryCostsPosting"],
            label: "Cost Center"),
        List(
            fields: ["Plant", "ProductionPlant", "SupplyingPlant", "ReceivingPlant"], service: "API_PLANT_SRV",
            set: "A_Plant", key: "Plant", description: "PlantName", label: "Plant"),
        List(
            fields: ["Material", "Product"], service: "API_PRODUCT_SRV", set: "A_Product", key: "Product",
            description: "to_Description/ProductDescription", languageColumn: "Language",
            columns: ["ProductType", "BaseUnit"], label: "Product"),
        List(
            fields: [
                "EntryUnit", "RequestedQuantityUnit", "OrderQuantityUnit", "PurchaseOrderQuantityUnit",
                "AlternativeUnit",
            ], service: "API_PRODUCT_SRV", set: "A_ProductUnitsOfMeasure", key: "AlternativeUnit",
            description: "AlternativeUnit", restrictions: [(["Material", "Product"], "Product")], columns: ["Product"],
            label: "Unit of Measure"),
        List(
            fields: ["BusinessPartner"], service: "API_BUSINESS_PARTNER", set: "A_BusinessPartner",
            key: "BusinessPartner", description: "BusinessPartnerFullName", columns: ["BusinessPartnerCategory"],
            excluded: ["BusinessPartnerIsBlocked", "IsMarkedForArchiving"], label: "Business Partner"),
        List(
            fields: ["Customer", "SoldToParty", "ShipToParty", "BillToParty", "PayerParty"],
            service: "API_BUSINESS_PARTNER", set: "A_Customer", key: "Customer", description: "CustomerName",
            label: "Customer"),
        List(
            fields: ["Supplier", "InvoicingParty", "Creditor"], service: "API_BUSINESS_PARTNER", set: "A_Supplier",
            key: "Supplier", description: "SupplierName", label: "Supplier"),
    ]
}
