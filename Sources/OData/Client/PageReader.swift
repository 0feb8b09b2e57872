import HTTPTypes

/// Reads a result page by page, entity by entity, as it is asked for.
///
/// Nothing is asked of the service and nothing read of an answer before somebody wants it. It lets go of an answer that is
/// not read to its end when it fails, is closed or goes away.
final class PageReader {
    private enum State {
        case first
        /// Absolute and of the service.
        case next(String)
        /// `feed`, `chunks` and `body` are those of the page that is being read.
        case reading
        case finished
    }

    private let client: ODataClient
    private let source: PageSource
    private let request: RequestOptions
    private var cursor: PageCursor
    private var state: State

    private var feed: FeedReader?
    private var chunks: ResponseBody.AsyncIterator?
    private var body: ResponseBody?
    /// The body has no more to give.
    private var isDrained = false
    private var pageBytes = 0
    /// Of pages that are held as a whole; those that pass by are bounded by their entities.
    private var maxPageBytes = Int.max

    /// Of the page that was read to its end last: everything besides its entities.
    private(set) var lastPage = EntityCollection()
    /// What was asked for it.
    private var lastURL = ""
    private(set) var context: ServiceContext?

    init(_ client: ODataClient, _ source: PageSource, _ request: RequestOptions) {
        (self.client, self.source, self.request) = (client, source, request)
        cursor = PageCursor(top: source.top, limits: client.options.paging)
        state = cursor.isComplete ? .finished : .first
    }

    deinit { body?.cancel() }

    /// Nobody wants the rest.
    func close() {
        body?.cancel()
        release()
        state = .finished
    }

    enum Item: Sendable {
        case entity(Entity)
        /// A page was read to its end: what it has besides its entities.
        case end(EntityCollection)
    }

    /// An entity, or the end of a page, which each page that is read to its end has; nil behind the last one, or when `$top`
    /// is met.
    func nextItem() async throws(ODataError) -> Item? {
        do throws(ODataError) {
            switch state {
            case .first, .next: try await open()
            case .reading, .finished: break
            }
            guard case .reading = state else { return nil }
            return try await readItem()
        } catch {
            close()
            throw error
        }
    }

    /// The next entity of any page.
    func nextEntity() async throws(ODataError) -> Entity? {
        while let item = try await nextItem() {
            if case .entity(let entity) = item { return entity }
        }
        return nil
    }

    /// The next page as a whole; nil behind the last one. A page that `$top` cuts has no next link.
    ///
    /// - Throws: `.limit(.bodyBytes)` for one that is longer than `payload.maxBodyBytes`.
    func nextPage() async throws(ODataError) -> EntityCollection? {
        maxPageBytes = client.options.payload.maxBodyBytes
        var entities: [Entity] = []
        while let item = try await nextItem() {
            switch item {
            case .entity(let entity): entities.append(entity)
            case .end(var page):
                page.entities = entities
                return page
            }
        }
        guard !entities.isEmpty else { return nil }
        var page = lastPage
        (page.entities, page.nextLink) = (entities, nil)
        return page
    }

    /// A link of the page that was read last, absolute.
    func resolve(_ link: String) throws(ODataError) -> String {
        let base = try client.root.base(context: lastPage.context, from: lastURL)
        return try client.root.resolve(link: link, from: base)
    }

    // MARK: Pages

    private func open() async throws(ODataError) {
        if Task.isCancelled { throw .cancelled }
        let context = try await client.context(request)
        self.context = context
        let reply = try await ask(context)
        client.report(reply.messages)
        (lastURL, lastPage) = (reply.url, EntityCollection())
        body = reply.body
        if try reply.isEmptyCollection() {
            await reply.body.discard()
            release()
            state = .finished
            return
        }
        feed = FeedReader(decoder: context.decoder(source.type(context)))
        chunks = reply.body.makeAsyncIterator()
        (isDrained, pageBytes) = (false, 0)
        state = .reading
    }

    private func ask(_ context: ServiceContext) async throws(ODataError) -> Reply {
        let prepared: PreparedRequest
        let isLink: Bool
        if case .next(let url) = state {
            (prepared, isLink) = (PreparedRequest(.get, url), true)
            try cursor.open(url)
        } else {
            (prepared, isLink) = (try source.first(context), source.isLink)
            try cursor.open(try context.root.url(of: prepared.target))
        }
        do throws(ODataError) {
            return try await client.exchange(prepared, request, context)
        } catch {
            // A link that the service gave out may be one that it no longer knows.
            throw isLink ? error.ofContinuation : error
        }
    }

    /// nil when `$top` is met; `state` then says what follows.
    private func readItem() async throws(ODataError) -> Item? {
        while true {
            if let entity = try parse() {
                if cursor.admit() { return .entity(entity) }
                lastPage = feed?.page ?? EntityCollection()
                close()
                return nil
            }
            if isDrained { break }
            try await read()
        }
        lastPage = feed?.page ?? EntityCollection()
        release()
        state = .finished
        if let link = lastPage.nextLink, !cursor.isComplete { state = .next(try resolve(link)) }
        return .end(lastPage)
    }

    private func parse() throws(ODataError) -> Entity? {
        do throws(PayloadError) {
            return try feed?.next()
        } catch {
            throw ODataError(error, client.options.payload)
        }
    }

    private func read() async throws(ODataError) {
        let chunk: [UInt8]?
        do throws(TransportError) {
            chunk = try await chunks?.next()
        } catch {
            throw ODataError(reading: error)
        }
        pageBytes += chunk?.count ?? 0
        guard pageBytes <= maxPageBytes else { throw .limit(.bodyBytes(maxPageBytes)) }
        do throws(PayloadError) {
            if let chunk { try feed?.append(chunk) } else { try feed?.finish() }
        } catch {
            throw ODataError(error, client.options.payload)
        }
        isDrained = chunk == nil
    }

    private func release() { (feed, chunks, body) = (nil, nil, nil) }
}
