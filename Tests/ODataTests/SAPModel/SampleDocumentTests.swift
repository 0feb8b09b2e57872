import Testing

@testable import OData

@Suite("SAP's own documents, seen through the views")
struct SampleDocumentTests {
    private static func metadata(_ name: String) throws -> Metadata {
        try Metadata(xml: try SAPModelFiles.bytes(name))
    }

    @Test func `a version 2 service's value helps lead to sets of the service`() throws {
        let metadata = try Self.metadata("v2/MMIM_DEADSTOCKMATERIAL_SRV.xml")
        let type = QualifiedName("MMIM_DEADSTOCKMATERIAL_SRV", "C_DeadStockMaterialQryResult")
        let plant = try #require(metadata.valueHelps(for: "Plant", in: type).first)
        #expect(plant.collectionPath == "I_MatlDocPlantVH" && plant.isSearchSupported && plant.keyColumn == "Plant")
        #expect(plant.descriptionPath == "PlantName" && plant.version == .v2)
        let withLists = metadata.properties(of: type).filter { metadata.hasValueHelp($0.name, in: type) }
        #expect(withLists.count >= 10)
        // The document names a column that the list doesn't have.
        let group = try #require(metadata.valueHelps(for: "MaterialGroup", in: type).first)
        #expect(
            group.keyColumn == "ProductGroup"
                && group.parameters.map(\.column) == ["ProductGroup", "ProductGroup_Text"])
        for property in withLists {
            for help in metadata.valueHelps(for: property.name, in: type) {
                #expect(metadata.entitySet(help.collectionPath) != nil, "\(property.name)")
                #expect(try help.query(search: "x").encoded(.v2, metadata: metadata).path == help.collectionPath)
            }
        }
    }

    @Test func `a version 2 service's fields have labels, texts and units`() throws {
        let metadata = try Self.metadata("v2/MMIM_DEADSTOCKMATERIAL_SRV.xml")
        let type = QualifiedName("MMIM_DEADSTOCKMATERIAL_SRV", "C_DeadStockMaterialQryResult")
        let material = metadata.presentation(of: "Material", in: type)
        #expect((material.label, material.quickInfo) == ("Material", "Material Number"))
        #expect(material.text == TextAssociation("MaterialName") && material.isUpperCase)
        let value = metadata.presentation(of: "StockValueInCCCrcyEnd", in: type)
        #expect(value.unit == UnitAssociation(.path("Currency"), kind: .currency) && !value.isFilterable)
        #expect(metadata.presentation(of: "MatlWrhsStkQtyOnEndDate", in: type).unit?.kind == .unit)
        #expect(metadata.presentation(of: "StorageLocation", in: type).fieldControl == .path("StorageLocation_fc"))
    }

    @Test func `a version 4 service's drafts, value helps and texts are found`() throws {
        let metadata = try Self.metadata("v4/sdMeta.xml")
        let namespace = "com.c_salesordermanage_sd"
        let root = try #require(metadata.draft(ofSet: "SalesOrderManage"))
        #expect(root.role == .root && root.activationAction == namespace + ".draftActivate")
        #expect((root.editAction, root.preparationAction) == (namespace + ".draftEdit", namespace + ".draftPrepare"))
        #expect(root.isActiveProperty == "IsActiveEntity" && root.siblingNavigation == "SiblingEntity")
        #expect(metadata.draft(ofSet: "HeaderPartner")?.role == .node)
        #expect(metadata.entitySets.filter { metadata.draft(of: $0) != nil }.count == 6)
        let shipTo = QualifiedName(namespace, "HeaderShipToParty")
        let partner = try #require(metadata.valueHelps(for: "BusinessPartner", in: shipTo).first)
        #expect(
            partner.collectionPath == "Customer" && partner.isSearchSupported
                && partner.descriptionPath == "CustomerName")
        let text = metadata.text(of: "DistributionChannel", in: QualifiedName(namespace, "I_DistributionChannel"))
        #expect(text == TextAssociation("DistributionChannel_Text", arrangement: .textOnly))
    }

    @Test func `every value help of a version 4 service gives a query that its metadata accepts`() throws {
        let metadata = try Self.metadata("v4/sdMeta.xml")
        var count = 0
        for type in metadata.structuredTypeNames {
            for property in metadata.properties(of: type) {
                for help in metadata.valueHelps(for: property.name, in: type) {
                    count += 1
                    let query = help.query(values: [property.name: .string("1")], search: "x")
                    #expect(throws: Never.self, "\(type)/\(property.name)") {
                        try query.encoded(.v4, metadata: metadata)
                    }
                }
            }
        }
        #expect(count == 15)
        for name in metadata.operationNames {
            for operation in metadata.operations(name) {
                for parameter in operation.parameters {
                    for help in metadata.valueHelps(forParameter: parameter.name, of: operation) {
                        count += 1
                        let query = help.query(search: "x")
                        #expect(throws: Never.self, "\(name)/\(parameter.name)") {
                            try query.encoded(.v4, metadata: metadata)
                        }
                    }
                }
            }
        }
        #expect(count == 23)
    }

    @Test(arguments: [
        "v2/API_CUSTOMER_MATERIAL_SRV.edmx", "v2/MMIM_DEADSTOCKMATERIAL_SRV.xml",
        "v4/ENTPROJECTPROCESSINGSTATUS_0001.edmx", "v4/sdMeta.xml",
    ])
    func `every set can be described`(file: String) throws {
        let metadata = try Self.metadata(file)
        for set in metadata.entitySets {
            let description = try #require(metadata.description(ofSet: set.name))
            #expect(!description.fields.isEmpty && !description.key.isEmpty)
            #expect(description.fields.filter(\.isKey).count == description.key.count)
        }
        #expect(metadata.parts.checkInheritance() == nil)
        #expect(metadata.difference(to: metadata).isEmpty)
    }

    @Test func `pitfall 45: a service's labels and capabilities come from annotations apart`() throws {
        let metadata = try Self.metadata("v4/ENTPROJECTPROCESSINGSTATUS_0001.edmx")
        let labels = metadata.entitySets.flatMap { set in
            metadata.description(ofSet: set.name)?.fields.compactMap(\.presentation.label) ?? []
        }
        #expect(labels.count >= 5)
        #expect(metadata.entitySets.allSatisfy { !metadata.capabilities(of: $0).isInsertable })
    }

    @Test func `a model from XML survives the notation in JSON`() throws {
        // Where JSON has a mere string, XML tells a path from a date: those are compared as text.
        let metadata = try Self.metadata("v4/ENTPROJECTPROCESSINGSTATUS_0001.edmx")
        var printer = ModelCSDLPrinter(seed: 1)
        let again = try Metadata(csdlJSON: printer.print(metadata.parts))
        for set in metadata.entitySets {
            let (left, right) = (metadata.description(ofSet: set.name), again.description(ofSet: set.name))
            #expect(left?.fields.map(\.presentation) == right?.fields.map(\.presentation))
            #expect(left?.fields.map(\.name) == right?.fields.map(\.name) && left?.capabilities == right?.capabilities)
        }
    }
}
