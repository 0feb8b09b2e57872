extension ODataClient {
    /// Creates an entity, with those that are nested in it (deep insert).
    ///
    /// - Parameter query: a set, or a collection-valued navigation.
    /// - Returns: the entity as the service made it; where it sends none, the one that was given with its id and tag.
    /// - Throws: `.conflict(.locked)` if there is one of that key already (409). After an error with `isOutcomeUnknown`, look
    ///   before it is sent again.
    @discardableResult
    public func create(
        _ entity: Entity, in query: Query, _ options: RequestOptions = RequestOptions()
    ) async throws(ODataError) -> Entity {
        try await result(.create(entity, in: query), options)
    }

    /// Changes an entity: what was set since it was read, or all of it with `.put`. One that was read and not changed is not
    /// sent.
    ///
    /// - Parameters:
    ///   - query: nil: by its link, or by its key if its type has one entity set.
    ///   - method: nil: the client's option.
    ///   - precondition: the entity's own tag unless told otherwise.
    /// - Returns: the entity afterwards, with its new tag.
    /// - Throws: `.conflict(.stale)` if it has changed since it was read, `.conflict(.tagRequired)` if the service wants a tag.
    @discardableResult
    public func update(
        _ entity: Entity, at query: Query? = nil, method: UpdateMethod? = nil,
        if precondition: Precondition = .entityTag,
        _ options: RequestOptions = RequestOptions()
    ) async throws(ODataError) -> Entity {
        let isWhole = (method ?? self.options.updateMethod) == .put
        if !isWhole, entity.details.isReceived, entity.changedNames.isEmpty { return entity }
        return try await result(.update(entity, at: query, method: method, if: precondition), options)
    }

    /// Changes an entity, or creates it under the key that the URL names; version 4.
    @discardableResult
    public func upsert(
        _ entity: Entity, at query: Query, method: UpdateMethod? = nil, if precondition: Precondition = .none,
        _ options: RequestOptions = RequestOptions()
    ) async throws(ODataError) -> Entity {
        try await result(.upsert(entity, at: query, method: method, if: precondition), options)
    }

    /// Deletes what the query names: an entity, or a property's value, which becomes null.
    public func delete(
        _ query: Query, if precondition: Precondition = .none, _ options: RequestOptions = RequestOptions()
    ) async throws(ODataError) {
        try await result(.delete(query, if: precondition), options)
    }

    /// Deletes an entity as it was read: with its tag.
    public func delete(
        _ entity: Entity, if precondition: Precondition = .entityTag, _ options: RequestOptions = RequestOptions()
    ) async throws(ODataError) {
        try await result(.delete(entity, if: precondition), options)
    }

    /// Sets one property of an entity: `PUT` on the property itself.
    public func setValue(
        _ value: ODataValue, of query: Query, if precondition: Precondition = .none,
        _ options: RequestOptions = RequestOptions()
    ) async throws(ODataError) {
        try await result(.setValue(value, of: query, if: precondition), options)
    }
}
