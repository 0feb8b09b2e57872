import HTTPTypes

extension ODataRequest where Value == Entity {
    /// Creates an entity, with those that are nested in it (deep insert).
    ///
    /// The value is the entity as the service made it; where it sends none (204), the one that was given, with the id and tag
    /// of the answer. `Answer.location` says where it is.
    ///
    /// - Parameter query: a set, or a collection-valued navigation.
    public static func create(_ entity: Entity, in query: Query) -> ODataRequest<Entity> {
        ODataRequest { (context) throws(ODataError) in
            let body = try context.body(for: context.entityType(of: query)) { encoder throws(ValueError) in
                try encoder.entity(entity)
            }
            return .json(.post, try context.encoded(query), body, context)
        } interpret: { (reply, context) async throws(ODataError) -> Answer<Entity> in
            if let created = try await reply.entity(context.entityType(of: query) ?? entity.type, context) {
                return Answer(created, reply, messages: context.messages(of: created))
            }
            var created = entity
            created.id = reply.entityID ?? created.id
            created.etag = reply.etag
            created.markUnchanged()
            return Answer(created, reply)
        }
    }

    /// Changes an entity: what was set since it was read, or all of it with `.put`.
    ///
    /// The value is the entity afterwards: as the service sends it, else the one that was given with the answer's tag; without
    /// a tag there, it has none any more, and must be read again before a service that wants one takes the next change.
    ///
    /// - Parameters:
    ///   - query: nil: by its link, or by its key if its type has one entity set.
    ///   - method: nil: the client's option.
    public static func update(
        _ entity: Entity, at query: Query? = nil, method: UpdateMethod? = nil,
        if precondition: Precondition = .entityTag
    ) -> ODataRequest<Entity> {
        ODataRequest { (context) throws(ODataError) in
            let target = try EntityAddress(entity: entity, query: query).target(context)
            let method = method ?? context.options.updateMethod
            let declared = query.flatMap { context.entityType(of: $0) } ?? entity.type
            let body = try context.body(for: declared) { encoder throws(ValueError) in
                if method == .put { return try encoder.replacement(of: entity) }
                return entity.details.isReceived ? try encoder.changes(of: entity) : try encoder.entity(entity)
            }
            var request = PreparedRequest.json(method.verb(context.version), target, body, context)
            request.require(precondition, etag: entity.etag)
            return request
        } interpret: { (reply, context) async throws(ODataError) -> Answer<Entity> in
            if let updated = try await reply.entity(
                entity.type ?? query.flatMap { context.entityType(of: $0) }, context)
            {
                return Answer(updated, reply, messages: context.messages(of: updated))
            }
            var updated = entity
            updated.etag = reply.etag
            updated.markUnchanged()
            return Answer(updated, reply)
        }
    }

    /// Changes an entity, or creates it under the key that the URL names (Protocol 4.01 §11.4.4). `Answer.status` tells: 201 if
    /// it was created.
    ///
    /// - Parameter precondition: `.isAbsent` creates only, `.exists` changes only.
    public static func upsert(
        _ entity: Entity, at query: Query, method: UpdateMethod? = nil, if precondition: Precondition = .none
    ) -> ODataRequest<Entity> {
        let update = update(entity, at: query, method: method, if: precondition)
        let prepare = update.prepare
        return ODataRequest { (context) throws(ODataError) in
            guard context.version.isV4 else { throw .unsupported(.needsVersion4) }
            return try prepare(context)
        } interpret: { (reply, context) async throws(ODataError) -> Answer<Entity> in
            try await update.interpret(reply, context)
        }
    }
}

extension ODataRequest where Value == Void {
    /// Deletes what the query names: an entity, or a property's value, which becomes null (version 4).
    public static func delete(_ query: Query, if precondition: Precondition = .none) -> ODataRequest<Void> {
        ODataRequest { (context) throws(ODataError) in
            var request = PreparedRequest(.delete, try context.encoded(query))
            request.require(precondition, etag: nil)
            return request
        } interpret: { (reply, _) async throws(ODataError) -> Answer<Void> in
            await reply.body.discard()
            return Answer((), reply)
        }
    }

    /// Deletes an entity: by its link, or by its key if its type has one entity set.
    public static func delete(_ entity: Entity, if precondition: Precondition = .entityTag) -> ODataRequest<Void> {
        ODataRequest { (context) throws(ODataError) in
            var request = PreparedRequest(.delete, try EntityAddress(entity: entity, query: nil).target(context))
            request.require(precondition, etag: entity.etag)
            return request
        } interpret: { (reply, _) async throws(ODataError) -> Answer<Void> in
            await reply.body.discard()
            return Answer((), reply)
        }
    }

    /// Sets one property of an entity: `PUT` on the property itself.
    public static func setValue(
        _ value: ODataValue, of query: Query, if precondition: Precondition = .none
    ) -> ODataRequest<Void> {
        ODataRequest { (context) throws(ODataError) in
            let target = try context.encoded(query)
            let body = try context.propertyBody(value, of: query)
            var request = PreparedRequest.json(.put, target, body, context)
            request.require(precondition, etag: nil)
            return request
        } interpret: { (reply, _) async throws(ODataError) -> Answer<Void> in
            await reply.body.discard()
            return Answer((), reply)
        }
    }
}

extension UpdateMethod {
    func verb(_ version: ODataVersion) -> HTTPRequest.Method {
        switch self {
        case .automatic: version.isV4 ? .patch : .merge
        case .patch: .patch
        case .merge: .merge
        case .put: .put
        }
    }
}

extension ServiceContext {
    /// `{"value":…}` of version 4, `{"Name":…}` of version 2 (MS-ODATA §2.2.6.3.4).
    func propertyBody(_ value: ODataValue, of query: Query) throws(ODataError) -> [UInt8] {
        guard case .name(let name)? = query.path.segments.last else { throw .query(.misplaced("property")) }
        return try body { encoder throws(ValueError) in try encoder.value(value, of: type(of: query), name: name) }
    }
}
