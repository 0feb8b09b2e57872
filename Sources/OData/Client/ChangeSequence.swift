/// What a delta says.
public enum EntityChange: Sendable, Hashable {
    /// New, or changed: with the properties that were asked for, or in version 4 perhaps the changed ones alone.
    case changed(Entity)
    case removed(RemovedEntity)
    case link(LinkChange)
    /// The end: everything up to here is told. Keep it once what came before is kept.
    case checkpoint(DeltaLink)
}

/// Changes of what a query gives, through all pages; the last element is a checkpoint to go on from.
///
/// Of each page, changed entities come first, removed ones and links after them. For paging, back-pressure and errors see
/// ``EntitySequence``. Besides, iterating throws
/// - `.expiredLink` if the service no longer knows the link: begin anew with `changes(tracking:)`,
/// - `.unsupported(.noDelta)` at the end, in place of the checkpoint, if the service gave no delta link.
public struct ChangeSequence: AsyncSequence, Sendable {
    public typealias Element = EntityChange
    public typealias Failure = ODataError

    let client: ODataClient
    let source: PageSource
    let request: RequestOptions

    /// Of one iteration: for one task.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let reader: ChangeReader

        public mutating func next() async throws(ODataError) -> EntityChange? { try await reader.next() }
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(reader: ChangeReader(PageReader(client, source, request), source, client.root))
    }
}

/// Turns pages into changes.
final class ChangeReader {
    private let pages: PageReader
    private let source: PageSource
    private let root: ServiceRoot
    /// Of the page that has been read: what follows its entities.
    private var pending: ArraySlice<EntityChange> = []
    private var hasEnded = false

    init(_ pages: PageReader, _ source: PageSource, _ root: ServiceRoot) {
        (self.pages, self.source, self.root) = (pages, source, root)
    }

    func next() async throws(ODataError) -> EntityChange? {
        while true {
            if let change = pending.popFirst() { return change }
            if hasEnded { return nil }
            switch try await pages.nextItem() {
            case .entity(let entity)?: return .changed(entity)
            case .end(let page)?: try take(page)
            case nil:
                hasEnded = true
                throw .unsupported(.noDelta)
            }
        }
    }

    private func take(_ page: EntityCollection) throws(ODataError) {
        pending = ArraySlice(page.removed.map { .removed($0) } + page.linkChanges.map { .link($0) })
        guard page.nextLink == nil, let link = page.deltaLink else { return }
        let type = pages.context.flatMap { source.type($0) }
        pending.append(.checkpoint(DeltaLink(try pages.resolve(link), type: type, root: root)))
        hasEnded = true
    }
}

extension ODataClient {
    /// All entities of a query, and a checkpoint to ask from later what changed since.
    ///
    /// Version 4 is asked to track changes (`Prefer: odata.track-changes`, Protocol 4.01 §8.2.8.6); version 2 services that can
    /// do it send a delta link by themselves.
    ///
    /// - Parameter query: without `$top`, which a service can't track.
    public func changes(
        tracking query: Query, _ options: RequestOptions = RequestOptions()
    ) throws(ODataError) -> ChangeSequence {
        guard query.options.top == nil else { throw .query(.misplaced("$top")) }
        return ChangeSequence(
            client: self, source: .query(query, preferences: ["odata.track-changes"]), request: options)
    }

    /// What changed since a checkpoint.
    public func changes(since link: DeltaLink, _ options: RequestOptions = RequestOptions()) -> ChangeSequence {
        ChangeSequence(client: self, source: .link(link.target, type: link.type), request: options)
    }
}
