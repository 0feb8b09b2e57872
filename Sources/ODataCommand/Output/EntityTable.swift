import OData

/// Entities for people: one as a list of its properties, many as a table.
enum EntityTable {
    static func lines(of entity: Entity, width: Int) -> [String] {
        var table = Table(["property", "value"])
        for name in entity.properties.names {
            guard let value = entity[name], !isLink(value) else { continue }
            table.add([name, text(value)])
        }
        return table.lines(width: width)
    }

    /// - Parameter columns: nil: the properties of the first entity that hold one value each.
    static func lines(of entities: [Entity], columns: [String]?, width: Int) -> [String] {
        guard let first = entities.first else { return ["nothing"] }
        let names = columns ?? first.properties.names.filter { first[$0].map { !isLink($0) } ?? false }
        let shown = columns == nil ? Array(names.prefix(max(1, width / 12))) : names
        let numbers = shown.indices.filter { place in entities.allSatisfy { $0[shown[place]].map(isNumber) ?? true } }
        var table = Table(shown, rightAligned: Set(numbers))
        for entity in entities { table.add(shown.map { entity[$0].map(text) ?? "" }) }
        var lines = table.lines(width: width)
        if shown.count < names.count {
            lines.append("\(names.count - shown.count) more columns: see --columns, --select or --json")
        }
        return lines
    }

    static func text(_ value: ODataValue) -> String {
        switch value {
        case .null: return "-"
        case .string(let text): return text
        case .entities(let entities): return "\(entities.entities.count) entities"
        case .enumeration(let value): return value.members
        default:
            // A value that has no JSON form is shown by its case alone.
            guard let node = try? EntityJSON.node(value) else { return "?" }
            if case .string(let text) = node { return text }
            return String(decoding: node.serialized(), as: UTF8.self)
        }
    }

    private static func isLink(_ value: ODataValue) -> Bool {
        switch value {
        case .deferred, .stream: true
        default: false
        }
    }

    private static func isNumber(_ value: ODataValue) -> Bool {
        switch value {
        case .byte, .sbyte, .int16, .int32, .int64, .single, .double, .decimal, .null: true
        default: false
        }
    }
}
