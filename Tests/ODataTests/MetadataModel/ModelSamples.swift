@testable import OData

/// Small models made by hand.
enum ModelSamples {
    static let namespace = "sample"

    static func name(_ text: String) -> QualifiedName { QualifiedName(namespace, text) }

    static func property(_ name: String, _ type: PrimitiveType = .string, sap: [String: String] = [:]) -> Property {
        var property = Property(name: name, type: .primitive(type))
        property.sap = attributes(sap)
        return property
    }

    static func attributes(_ values: [String: String]) -> SAPAttributes {
        SAPAttributes(values.sorted { $0.key < $1.key }.map { SAPAttributes.Attribute($0.key, $0.value) })
    }

    static func annotation(_ term: String, _ value: AnnotationExpression, qualifier: String? = nil) -> Annotation {
        let alias = term.split(separator: ".")
        let namespaces = [
            "Common": "com.sap.vocabularies.Common.v1", "UI": "com.sap.vocabularies.UI.v1", "Core": "Org.OData.Core.V1",
            "Capabilities": "Org.OData.Capabilities.V1", "Measures": "Org.OData.Measures.V1",
        ]
        let namespace = namespaces[String(alias[0])] ?? String(alias[0])
        return Annotation(term: QualifiedName(namespace, String(alias[1])), qualifier: qualifier, value: value)
    }

    static func record(
        _ type: String? = nil, _ properties: KeyValuePairs<String, AnnotationExpression>
    ) -> AnnotationExpression {
        .record(
            AnnotationRecord(
                type: type.map { QualifiedName("com.sap.vocabularies.Common.v1", $0) },
                properties: properties.map { AnnotationRecord.Property(name: $0.key, value: $0.value) }))
    }

    static func entity(
        _ name: String, base: String? = nil, key: [String] = [], _ properties: [Property],
        _ navigations: [NavigationProperty] = []
    ) -> StructuredType {
        var type = StructuredType(kind: .entity, name: Self.name(name))
        type.baseType = base.map { Self.name($0) }
        type.key = key.map { KeyProperty($0) }
        (type.properties, type.navigationProperties) = (properties, navigations)
        return type
    }

    static func parts(_ types: [StructuredType], sets: [EntitySet] = [], version: ODataVersion = .v4) -> MetadataParts {
        var parts = MetadataParts()
        parts.version = version
        parts.schemas = [SchemaInfo(namespace: namespace, alias: "self")]
        parts.container.name = name("Container")
        parts.container.entitySets = sets
        for type in types { parts.structuredTypes[type.name] = type }
        return parts
    }

    static func set(
        _ name: String, of type: String, sap: [String: String] = [:], _ annotations: [Annotation] = []
    ) -> EntitySet {
        var set = EntitySet(name: name, type: Self.name(type))
        (set.sap, set.annotations) = (attributes(sap), annotations)
        return set
    }
}
