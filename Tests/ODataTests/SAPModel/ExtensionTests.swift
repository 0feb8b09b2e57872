import Testing

@testable import OData

@Suite("Fields that a customer added")
struct ExtensionTests {
    @Test(arguments: [
        ("YY1_Region_SDH", ExtensionField.Origin.keyUser(context: "SDH")),
        ("YY1_My_Long_Name_SDI", .keyUser(context: "SDI")),
        ("YY1_Alone", .keyUser(context: nil)), ("YY1_", .keyUser(context: nil)), ("ZZ1_Field", .customer),
        ("ZZFIELD", .customer),
        ("Z_Field", .customer), ("ZField", .customer), ("Z1", .customer), ("YFIELD", .customer),
        ("Color_KUT", .cloudKeyUser),
        ("Color_SDK", .cloudPartner),
    ])
    func `a name of a customer's form is an extension`(name: String, origin: ExtensionField.Origin) {
        #expect(ExtensionField.origin(of: name) == origin)
    }

    @Test(arguments: ["Zone", "Year", "ZipCode", "SalesOrder", "Y", "Z", "", "yy1_x", "KUT", "SDK_x"])
    func `an ordinary name is none`(name: String) {
        #expect(ExtensionField.origin(of: name) == nil)
    }

    @Test func `they are listed with label and type`() {
        let fields = SAPModelSamples.version2.extensionFields(of: SAPModelSamples.name("Order"))
        #expect(fields.map(\.name) == ["YY1_Region_SDH"])
        #expect(fields.first?.label == "Region" && fields.first?.type == .primitive(.string))
    }

    @Test func `the difference to what is published tells added, missing and changed fields`() {
        let published = Metadata(
            ModelSamples.parts(
                [
                    ModelSamples.entity(
                        "Order",
                        [ModelSamples.property("ID"), ModelSamples.property("Old"), ModelSamples.property("N", .int32)]),
                    ModelSamples.entity("Dropped", []),
                ], sets: [ModelSamples.set("Orders", of: "Order")]))
        let here = Metadata(
            ModelSamples.parts(
                [
                    ModelSamples.entity(
                        "Order",
                        [
                            ModelSamples.property("ID"), ModelSamples.property("N", .int64),
                            ModelSamples.property("YY1_X"),
                        ],
                        [NavigationProperty(name: "to_YY1", target: SAPModelSamples.name("Order"), isCollection: true)]),
                    ModelSamples.entity("YY1_Thing", []),
                ], sets: [ModelSamples.set("Orders", of: "Order"), ModelSamples.set("YY1_Things", of: "YY1_Thing")]))
        let difference = here.difference(to: published)
        #expect(difference.addedTypes == ["YY1_Thing"] && difference.missingTypes == ["Dropped"])
        #expect(difference.addedSets == ["YY1_Things"] && difference.missingSets.isEmpty)
        let order = difference.changedTypes["Order"]
        #expect(order?.added.map(\.name) == ["YY1_X"] && order?.missing == ["Old"] && order?.retyped == ["N"])
        #expect(order?.addedNavigations == ["to_YY1"])
    }

    @Test func `a service under another namespace is the same`() {
        func model(_ namespace: String) -> Metadata {
            var parts = MetadataParts()
            var type = StructuredType(kind: .entity, name: QualifiedName(namespace, "T"))
            type.properties = [Property(name: "P", type: TypeReference(.named(QualifiedName(namespace, "E"))))]
            parts.structuredTypes[type.name] = type
            return Metadata(parts)
        }
        #expect(model("a.v1").difference(to: model("b.v2")).isEmpty)
    }
}
