@testable import OData

/// Models in which fields have all that SAP's documents say about them, in both versions.
enum SAPModelSamples {
    static let name = ModelSamples.name

    static var version2: Metadata {
        let properties = [
            ModelSamples.property(
                "SalesOrder", sap: ["label": "Sales Order", "display-format": "NonNegative", "updatable": "false"]),
            ModelSamples.property(
                "Type", sap: ["text": "TypeName", "value-list": "fixed-values", "display-format": "UpperCase"]),
            ModelSamples.property("TypeName", sap: ["creatable": "false", "updatable": "false"]),
            ModelSamples.property("NetAmount", .decimal, sap: ["unit": "Currency", "filterable": "false"]),
            ModelSamples.property(
                "Currency", sap: ["semantics": "currency-code", "heading": "Crcy", "quickinfo": "Currency Key"]),
            ModelSamples.property("Quantity", .decimal, sap: ["unit": "Unit"]),
            ModelSamples.property("Unit", sap: ["semantics": "unit-of-measure"]),
            ModelSamples.property("Weight", .decimal, sap: ["unit": "Mass"]),
            ModelSamples.property(
                "Secret", sap: ["visible": "false", "sortable": "false", "required-in-filter": "true"]),
            ModelSamples.property(
                "Created", .dateTime, sap: ["display-format": "Date", "field-control": "Created_fc"]),
            ModelSamples.property("YY1_Region_SDH", sap: ["label": "Region"]),
        ]
        return Metadata(
            ModelSamples.parts(
                [ModelSamples.entity("Order", key: ["SalesOrder"], properties)],
                sets: [
                    ModelSamples.set(
                        "Orders", of: "Order",
                        sap: [
                            "creatable": "false", "pageable": "false", "countable": "false", "requires-filter": "true",
                        ]),
                    ModelSamples.set(
                        "Others", of: "Order", sap: ["searchable": "true", "updatable-path": "CanUpdate"]),
                ], version: .v2))
    }

    static var version4: Metadata {
        func property(_ name: String, of type: PrimitiveType = .string, _ annotations: [Annotation]) -> Property {
            var property = ModelSamples.property(name, type)
            property.annotations = annotations
            return property
        }
        func mark(_ term: String, _ value: AnnotationExpression = .boolean(true)) -> Annotation {
            ModelSamples.annotation(term, value)
        }
        var text = mark("Common.Text", .path("TypeName"))
        text.annotations = [
            mark("UI.TextArrangement", .enumMember("com.sap.vocabularies.UI.v1.TextArrangementType/TextOnly"))
        ]
        var order = ModelSamples.entity(
            "Order", key: ["ID"],
            [
                property(
                    "ID",
                    [
                        mark("Core.Computed"), mark("Common.Label", .string("Sales Order")),
                        mark("Common.IsDigitSequence"),
                    ]),
                property("Type", [text, mark("Common.IsUpperCase"), mark("Core.Immutable")]),
                property("Partner", [mark("Common.Text", .path("to_Partner/Name"))]),
                property("NetAmount", of: .decimal, [mark("Measures.ISOCurrency", .path("Currency"))]),
                property("Fee", of: .decimal, [mark("Measures.ISOCurrency", .string("EUR"))]),
                property("Quantity", of: .decimal, [mark("Measures.Unit", .path("Unit"))]),
                property("Currency", [mark("Common.IsCurrency"), mark("Common.QuickInfo", .string("Currency Key"))]),
                property(
                    "Note",
                    [
                        mark(
                            "Common.FieldControl",
                            .enumMember("com.sap.vocabularies.Common.v1.FieldControlType/ReadOnly"))
                    ]),
                property(
                    "Reason",
                    [mark("Common.FieldControl", .path("Reason_fc")), mark("UI.Hidden", .path("HidesReason"))]),
                property("Gone", [mark("UI.Hidden")]), property("Plain", []),
            ])
        order.annotations = [
            mark("UI.TextArrangement", .enumMember("com.sap.vocabularies.UI.v1.TextArrangementType/TextFirst")),
            mark("Common.Messages", .path("Notes")),
        ]
        let restrictions = [
            mark(
                "Capabilities.InsertRestrictions",
                record([
                    ("Insertable", .boolean(false)), ("NonInsertableProperties", .collection([.propertyPath("Plain")])),
                    ("RequiredProperties", .collection([.propertyPath("Type")])),
                ])),
            mark("Capabilities.UpdateRestrictions", record([("Updatable", .path("CanUpdate"))])),
            mark(
                "Capabilities.FilterRestrictions",
                record([
                    ("RequiredProperties", .collection([.propertyPath("Type")])),
                    ("NonFilterableProperties", .collection([.propertyPath("NetAmount"), .string("Fee")])),
                    (
                        "FilterExpressionRestrictions",
                        .collection([
                            record([
                                ("Property", .propertyPath("Type")), ("AllowedExpressions", .string("SingleValue")),
                            ])
                        ])
                    ),
                ])),
            mark("Capabilities.CountRestrictions", record([("Countable", .boolean(false))])),
            mark("Capabilities.TopSupported", .boolean(false)),
            mark(
                "Capabilities.NavigationRestrictions",
                record([
                    (
                        "RestrictedProperties",
                        .collection([
                            record([
                                ("NavigationProperty", .navigationPropertyPath("to_Item")),
                                ("InsertRestrictions", record([("Insertable", .boolean(true))])),
                                ("DeleteRestrictions", record([("Deletable", .boolean(false))])),
                            ])
                        ])
                    )
                ])),
        ]
        return Metadata(
            ModelSamples.parts([order], sets: [ModelSamples.set("Orders", of: "Order", restrictions)], version: .v4))
    }

    static func record(_ properties: [(String, AnnotationExpression)]) -> AnnotationExpression {
        .record(AnnotationRecord(properties: properties.map { AnnotationRecord.Property(name: $0.0, value: $0.1) }))
    }
}
