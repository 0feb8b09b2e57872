import HTTPTypes

/// By which way a request goes whose URL may be too long for what stands between client and service.
struct LongURL {
    enum Route {
        case direct(PreparedRequest)
        /// `POST …/$query` with the options as its body; `url` is what the request stands for, which links are relative to.
        case postQuery(PreparedRequest, url: String)
        case batch
    }

    let route: Route

    /// - Throws: `.limit(.urlLength)` if the client's options refuse such URLs.
    init(_ prepared: PreparedRequest, _ context: ServiceContext) throws(ODataError) {
        let limit = context.options.maxURLLength
        guard Self.length(prepared.target, context.root) > limit, context.options.longURLs != .send else {
            route = .direct(prepared)
            return
        }
        let path = prepared.target.prefix { $0 != "?" }
        // Only options can move into a body: of a read, and if what remains is short enough.
        let canPost =
            context.version.isV4 && prepared.method == .get && path.utf8.count < prepared.target.utf8.count
            && Self.length(path, context.root) + Self.querySuffix.utf8.count <= limit
        switch context.options.longURLs {
        case .postQuery where canPost, .automatic where canPost && context.version == .v401:
            let url = try context.root.url(of: prepared.target)
            route = .postQuery(Self.posted(prepared, path: path), url: url)
        case .automatic, .batch, .postQuery:
            route = .batch
        case .refuse, .send:
            throw .limit(.urlLength(limit))
        }
    }

    private static let querySuffix = "/$query"

    private static func posted(_ prepared: PreparedRequest, path: Substring) -> PreparedRequest {
        var request = prepared
        request.method = .post
        request.target = path + querySuffix
        request.body = Array(prepared.target.utf8.dropFirst(path.utf8.count + 1))
        request.headers[.contentType] = "text/plain"
        return request
    }

    /// Of the whole URL, as good as it can be known without what a transport adds.
    private static func length(_ target: some StringProtocol, _ root: ServiceRoot) -> Int {
        let isAbsolute = target.hasPrefix("https:") || target.hasPrefix("http:")
        return target.utf8.count + (isAbsolute ? 0 : root.url.utf8.count)
    }
}
