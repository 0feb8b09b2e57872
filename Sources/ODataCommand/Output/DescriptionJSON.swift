import OData

/// Descriptions for programs.
enum DescriptionJSON {
    static func text(_ type: TypeDescription) -> String {
        text(
            .object([
                .init("type", .string(type.name.description)), .init("set", optional(type.set)),
                .init("label", optional(type.label)), .init("key", .array(type.key.map { .string($0) })),
                .init("fields", .array(type.fields.map(field))),
                .init("navigations", .array(type.navigations.map(navigation))),
                .init("operations", .array(type.operations.map(operation))),
            ]))
    }

    static func text(of metadata: Metadata) -> String {
        let sets = metadata.entitySets.map {
            JSONNode.object([.init("name", .string($0.name)), .init("type", .string($0.type.description))])
        }
        let singletons = metadata.singletons.map {
            JSONNode.object([.init("name", .string($0.name)), .init("type", .string($0.type.description))])
        }
        return text(
            .object([
                .init("version", .string(metadata.version.rawValue)), .init("sets", .array(sets)),
                .init("singletons", .array(singletons)),
                .init("operations", .array(metadata.importDescriptions.map(operation))),
            ]))
    }

    private static func field(_ field: TypeDescription.Field) -> JSONNode {
        .object([
            .init("name", .string(field.name)), .init("type", .string(field.type)),
            .init("label", optional(field.presentation.label)), .init("key", .boolean(field.isKey)),
            .init("nullable", .boolean(field.isNullable)), .init("value_help", .boolean(field.hasValueHelp)),
            .init("extension", .boolean(field.origin != nil)),
            .init("creatable", .boolean(field.presentation.isCreatable)),
            .init("updatable", .boolean(field.presentation.isUpdatable)),
            .init("filterable", .boolean(field.presentation.isFilterable)),
        ])
    }

    private static func navigation(_ navigation: TypeDescription.Navigation) -> JSONNode {
        .object([
            .init("name", .string(navigation.name)), .init("target", .string(navigation.target.description)),
            .init("multiplicity", .string(navigation.multiplicity)), .init("set", optional(navigation.targetSet)),
        ])
    }

    private static func operation(_ operation: OperationDescription) -> JSONNode {
        .object([
            .init("name", .string(operation.name)),
            .init("kind", .string(operation.kind == .action ? "action" : "function")),
            .init("returns", optional(operation.returnType)),
            .init(
                "parameters",
                .array(
                    operation.parameters.map {
                        .object([.init("name", .string($0.name)), .init("type", .string($0.type))])
                    })),
        ])
    }

    private static func optional(_ text: String?) -> JSONNode { text.map { .string($0) } ?? .null }
    private static func text(_ node: JSONNode) -> String { String(decoding: node.serialized(), as: UTF8.self) }
}
