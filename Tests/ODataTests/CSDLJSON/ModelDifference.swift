@testable import OData

/// Says in which part two models differ, for a failing test's message.
enum ModelDifference {
    static func first(_ left: MetadataParts, _ right: MetadataParts) -> String {
        if left.version != right.version { return "version" }
        if left.schemas != right.schemas { return "schemas: \(lines(left.schemas, right.schemas))" }
        if left.references != right.references { return "references: \(lines(left.references, right.references))" }
        if left.container != right.container { return "container: \(lines(left.container, right.container))" }
        for (name, type) in left.structuredTypes where type != right.structuredTypes[name] {
            return "type: \(lines(type, right.structuredTypes[name]))"
        }
        for (name, type) in left.enumerationTypes where type != right.enumerationTypes[name] {
            return "enumeration: \(lines(type, right.enumerationTypes[name]))"
        }
        for (name, type) in left.typeDefinitions where type != right.typeDefinitions[name] {
            return "definition: \(lines(type, right.typeDefinitions[name]))"
        }
        for (name, term) in left.terms where term != right.terms[name] {
            return "term: \(lines(term, right.terms[name]))"
        }
        for (name, overloads) in left.operations where overloads != right.operations[name] {
            return "operation: \(lines(overloads, right.operations[name]))"
        }
        return "external: \(lines(left.externalAnnotations, right.externalAnnotations))"
    }

    private static func lines(_ left: some Any, _ right: some Any) -> String { "\n  \(left)\n  \(right)" }
}
