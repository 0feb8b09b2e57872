extension ODataClient {
    /// One entity: of a set by its key, a singleton, or what a single-valued navigation leads to.
    ///
    /// - Throws: `.service` with status 404 if there is none; with 204 if the navigation leads nowhere; with 304 if it is as
    ///   a condition among `options.headers` says.
    public func entity(_ query: Query, _ options: RequestOptions = RequestOptions()) async throws(ODataError) -> Entity
    {
        try await result(.entity(query), options)
    }

    /// One entity; nil if there is none, or the navigation leads nowhere.
    public func entityIfPresent(
        _ query: Query, _ options: RequestOptions = RequestOptions()
    ) async throws(ODataError) -> Entity? {
        do throws(ODataError) {
            return try await result(.entityIfPresent(query), options)
        } catch {
            if case .service(let refusal) = error, refusal.status == 404 { return nil }
            throw error
        }
    }

    /// All entities of a query, through all pages, as they are asked for.
    public func entities(_ query: Query, _ options: RequestOptions = RequestOptions()) -> EntitySequence<Entity> {
        EntitySequence(client: self, source: .query(query, preferences: []), request: options, make: { $0 })
    }

    /// The pages of a query, as the service cuts them.
    public func pages(_ query: Query, _ options: RequestOptions = RequestOptions()) -> PageSequence {
        PageSequence(client: self, source: .query(query, preferences: []), request: options)
    }

    /// The pages that follow one that was read before; nil if it was the last.
    ///
    /// - Parameters:
    ///   - query: what the page was read with: for the type of the entities.
    ///   - page: its `nextLink` is followed if it is absolute or relative to the root, as services write it.
    public func pages(
        after page: EntityCollection, of query: Query, _ options: RequestOptions = RequestOptions()
    ) async throws(ODataError) -> PageSequence? {
        guard let link = page.nextLink else { return nil }
        let context = try await context(options)
        let requested = try root.url(of: try context.encoded(query))
        let url = try root.resolve(link: link, from: try root.base(context: page.context, from: requested))
        return PageSequence(client: self, source: .link(url, type: context.entityType(of: query)), request: options)
    }

    /// The first entity of a query, asked for with `$top=1`; nil if there is none.
    public func first(_ query: Query, _ options: RequestOptions = RequestOptions()) async throws(ODataError) -> Entity?
    {
        let reader = PageReader(self, .query(query.top(min(query.options.top ?? 1, 1)), preferences: []), options)
        guard let entity = try await reader.nextEntity() else { return nil }
        // To the end of the answer, or to a second entity that wasn't asked for.
        _ = try await reader.nextEntity()
        return entity
    }

    /// How many entities there are (`…/$count`).
    public func count(_ query: Query, _ options: RequestOptions = RequestOptions()) async throws(ODataError) -> Int64 {
        try await result(.count(query), options)
    }

    /// A property: a primitive, complex or collection value; `null` where there is none.
    public func value(
        _ query: Query, _ options: RequestOptions = RequestOptions()
    ) async throws(ODataError) -> ODataValue {
        try await result(.value(query), options)
    }
}
