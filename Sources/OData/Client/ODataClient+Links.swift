extension ODataClient {
    /// The ids of the entities that a navigation leads to, as the service writes them, through all pages.
    ///
    /// - Throws: `.pageLoop`, `.limit(.pages)` as a sequence of entities does.
    public func links(
        _ navigation: String, of source: Query, _ options: RequestOptions = RequestOptions()
    ) async throws(ODataError) -> [String] {
        var cursor = PageCursor(top: nil, limits: self.options.paging)
        var page = try await result(.links(navigation, of: source), options)
        var ids = page.ids
        while let next = page.nextLink {
            try cursor.open(next)
            page = try await result(.links(at: next), options)
            ids += page.ids
        }
        return ids
    }

    /// Links an entity to another one by a collection-valued navigation.
    public func addLink(
        _ navigation: String, of source: Query, to target: LinkTarget, _ options: RequestOptions = RequestOptions()
    ) async throws(ODataError) {
        try await result(.addLink(navigation, of: source, to: target), options)
    }

    /// Makes a single-valued navigation lead to an entity.
    public func setLink(
        _ navigation: String, of source: Query, to target: LinkTarget, _ options: RequestOptions = RequestOptions()
    ) async throws(ODataError) {
        try await result(.setLink(navigation, of: source, to: target), options)
    }

    /// Ends a link: of a single-valued navigation without `target`, else to that entity of a collection. The entities stay.
    public func removeLink(
        _ navigation: String, of source: Query, to target: LinkTarget? = nil,
        _ options: RequestOptions = RequestOptions()
    ) async throws(ODataError) {
        try await result(.removeLink(navigation, of: source, to: target), options)
    }
}
