import Foundation
import ODataGenerator
import Testing

@testable import OData

/// Documents and recorded files that the suites share.
enum GeneratorSamples {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()

    static func metadata(_ path: String) throws -> Metadata {
        let file = folder.appending(path: "../ODataTests/Samples/" + path)
        return try Metadata(xml: [UInt8](Data(contentsOf: file)))
    }

    static func files(
        _ metadata: Metadata, _ options: GeneratorOptions = GeneratorOptions(serviceName: "Sample")
    ) throws -> [String: String] {
        let files = try Generator(metadata: metadata, options: options).files()
        return Dictionary(uniqueKeysWithValues: files.map { ($0.name, $0.text) })
    }

    static func name(_ name: String) -> QualifiedName { QualifiedName("S", name) }

    /// Types with a set each, whose names are those of the types.
    static func metadata(
        _ types: [StructuredType], version: ODataVersion = .v4, _ change: (inout MetadataParts) -> Void = { _ in }
    ) -> Metadata {
        var parts = MetadataParts()
        parts.version = version
        for type in types {
            parts.structuredTypes[type.name] = type
            if type.kind == .entity {
                parts.container.entitySets.append(EntitySet(name: type.name.name, type: type.name))
            }
        }
        change(&parts)
        return Metadata(parts)
    }

    static func entity(_ name: String, key: [String] = [], _ properties: [Property] = []) -> StructuredType {
        var type = StructuredType(kind: .entity, name: Self.name(name))
        type.key = key.map { KeyProperty($0) }
        type.properties = properties
        return type
    }

    static func text(_ name: String) -> Property { Property(name: name, type: .primitive(.string)) }
}
