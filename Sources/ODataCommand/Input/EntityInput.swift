import OData

/// An entity as a JSON object of a file, in the forms of the service's version.
enum EntityInput {
    static func read(_ path: String, for query: Query, _ metadata: Metadata) throws -> Entity {
        let bytes = try InputFile.bytes(path)
        var type: QualifiedName?
        if case .named(let name)? = query.resultType(in: metadata)?.base { type = name }
        let decoder = EntityDecoder(metadata: metadata, type: type, version: metadata.version)
        let read: Entity
        do throws(PayloadError) {
            read = try decoder.entity(bytes)
        } catch {
            let place = error.offset.map { " at byte \($0)" } ?? ""
            throw Failure("\(path): \(error.reason)\(place)" + (error.name.map { ", \($0)" } ?? ""), code: .data)
        }
        // As if its properties were set one by one: all of them are to be sent.
        var entity = Entity(of: read.type)
        for name in read.properties.names { entity[name] = read[name] }
        entity.annotations = read.annotations
        try bind(&entity, path)
        return entity
    }

    /// Sets the links to what exists (`Name@odata.bind`), which a decoder of answers takes for annotations; of nested
    /// entities too, which the decoder lets be only so deep.
    static func bind(_ entity: inout Entity, _ path: String) throws {
        for (name, node) in entity.annotations {
            if let navigation = navigation(boundBy: name) { entity[navigation] = try links(node, path) }
        }
        for name in entity.properties.names {
            switch entity[name] {
            case .entity(var nested)?:
                try bind(&nested, path)
                entity[name] = .entity(nested)
            case .entities(var nested)?:
                for place in nested.entities.indices { try bind(&nested.entities[place], path) }
                entity[name] = .entities(nested)
            default: break
            }
        }
    }

    private static func navigation(boundBy name: String) -> String? {
        for end in ["@odata.bind", "@bind"] where name.hasSuffix(end) { return String(name.dropLast(end.count)) }
        return nil
    }

    private static func links(_ node: JSONNode, _ path: String) throws -> ODataValue {
        let urls = (node.elements ?? [node]).compactMap(\.text)
        guard urls.count == (node.elements?.count ?? 1) else {
            throw Failure("\(path): what is bound is no URL", code: .data)
        }
        let links = urls.map { ODataValue.deferred(DeferredLink(url: $0)) }
        return node.elements == nil ? links[0] : .collection(links)
    }
}
