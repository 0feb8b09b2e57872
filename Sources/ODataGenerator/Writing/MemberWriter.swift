/// Writes properties, which read and write a stored value by their names: `entity` of entities, `value` of complex ones.
struct MemberWriter {
    let access: String
    let storage: String

    /// Properties that are read and set.
    func write(_ members: [Member], _ swift: inout SwiftText) {
        for (index, member) in members.enumerated() {
            if index > 0 { swift.line() }
            swift.doc(member.documentation)
            swift.block("\(access)var \(member.escapedName): \(member.type.text)?") { swift in
                accessors(member, &swift)
            }
        }
    }

    /// Names with types, for filters, selections, expansions and orders.
    func writeNames(_ members: [Member], _ swift: inout SwiftText) {
        for member in members {
            let head = "\(access)static var \(member.escapedName): TypedProperty<Self, \(member.type.text)>"
            swift.property(head, "TypedProperty(\(SwiftText.literal(member.name)))")
        }
    }

    private func accessors(_ member: Member, _ swift: inout SwiftText) {
        let place = "\(storage)[\(SwiftText.literal(member.name))]"
        switch (member.type.kind, member.type.isCollection) {
        case (.convertible, _):
            swift.property("get", "\(place).flatMap { try? \(member.type.text)(odataValue: $0) }")
            swift.line("set { \(place) = newValue.odataValue }")
        case (.anything, _):
            swift.line("get { \(place) }")
            swift.line("set { \(place) = newValue }")
        case (.stream, _):
            swift.line("if case .stream(let stream)? = \(place) { stream } else { nil }")
        case (.entity, false):
            swift.property(
                "get", "if case .entity(let entity)? = \(place) { \(member.type.element)(entity: entity) } else { nil }"
            )
            swift.line("set { \(place) = newValue.map { .entity($0.entity) } }")
        case (.untypedEntity, false):
            swift.property("get", "if case .entity(let entity)? = \(place) { entity } else { nil }")
            swift.line("set { \(place) = newValue.map { .entity($0) } }")
        case (.entity, true):
            swift.block("get") { swift in
                swift.line("guard case .entities(let collection)? = \(place) else { return nil }")
                swift.line("return collection.entities.map { \(member.type.element)(entity: $0) }")
            }
            swift.property("set", "\(place) = newValue.map { .entities(EntityCollection($0.map(\\.entity))) }")
        case (.untypedEntity, true):
            swift.property("get", "if case .entities(let collection)? = \(place) { collection.entities } else { nil }")
            swift.property("set", "\(place) = newValue.map { .entities(EntityCollection($0)) }")
        }
    }
}
