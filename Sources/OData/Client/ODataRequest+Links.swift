import HTTPTypes

/// An entity that a link leads to, or comes from.
public enum LinkTarget: Sendable, Hashable {
    /// By its set and key.
    case query(Query)
    /// By its id, as a payload gave it.
    case id(String)

    /// Absolute, without options: services compare it with their own ids.
    func url(_ context: ServiceContext) throws(ODataError) -> String {
        switch self {
        case .id(let id): return id
        case .query(let query):
            do throws(QueryError) {
                return context.root.url + (try query.encoded(context.version, metadata: context.metadata).path)
            } catch {
                throw .query(error)
            }
        }
    }
}

extension ODataRequest where Value == Void {
    /// Links an entity to another one by a collection-valued navigation (`POST …/Nav/$ref`, version 2 `…/$links/Nav`).
    public static func addLink(_ navigation: String, of source: Query, to target: LinkTarget) -> ODataRequest<Void> {
        link(.post, source.links(navigation), target)
    }

    /// Makes a single-valued navigation lead to an entity (`PUT`).
    public static func setLink(_ navigation: String, of source: Query, to target: LinkTarget) -> ODataRequest<Void> {
        link(.put, source.links(navigation), target)
    }

    /// Ends a link: of a single-valued navigation without `target`, else to that entity of a collection. The entities stay.
    ///
    /// - Parameter target: in version 2 a query that ends in a key, as the link is named by it (`…/$links/Nav(key)`).
    public static func removeLink(
        _ navigation: String, of source: Query, to target: LinkTarget? = nil
    ) -> ODataRequest<Void> {
        ODataRequest { (context) throws(ODataError) in
            var links = source.links(navigation)
            if let target {
                if context.version.isV4 {
                    links = links.id(try target.url(context))
                } else {
                    guard case .query(let query) = target, let key = query.path.lastKey else {
                        throw .unsupported(.needsVersion4)
                    }
                    links = links.key(key)
                }
            }
            return PreparedRequest(.delete, try context.encoded(links))
        } interpret: { (reply, _) async throws(ODataError) -> Answer<Void> in
            await reply.body.discard()
            return Answer((), reply)
        }
    }

    private static func link(_ method: HTTPRequest.Method, _ links: Query, _ target: LinkTarget) -> ODataRequest<Void> {
        ODataRequest { (context) throws(ODataError) in
            let url = try target.url(context)
            let body = try context.body { encoder throws(ValueError) in encoder.reference(to: url) }
            return .json(method, try context.encoded(links), body, context)
        } interpret: { (reply, _) async throws(ODataError) -> Answer<Void> in
            await reply.body.discard()
            return Answer((), reply)
        }
    }
}

/// One page of links.
struct LinkPage: Sendable {
    var ids: [String]
    var nextLink: String?
}

extension ODataRequest where Value == LinkPage {
    static func links(_ navigation: String, of source: Query) -> ODataRequest<LinkPage> {
        ODataRequest { (context) throws(ODataError) in
            PreparedRequest(.get, try context.encoded(source.links(navigation)))
        } interpret: { (reply, context) async throws(ODataError) -> Answer<LinkPage> in
            try await interpretLinks(reply, context)
        }
    }

    /// - Parameter url: of a next page, absolute.
    static func links(at url: String) -> ODataRequest<LinkPage> {
        ODataRequest { (_) throws(ODataError) in
            PreparedRequest(.get, url)
        } interpret: { (reply, context) async throws(ODataError) -> Answer<LinkPage> in
            try await interpretLinks(reply, context)
        }
    }

    private static func interpretLinks(
        _ reply: Reply, _ context: ServiceContext
    ) async throws(ODataError) -> Answer<LinkPage> {
        if try reply.isEmptyCollection() {
            await reply.body.discard()
            return Answer(LinkPage(ids: []), reply)
        }
        let bytes = try await reply.bytes(context)
        let node = try context.read { () throws(PayloadError) in
            try JSONNode(parsing: bytes, maxDepth: context.options.payload.maxDepth)
        }
        let page = try LinkPage(node)
        let next = try page.nextLink.map { link throws(ODataError) in
            try context.root.resolve(link: link, from: reply.url)
        }
        return Answer(LinkPage(ids: page.ids, nextLink: next), reply)
    }
}

extension LinkPage {
    /// `{"value":[{"@odata.id":…}]}` and `{"@odata.id":…}` of version 4, `{"d":{"results":[{"uri":…}]}}` and `{"d":{"uri":…}}`.
    init(_ node: JSONNode) throws(ODataError) {
        let inner = node["d"] ?? node
        if let id = Self.id(inner) {
            self.init(ids: [id])
            return
        }
        guard case .array(let items)? = inner.array ?? inner["results"] ?? inner["value"] else {
            throw .malformed(PayloadError(.unexpectedShape))
        }
        var ids: [String] = []
        for item in items {
            guard let id = Self.id(item) else { throw .malformed(PayloadError(.unexpectedShape)) }
            ids.append(id)
        }
        let next = [inner["__next"], inner["@odata.nextLink"], inner["@nextLink"]].lazy.compactMap(\.self).first
        self.init(ids: ids, nextLink: next?.scalarText)
    }

    private static func id(_ node: JSONNode) -> String? {
        (node["@odata.id"] ?? node["@id"] ?? node["uri"] ?? node["__metadata"]?["uri"])?.scalarText
    }
}

extension JSONNode {
    fileprivate var array: JSONNode? {
        guard case .array = self else { return nil }
        return self
    }
}
