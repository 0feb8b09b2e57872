internal import OData

/// Writes an entity type.
struct EntityWriter {
    private let plan: ServicePlan
    private let options: GeneratorOptions
    private var access: String { options.access }

    init(_ plan: ServicePlan, _ options: GeneratorOptions) { (self.plan, self.options) = (plan, options) }

    func text(of type: ServicePlan.Named<StructuredType>) -> String {
        var scope = plan.scope(ReservedNames.entityMembers)
        let members = plan.members(of: type.model, &scope)
        let navigations = plan.navigations(of: type.model, &scope)
        let writer = MemberWriter(access: access, storage: "entity")
        var swift = SwiftText()
        options.writeHead(&swift)
        writeType(type, members, &swift)
        for (title, part) in [("Properties", members), ("Navigation", navigations)] where !part.isEmpty {
            swift.line()
            swift.line("// MARK: - \(title)")
            swift.line()
            swift.block("extension \(type.swiftName)") { swift in writer.write(part, &swift) }
        }
        if !members.isEmpty || !navigations.isEmpty {
            swift.line()
            swift.line("// MARK: - Names for filters, selections, expansions and orders")
            swift.line()
            swift.block("extension \(type.swiftName)") { swift in writer.writeNames(members + navigations, &swift) }
        }
        return swift.text
    }

    private func writeType(
        _ type: ServicePlan.Named<StructuredType>, _ members: [Member], _ swift: inout SwiftText
    ) {
        let documentation = FieldDocumentation(metadata: plan.metadata)
        let name = type.model.name
        let set = plan.metadata.entitySets.first { $0.type == name }
        let label = documentation.label(type.model.annotations, type.model.sap)
        let place =
            set.map { "Entities of the set " + documentation.code($0.name) } ?? "Entities without a set of their own"
        swift.doc([
            (label.map { $0 + ". " } ?? "") + place + ".",
            "Properties are nil where the entity doesn't have them or has no value that fits their type; `entity` tells which.",
        ])
        swift.block("\(access)struct \(type.swiftName): ODataEntity") { swift in
            swift.line("\(access)static let entitySetName = \(SwiftText.literal(set?.name ?? ""))")
            QualifiedNameText.write("\(access)static let typeName", name, &swift)
            swift.line()
            swift.line("\(access)var entity: Entity")
            swift.line()
            swift.line("\(access)init(entity: Entity) { self.entity = entity }")
            swift.line()
            writeKey(plan.key(of: type.model, members), &swift)
        }
    }

    private func writeKey(_ parts: [KeyPart], _ swift: inout SwiftText) {
        swift.block("\(access)struct Key: ODataEntityKey") { swift in
            for part in parts { swift.line("\(access)var \(part.escapedName): \(part.type)") }
            if !parts.isEmpty { swift.line() }
            writeInitializer(parts, &swift)
            swift.line()
            swift.block("\(access)var entityKey: EntityKey") { swift in
                writeParts(parts, &swift)
            }
        }
        // A key behind a path is not to be had from a property of the entity itself.
        guard !parts.isEmpty, parts.allSatisfy({ $0.member != nil }) else { return }
        swift.line()
        swift.doc(["Nil if a part of it is missing."])
        swift.block("\(access)var key: Key?") { swift in
            let members = parts.compactMap { part in part.member.map { (part, $0) } }
            let bindings = members.map { "let \($0.0.escapedName) = self.\($0.1.escapedName)" }
            let arguments = parts.map { "\(SwiftIdentifier.label($0.swiftName)): \($0.escapedName)" }
            swift.list("guard ", bindings, " else { return nil }")
            swift.list("return Key(", arguments, ")")
        }
    }

    private func writeParts(_ parts: [KeyPart], _ swift: inout SwiftText) {
        let values = parts.map { part in
            "EntityKey.Part(\(SwiftText.literal(part.name)), self.\(part.escapedName).odataValue)"
        }
        guard values.count > 1 else { return swift.line("EntityKey([\(values.joined())])") }
        swift.line("EntityKey([")
        swift.indented { swift in
            for value in values { swift.line(value + ",") }
        }
        swift.line("])")
    }

    private func writeInitializer(_ parts: [KeyPart], _ swift: inout SwiftText) {
        let parameters = parts.map { "\(SwiftIdentifier.parameter($0.swiftName)): \($0.type)" }
        guard !parts.isEmpty else { return swift.line("\(access)init() {}") }
        swift.list("\(access)init(", parameters, ") {")
        swift.indented { swift in
            for part in parts { swift.line("self.\(part.escapedName) = \(part.escapedName)") }
        }
        swift.line("}")
    }
}

/// `typeName = QualifiedName("namespace", "name")`.
enum QualifiedNameText {
    static func write(_ head: String, _ name: QualifiedName, _ swift: inout SwiftText) {
        swift.list(
            head + " = QualifiedName(", [SwiftText.literal(name.namespace), SwiftText.literal(name.name)], ")")
    }
}
