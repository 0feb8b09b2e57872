/// The entities of a query, one after the other, through all pages of the service.
///
/// Nothing is sent before the first entity is asked for; a page is asked for when those before it were taken, and read no
/// faster than its entities are. Leaving the loop or cancelling the task ends the transfer. It may be iterated more than
/// once, each time from the beginning and from the service. It ends after `$top` entities, wherever the server cuts.
///
/// Iterating throws what a request throws; `.pageLoop` if the pages lead back, `.limit(.pages)`, `.foreignLink` for a page
/// that is not of this service, `.expiredLink` for one that the service has forgotten meanwhile.
public struct EntitySequence<Element: Sendable>: AsyncSequence, Sendable {
    public typealias Failure = ODataError

    let client: ODataClient
    let source: PageSource
    let request: RequestOptions
    let make: @Sendable (Entity) -> Element

    /// Of one iteration: for one task.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let reader: PageReader
        let make: @Sendable (Entity) -> Element

        public mutating func next() async throws(ODataError) -> Element? { try await reader.nextEntity().map(make) }
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(reader: PageReader(client, source, request), make: make)
    }

    /// All of them at once; `$top` bounds how many there may be.
    public func collect() async throws(ODataError) -> [Element] {
        var elements: [Element] = []
        let reader = PageReader(client, source, request)
        while let entity = try await reader.nextEntity() { elements.append(make(entity)) }
        return elements
    }
}

/// The pages of a query as the service cuts them, each with its count, and the last one with its delta link.
///
/// Each page is held as a whole, `payload.maxBodyBytes` at most. `$top` cuts the last one. For all else see ``EntitySequence``.
public struct PageSequence: AsyncSequence, Sendable {
    public typealias Element = EntityCollection
    public typealias Failure = ODataError

    let client: ODataClient
    let source: PageSource
    let request: RequestOptions

    /// Of one iteration: for one task.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let reader: PageReader

        public mutating func next() async throws(ODataError) -> EntityCollection? { try await reader.nextPage() }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(reader: PageReader(client, source, request)) }
}
