extension ODataClient {
    /// The entity of a key.
    ///
    /// - Parameter refine: `$select` and `$expand`.
    /// - Throws: `.service` with status 404 if there is none.
    public func entity<Root: ODataEntity>(
        _ type: Root.Type, key: Root.Key, _ options: RequestOptions = RequestOptions(),
        query refine: (Query) -> Query = { $0 }
    ) async throws(ODataError) -> Root {
        Root(entity: try await entity(refine(Root.query(key)), options))
    }

    /// The entity of a key; nil if there is none.
    public func entityIfPresent<Root: ODataEntity>(
        _ type: Root.Type, key: Root.Key, _ options: RequestOptions = RequestOptions(),
        query refine: (Query) -> Query = { $0 }
    ) async throws(ODataError) -> Root? {
        try await entityIfPresent(refine(Root.query(key)), options).map { Root(entity: $0) }
    }

    /// Entities of the type's set, through all pages.
    ///
    /// - Parameter refine: filter, order, `$top` and the rest.
    public func entities<Root: ODataEntity>(
        _ type: Root.Type, _ options: RequestOptions = RequestOptions(), query refine: (Query) -> Query = { $0 }
    ) -> EntitySequence<Root> {
        entities(type, at: refine(Query(Root.entitySetName)), options)
    }

    /// Entities of a type that stand elsewhere than in its set: behind a navigation, a function's result.
    public func entities<Root: ODataEntity>(
        _ type: Root.Type, at query: Query, _ options: RequestOptions = RequestOptions()
    ) -> EntitySequence<Root> {
        EntitySequence(
            client: self, source: .query(query, preferences: []), request: options, make: { Root(entity: $0) })
    }

    /// The first entity; nil if there is none.
    public func first<Root: ODataEntity>(
        _ type: Root.Type, _ options: RequestOptions = RequestOptions(), query refine: (Query) -> Query = { $0 }
    ) async throws(ODataError) -> Root? {
        try await first(refine(Query(Root.entitySetName)), options).map { Root(entity: $0) }
    }

    /// How many entities the type's set has.
    public func count<Root: ODataEntity>(
        _ type: Root.Type, _ options: RequestOptions = RequestOptions(), query refine: (Query) -> Query = { $0 }
    ) async throws(ODataError) -> Int64 {
        try await count(refine(Query(Root.entitySetName)), options)
    }

    /// Creates an entity in its set, or in `query`.
    @discardableResult
    public func create<Root: ODataEntity>(
        _ value: Root, in query: Query? = nil, _ options: RequestOptions = RequestOptions()
    ) async throws(ODataError) -> Root {
        Root(entity: try await create(value.entity, in: query ?? Query(Root.entitySetName), options))
    }

    /// Changes an entity: what was set since it was read. See `update(_:at:method:if:_:)`.
    @discardableResult
    public func update<Root: ODataEntity>(
        _ value: Root, at query: Query? = nil, method: UpdateMethod? = nil, if precondition: Precondition = .entityTag,
        _ options: RequestOptions = RequestOptions()
    ) async throws(ODataError) -> Root {
        Root(entity: try await update(value.entity, at: query, method: method, if: precondition, options))
    }

    /// Changes the entity of a key, of which nothing needs to have been read.
    @discardableResult
    public func update<Root: ODataEntity>(
        _ value: Root, key: Root.Key, method: UpdateMethod? = nil, if precondition: Precondition = .entityTag,
        _ options: RequestOptions = RequestOptions()
    ) async throws(ODataError) -> Root {
        try await update(value, at: Root.query(key), method: method, if: precondition, options)
    }

    /// Deletes an entity as it was read: with its tag.
    public func delete<Root: ODataEntity>(
        _ value: Root, if precondition: Precondition = .entityTag, _ options: RequestOptions = RequestOptions()
    ) async throws(ODataError) {
        try await delete(value.entity, if: precondition, options)
    }

    /// Deletes the entity of a key.
    public func delete<Root: ODataEntity>(
        _ type: Root.Type, key: Root.Key, if precondition: Precondition = .none,
        _ options: RequestOptions = RequestOptions()
    ) async throws(ODataError) {
        try await delete(Root.query(key), if: precondition, options)
    }
}

extension ODataEntity {
    /// The type's set.
    public static var query: Query { Query(entitySetName) }

    /// An entity of the type's set.
    public static func query(_ key: Key) -> Query { query.key(key.entityKey) }
}
