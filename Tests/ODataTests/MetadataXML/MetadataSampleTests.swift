import Testing

@testable import OData

/// Recorded documents. The numbers were counted in the documents with another parser.
@Suite("Recorded $metadata documents")
struct MetadataSampleTests {
    struct Counts: Equatable {
        var version: ODataVersion
        var types: Int
        var sets: Int
        var properties: Int
        var keys: Int
        var navigations: Int
        var collections: Int
        var bindings: Int
        var constraints: Int
        var references: Int

        init(
            _ version: ODataVersion, types: Int, sets: Int, properties: Int, keys: Int, navigations: Int,
            collections: Int, bindings: Int, constraints: Int, references: Int
        ) {
            (self.version, self.types, self.sets, self.properties) = (version, types, sets, properties)
            (self.keys, self.navigations, self.collections) = (keys, navigations, collections)
            (self.bindings, self.constraints, self.references) = (bindings, constraints, references)
        }

        init(_ parts: MetadataParts) {
            let types = parts.structuredTypes.values
            let navigations = types.flatMap(\.navigationProperties)
            self.init(
                parts.version, types: types.count, sets: parts.container.entitySets.count,
                properties: types.map(\.properties.count).reduce(0, +), keys: types.map(\.key.count).reduce(0, +),
                navigations: navigations.count, collections: navigations.count { $0.isCollection },
                bindings: parts.container.entitySets.map(\.bindings.count).reduce(0, +),
                constraints: navigations.map(\.constraints.count).reduce(0, +), references: parts.references.count)
        }
    }

