import HTTPTypes
import Synchronization

/// A client of one OData service, of either version, for one user of one tenant.
///
///     let root = try ServiceRoot("https://my300000-api.s4hana.cloud.sap/sap/opu/odata/sap/API_BUSINESS_PARTNER/")
///     let client = ODataClient(root: root, transport: transport)
///     let partners = Query("A_BusinessPartner").filter(.property("SearchTerm1") == "ROMA").top(50)
///     for try await partner in client.entities(partners) { … }
///
/// Everything that is asked goes by the service's metadata, fetched with the first operation: names and values are checked
/// before anything is sent, answers come in exact types. `ClientOptions` says otherwise.
///
/// Each operation has a short form that returns its value, such as `entity(_:)`; `answer(to:)` takes the same operation as an
/// `ODataRequest` and returns status, headers, tag and messages besides. All errors are `ODataError`.
///
/// A client may be used by many tasks at once. It holds metadata, cookies and anti-forgery tokens, so tenants and users must
/// not share one.
public final class ODataClient: Sendable {
    /// Cookies, tokens, retries: what goes on below the protocol.
    public let session: ODataSession
    /// As given; a client of other options may use the same session.
    public let options: ClientOptions
    let cache: MetadataCache
    /// Services beside this one, for value helps.
    let related = RelatedServices()
    /// Of the metadata that was used last.
    private let lastContext = Mutex<ServiceContext?>(nil)

    /// - Parameter session: of the service's root and one user; it may serve several clients of theirs.
    public init(session: ODataSession, options: ClientOptions = ClientOptions()) {
        (self.session, self.options) = (session, options)
        if case .given(let metadata) = options.metadata {
            cache = MetadataCache(metadata)
        } else {
            cache = MetadataCache()
        }
    }

    /// A client with a session of its own.
    public convenience init(
        root: ServiceRoot, transport: any ODataTransport, options: ClientOptions = ClientOptions(),
        session: SessionOptions = SessionOptions()
    ) {
        self.init(session: ODataSession(root: root, transport: transport, options: session), options: options)
    }

    /// Where the service is.
    public var root: ServiceRoot { session.root }

    /// Sends a request and waits for what it brings.
    ///
    /// - Throws: any `ODataError`; `.query`, `.value` and `.unsupported` before anything was sent. A write that throws one
    ///   whose `isOutcomeUnknown` is true may have been done: read before it is repeated.
    public func answer<Value>(
        to request: ODataRequest<Value>, _ options: RequestOptions = RequestOptions()
    ) async throws(ODataError) -> Answer<Value> {
        let context = try await context(options)
        let reply = try await exchange(try request.prepare(context), options, context)
        return try await finish(request, reply, context)
    }

    /// The value alone.
    func result<Value>(_ request: ODataRequest<Value>, _ options: RequestOptions) async throws(ODataError) -> Value {
        try await answer(to: request, options).value
    }

    func report(_ messages: [ServiceMessage]) {
        if !messages.isEmpty { options.onMessages?(messages) }
    }

    // MARK: Sending

    /// Version and model, fetched if need be within the request's deadline.
    func context(_ request: RequestOptions) async throws(ODataError) -> ServiceContext {
        let metadata: Metadata?
        switch (options.metadata, options.version) {
        case (.unused, .exactly): metadata = nil
        default: metadata = try await current(maxAge: options.metadataMaxAge, request)
        }
        let version: ODataVersion
        switch options.version {
        case .exactly(let chosen): version = chosen
        case .detect: version = metadata?.version ?? .v4
        }
        let model = if case .unused = options.metadata { nil as Metadata? } else { metadata }
        return lastContext.withLock { last in
            if let last, last.metadata === model, last.version == version { return last }
            let context = ServiceContext(root: root, metadata: model, version: version, options: options)
            last = context
            return context
        }
    }

    /// Sends a prepared request: by its own URL, or by another way if that is too long.
    func exchange(
        _ prepared: PreparedRequest, _ options: RequestOptions, _ context: ServiceContext
    ) async throws(ODataError) -> Reply {
        switch try LongURL(prepared, context).route {
        case .direct(let request):
            return try await send(request, options, context)
        case .postQuery(let request, let url):
            var reply = try await send(request, options, context)
            reply.url = url
            return reply
        case .batch:
            return try await sendInBatch(prepared, options, context)
        }
    }

    func send(
        _ prepared: PreparedRequest, _ options: RequestOptions, _ context: ServiceContext
    ) async throws(ODataError) -> Reply {
        var method = prepared.method
        var fields = prepared.fields(context, options)
        if self.options.tunnelsMethods, method != .get, method != .head, method != .post {
            fields[.httpMethodOverride] = method.rawValue
            method = .post
        }
        let request = SessionRequest(
            method, prepared.target, headers: fields, body: prepared.body,
            isRepeatable: options.isRepeatable ?? (prepared.isRead ? true : nil), deadline: options.deadline)
        let reply = Reply(try await session.send(request))
        cache.note(reply.headers)
        return reply
    }
}
