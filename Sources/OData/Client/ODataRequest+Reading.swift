import HTTPTypes

extension ODataRequest where Value == Entity {
    /// One entity: of a set by its key, a singleton, or what a single-valued navigation leads to.
    ///
    /// - Throws: `.service` with status 404 if there is none; with 204 if the navigation leads nowhere.
    public static func entity(_ query: Query) -> ODataRequest<Entity> {
        ODataRequest<Entity?>.entityIfPresent(query).map { (entity) throws(ODataError) -> Entity in
            guard let entity else { throw .service(ServiceError(status: 204)) }
            return entity
        }
    }
}

extension ODataRequest where Value == Entity? {
    /// One entity, or nil where a navigation leads nowhere (204, or `null`). A 404 is thrown here; the client's
    /// `entityIfPresent` takes it for nil too.
    static func entityIfPresent(_ query: Query) -> ODataRequest<Entity?> {
        ODataRequest<Entity?> { (context) throws(ODataError) in
            PreparedRequest(.get, try context.encoded(query))
        } interpret: { (reply, context) async throws(ODataError) -> Answer<Entity?> in
            guard let entity = try await reply.entity(context.entityType(of: query), context) else {
                return Answer(nil, reply)
            }
            return Answer(entity, reply, messages: context.messages(of: entity))
        }
    }
}

extension ODataRequest where Value == EntityCollection {
    /// The first page of a query, with its count and the link to the next one.
    public static func page(_ query: Query) -> ODataRequest<EntityCollection> {
        ODataRequest { (context) throws(ODataError) in
            PreparedRequest(.get, try context.encoded(query))
        } interpret: { (reply, context) async throws(ODataError) -> Answer<EntityCollection> in
            Answer(try await reply.collection(context.entityType(of: query), context), reply)
        }
    }
}

extension ODataRequest where Value == Int64 {
    /// How many entities there are: `…/$count`, with `$filter` and `$search` of the query alone.
    public static func count(_ query: Query) -> ODataRequest<Int64> {
        ODataRequest { (context) throws(ODataError) in
            var counted = query.countOnly()
            counted.options = QueryOptions()
            counted.options.filter = query.options.filter
            counted.options.search = query.options.search
            counted.options.apply = query.options.apply
            counted.options.aliases = query.options.aliases
            counted.options.custom = query.options.custom
            var request = PreparedRequest(.get, try context.encoded(counted))
            request.accept = .text
            return request
        } interpret: { (reply, context) async throws(ODataError) -> Answer<Int64> in
            let text = String(decoding: try await reply.body.collect(maxBytes: 64), as: UTF8.self)
            // A byte order mark stands before the digits of Microsoft's services.
            let digits = text.drop { $0 == "\u{FEFF}" || $0.isWhitespace }.prefix { !$0.isWhitespace }
            guard let count = Int64(digits), count >= 0 else { throw .malformed(PayloadError(.unexpectedShape)) }
            return Answer(count, reply)
        }
    }
}

extension ODataRequest where Value == ODataValue {
    /// A property, or what a function gives: a primitive, complex or collection value. `null` where there is none.
    public static func value(_ query: Query) -> ODataRequest<ODataValue> {
        ODataRequest { (context) throws(ODataError) in
            PreparedRequest(.get, try context.encoded(query))
        } interpret: { (reply, context) async throws(ODataError) -> Answer<ODataValue> in
            Answer(try await reply.value(context.type(of: query), context), reply)
        }
    }
}

extension Reply {
    /// nil for an answer without a body, and for one that says `null`.
    func entity(_ type: QualifiedName?, _ context: ServiceContext) async throws(ODataError) -> Entity? {
        try requireContent()
        if isEmpty {
            await body.discard()
            return nil
        }
        let bytes = try await bytes(context)
        if bytes.isEmpty || Self.isNull(bytes) { return nil }
        var entity = try context.read { () throws(PayloadError) in try context.decoder(type).entity(bytes) }
        if let etag, entity.etag == nil { entity.etag = etag }
        return entity
    }

    func collection(_ type: QualifiedName?, _ context: ServiceContext) async throws(ODataError) -> EntityCollection {
        if try isEmptyCollection() {
            await body.discard()
            return EntityCollection()
        }
        let bytes = try await bytes(context)
        return try context.read { () throws(PayloadError) in try context.decoder(type).collection(bytes) }
    }

    func value(_ type: TypeReference?, _ context: ServiceContext) async throws(ODataError) -> ODataValue {
        try requireContent()
        if isEmpty {
            await body.discard()
            return .null
        }
        let bytes = try await bytes(context)
        if bytes.isEmpty { return .null }
        return try context.read { () throws(PayloadError) in try context.decoder(type?.typeName).value(bytes, of: type)
        }
    }

    /// `null`, `{"d":null}` and `{"value":null}` without an entity: what services send for a navigation that leads nowhere.
    static func isNull(_ bytes: [UInt8]) -> Bool {
        guard bytes.count <= 256 else { return false }
        // What is no JSON is the decoder's to refuse.
        switch try? JSONNode(parsing: bytes, maxDepth: 2) {
        case .null?: return true
        case .object(let members)?:
            return members.contains { ["d", "value"].contains($0.name) && $0.value == .null }
                && members.allSatisfy { ["d", "value"].contains($0.name) || $0.name.hasPrefix("@") }
        case _: return false
        }
    }
}

extension ServiceContext {
    /// Messages of an entity's own body, in the property that its type names for them.
    func messages(of entity: Entity) -> [ServiceMessage] {
        let name = entity.type.flatMap { metadata?.messagesProperty(of: $0) }
        return name.map { entity.messages(in: $0) } ?? entity.messages
    }
}