    @Test func `a small API of version 2 is read whole`() throws {
        let parts = try CSDLTestDocument.parts(CSDLTestDocument.sample(CSDLTestDocument.samples[0]))
        #expect(
            Counts(parts)
                == Counts(
                    .v2, types: 1, sets: 1, properties: 20, keys: 4, navigations: 0, collections: 0, bindings: 0,
                    constraints: 0, references: 9))
        // Six annotations, and twenty properties with a summary, fourteen of them with a long description.
        #expect(AnnotationCount(parts) == AnnotationCount(40, records: 6, propertyValues: 13, collections: 1))
        #expect(parts.externalAnnotations.isEmpty)
    }

    @Test func `pitfall 41: a service of version 2 keeps its annotations of version 4`() throws {
        let parts = try CSDLTestDocument.parts(CSDLTestDocument.sample(CSDLTestDocument.samples[1]))
        #expect(
            Counts(parts)
                == Counts(
                    .v2, types: 22, sets: 22, properties: 182, keys: 31, navigations: 16, collections: 1, bindings: 16,
                    constraints: 15, references: 8))
        #expect(AnnotationCount(parts) == AnnotationCount(28, records: 170, propertyValues: 254, collections: 26))
        #expect(parts.externalAnnotations.isEmpty)
        let navigations = parts.structuredTypes.values.flatMap(\.navigationProperties)
        #expect(navigations.count { $0.partner != nil } == 2)
        let property = try #require(
            parts.structuredTypes[CSDLTestDocument.name("MMIM_DEADSTOCKMATERIAL_SRV.I_MatlDocStockIdfgWBSVHType")]?
                .properties.first { $0.name == "ProfitCenter" })
        let list = try #require(property.annotations.first)
        #expect(list.term == CSDLTestDocument.name("com.sap.vocabularies.Common.v1.ValueList"))
        guard case .record(let record) = list.value, case .collection(let parameters)? = record["Parameters"] else {
            Issue.record("no record")
            return
        }
        #expect(record["CollectionPath"] == .string("I_ProfitCenterStdVH"))
        #expect(record["SearchSupported"] == .boolean(true))
        guard case .record(let first)? = parameters.first else { return }
        #expect(first.type == CSDLTestDocument.name("com.sap.vocabularies.Common.v1.ValueListParameterInOut"))
        #expect(first["LocalDataProperty"] == .propertyPath("ControllingArea"))
    }

    @Test func `every sap attribute of types, properties, navigation, sets, container and schema is kept`() throws {
        for (sample, count) in zip(CSDLTestDocument.samples, [53, 735, 0, 0]) {
            let parts = try CSDLTestDocument.parts(CSDLTestDocument.sample(sample))
            let container = parts.container
            var attributes = parts.schemas.map(\.sap) + [container.sap] + container.entitySets.map(\.sap)
            for type in parts.structuredTypes.values {
                attributes.append(type.sap)
                attributes += type.properties.map(\.sap) + type.navigationProperties.map(\.sap)
            }
            #expect(attributes.map(\.values.count).reduce(0, +) == count, "\(sample)")
        }
    }

    @Test func `pitfall 44: a small API of version 4 has its aliases resolved`() throws {
        let parts = try CSDLTestDocument.parts(CSDLTestDocument.sample(CSDLTestDocument.samples[2]))
        #expect(
            Counts(parts)
                == Counts(
                    .v4, types: 2, sets: 2, properties: 5, keys: 3, navigations: 2, collections: 1, bindings: 2,
                    constraints: 1, references: 15))
        #expect(AnnotationCount(parts) == AnnotationCount(38, records: 13, propertyValues: 30, collections: 5))
        #expect(parts.externalAnnotations.isEmpty)
        let namespace = "com.sap.gateway.srvd_a2x.api_entprojprocessingstatus.v0001"
        let type = try #require(parts.structuredTypes[QualifiedName(namespace, "ProcessingStatusTextType")])
        let label = type.annotations.first { $0.term.name == "Label" }
        #expect(label?.term.namespace == "com.sap.vocabularies.Common.v1")
        #expect(label?.value == .string("Project Processing Status Description"))
        #expect(parts.container.entitySet("ProcessingStatusText")?.type == type.name)
        #expect(parts.references.first?.uri.hasPrefix("/sap/opu/odata/IWFND/CATALOGSERVICE;v=2/") == true)
    }

    @Test func `a draft service of version 4 is read whole`() throws {
        let parts = try CSDLTestDocument.parts(CSDLTestDocument.sample(CSDLTestDocument.samples[3]))
        #expect(
            Counts(parts)
                == Counts(
                    .v4, types: 46, sets: 45, properties: 317, keys: 56, navigations: 67, collections: 6, bindings: 61,
                    constraints: 49, references: 8))
        #expect(AnnotationCount(parts) == AnnotationCount(803, records: 371, propertyValues: 760, collections: 125))
        #expect(parts.externalAnnotations.isEmpty)
        let operations = parts.operations.values.joined()
        #expect(operations.count == 27)
        #expect(operations.allSatisfy { $0.kind == .action && $0.returnType != nil })
        #expect(operations.map(\.parameters.count).reduce(0, +) == 43)
        #expect(parts.container.operationImports.map(\.kind) == [.action, .action])
        let namespace = "com.c_salesordermanage_sd"
        let change = parts.operations[QualifiedName(namespace, "ChangeOrderStatus")] ?? []
        // Each overload has the annotations of its own signature.
        #expect(change.map(\.annotations.count).reduce(0, +) > 0)
        #expect(change.last?.parameters.last?.annotations.isEmpty == false)
        #expect(change.first?.parameters.last?.annotations.isEmpty == true)
    }

    @Test(arguments: CSDLTestDocument.samples)
    func `a document in pieces of any length gives the same model`(sample: String) throws {
        let bytes = try CSDLTestDocument.sample(sample)
        let whole = try CSDLTestDocument.parts(bytes)
        for length in bytes.count < 100_000 ? [1, 7, 4_096] : [61, 16_384, 100_000] {
            let reading = try CSDLReading(limits: .init())
            for start in stride(from: 0, to: bytes.count, by: length) {
                try reading.append(Array(bytes[start..<min(start + length, bytes.count)]))
            }
            #expect(try reading.finish() == whole, "pieces of \(length)")
        }
    }

    @Test(arguments: CSDLTestDocument.samples)
    func `a document that ends too early is refused wherever it ends`(sample: String) throws {
        let bytes = try CSDLTestDocument.sample(sample)
        // The last bytes may be white space behind the document's element.
        let end = bytes.lastIndex(of: 0x3E) ?? 0
        let step = bytes.count < 100_000 ? 97 : 97 * 11
        for length in stride(from: 0, to: end, by: step) {
            let error = CSDLTestDocument.error(Array(bytes[..<length]))
            #expect(error?.reason == .syntax, "\(length) bytes of \(sample)")
        }
    }
}

extension EntityContainer {
    fileprivate func entitySet(_ name: String) -> EntitySet? { entitySets.first { $0.name == name } }
}
