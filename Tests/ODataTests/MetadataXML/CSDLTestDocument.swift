import Glibc

@testable import OData

/// Documents for the tests of this folder, made of the schema that each is about.
enum CSDLTestDocument {
    /// Version 4.0: namespace `ns`, no alias.
    static func v4(_ content: String, version: String = "4.0", references: String = "") -> [UInt8] {
        Array(
            """
            <?xml version="1.0" encoding="utf-8"?>
            <edmx:Edmx Version="\(version)" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx">\(references)
            <edmx:DataServices><Schema Namespace="ns" xmlns="http://docs.oasis-open.org/odata/ns/edm">\(content)</Schema>
            </edmx:DataServices></edmx:Edmx>
            """.utf8)
    }

    /// Version 2: namespace `ns`, with the prefixes `m` and `sap`.
    static func v2(_ content: String, dataServices: String = #" m:DataServiceVersion="2.0""#) -> [UInt8] {
        Array(
            """
            <?xml version="1.0" encoding="utf-8"?>
            <edmx:Edmx Version="1.0" xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx"
             xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"
             xmlns:sap="http://www.sap.com/Protocols/SAPData"><edmx:DataServices\(dataServices)>
            <Schema Namespace="ns" xmlns="http://schemas.microsoft.com/ado/2008/09/edm">\(content)</Schema>
            </edmx:DataServices></edmx:Edmx>
            """.utf8)
    }

    static func name(_ text: String) -> QualifiedName { QualifiedName(text) ?? QualifiedName("", text) }

    static func parts(_ bytes: [UInt8], limits: MetadataLimits = .init()) throws(MetadataError) -> MetadataParts {
        let reading = try CSDLReading(limits: limits)
        try reading.append(bytes)
        return try reading.finish()
    }

    static func tolerances(_ bytes: [UInt8]) throws -> Set<MetadataTolerance> {
        var reader = MetadataReader()
        try reader.append(bytes)
        _ = try reader.finish()
        return reader.tolerances
    }

    /// What is wrong with a document; nil if nothing is.
    static func error(_ bytes: [UInt8], limits: MetadataLimits = .init()) -> MetadataError? {
        do throws(MetadataError) {
            _ = try parts(bytes, limits: limits)
            return nil
        } catch {
            return error
        }
    }

    /// A recorded document of the folder `Samples`.
    static func sample(_ path: String) throws -> [UInt8] {
        let folder = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
        guard let file = unsafe fopen("/\(folder)/Samples/\(path)", "rb") else { throw MissingSample(path: path) }
        defer { unsafe fclose(file) }
        var all: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = unsafe fread(&chunk, 1, chunk.count, file)
            if count == 0 { return all }
            all += chunk[..<count]
        }
    }

    struct MissingSample: Error { var path: String }

    static let samples = [
        "v2/API_CUSTOMER_MATERIAL_SRV.edmx", "v2/MMIM_DEADSTOCKMATERIAL_SRV.xml",
        "v4/ENTPROJECTPROCESSINGSTATUS_0001.edmx", "v4/sdMeta.xml",
    ]
}

/// How many annotations a model has, at elements and inside each other, and how many records.
struct AnnotationCount: Equatable {
    var annotations = 0
    var records = 0
    var propertyValues = 0
    var collections = 0

    init(_ parts: MetadataParts) {
        for schema in parts.schemas { add(schema.annotations) }
        for type in parts.structuredTypes.values {
            add(type.annotations)
            for property in type.properties { add(property.annotations) }
            for navigation in type.navigationProperties { add(navigation.annotations) }
        }
        for operation in parts.operations.values.joined() {
            add(operation.annotations + operation.returnTypeAnnotations)
            for parameter in operation.parameters { add(parameter.annotations) }
        }
        add(parts.container.annotations)
        for set in parts.container.entitySets { add(set.annotations) }
        for item in parts.container.operationImports { add(item.annotations) }
        for annotations in parts.externalAnnotations.values { add(annotations) }
    }

    init(_ annotations: Int, records: Int, propertyValues: Int, collections: Int) {
        (self.annotations, self.records) = (annotations, records)
        (self.propertyValues, self.collections) = (propertyValues, collections)
    }

    private mutating func add(_ list: [Annotation]) {
        for annotation in list {
            annotations += 1
            add(annotation.value)
            add(annotation.annotations)
        }
    }

    private mutating func add(_ expression: AnnotationExpression) {
        switch expression {
        case .collection(let items):
            collections += 1
            for item in items { add(item) }
        case .record(let record):
            records += 1
            add(record.annotations)
            for property in record.properties {
                propertyValues += 1
                add(property.value)
                add(property.annotations)
            }
        default: break
        }
    }
}
