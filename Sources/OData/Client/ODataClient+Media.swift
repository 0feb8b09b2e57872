extension ODataClient {
    /// The media resource of an entity (`…/$value`), a named stream (`…/Photo`), or a property as text (`…/Name/$value`), as its
    /// bytes arrive.
    public func content(
        _ query: Query, _ options: RequestOptions = RequestOptions()
    ) async throws(ODataError) -> MediaContent {
        try await result(.content(query), options)
    }

    /// What a stream property or an entity's media link says where to read.
    public func content(
        of stream: StreamReference, _ options: RequestOptions = RequestOptions()
    ) async throws(ODataError) -> MediaContent {
        try await result(.content(of: stream), options)
    }

    /// Creates a media entity from its content.
    /// - Parameter slug: a name for it, which services take for the key or a title.
    @discardableResult
    public func createMedia(
        _ bytes: [UInt8], mediaType: String, slug: String? = nil, in query: Query,
        _ options: RequestOptions = RequestOptions()
    ) async throws(ODataError) -> Entity {
        try await result(.createMedia(bytes, mediaType: mediaType, slug: slug, in: query), options)
    }

    /// Replaces a media resource, a named stream or a property's raw value.
    /// - Returns: the new tag of the content, if the service says it.
    @discardableResult
    public func replaceContent(
        _ query: Query, with bytes: [UInt8], mediaType: String, if precondition: Precondition = .none,
        _ options: RequestOptions = RequestOptions()
    ) async throws(ODataError) -> ETag? {
        try await result(.replaceContent(query, with: bytes, mediaType: mediaType, if: precondition), options)
    }
}
