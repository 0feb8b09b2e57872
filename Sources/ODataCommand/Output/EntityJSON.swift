import OData

/// Entities and values as plain JSON, the same for both versions: decimals and 64-bit integers are strings, so that no reader
/// rounds them; what is deferred is left out.
enum EntityJSON {
    static func node(_ entity: Entity) throws(ValueError) -> JSONNode { .object(try members(entity.properties)) }

    static func line(_ entity: Entity) throws(ValueError) -> String {
        String(decoding: try node(entity).serialized(), as: UTF8.self)
    }

    static func node(_ value: ODataValue) throws(ValueError) -> JSONNode {
        switch value {
        case .null: return .null
        case .complex(let complex): return .object(try members(complex.properties))
        case .entity(let entity): return try node(entity)
        case .entities(let entities): return .array(try list(entities.entities))
        case .collection(let values):
            var nodes: [JSONNode] = []
            for value in values { nodes.append(try node(value)) }
            return .array(nodes)
        case .untyped(let node): return node
        case .stream(let stream): return stream.readURL.map { .string($0) } ?? .null
        case .deferred: return .null
        // Of version 2 alone: wall time, and a span.
        case .dateTime(let time): return .string(time.description)
        case .time(let span): return .string(span.description)
        default: return try value.jsonNode(.v4, ieee754Compatible: true)
        }
    }

    private static func list(_ entities: [Entity]) throws(ValueError) -> [JSONNode] {
        var nodes: [JSONNode] = []
        for entity in entities { nodes.append(try node(entity)) }
        return nodes
    }

    private static func members(_ properties: PropertyValues) throws(ValueError) -> [JSONNode.Member] {
        var members: [JSONNode.Member] = []
        for name in properties.names {
            guard let value = properties[name] else { continue }
            if case .deferred = value { continue }
            members.append(JSONNode.Member(name, try node(value)))
        }
        return members
    }
}
