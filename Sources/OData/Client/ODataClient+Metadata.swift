import HTTPTypes

extension ODataClient {
    /// The service's model.
    ///
    /// It is fetched once, however many tasks ask for it, and kept as long as the client lives. It is asked for again if an
    /// answer's `sap-metadata-last-modified` has changed.
    ///
    /// - Parameter maxAge: asks the service whether it is current (`If-None-Match`) if it was last said so longer ago; nil:
    ///   the client's option.
    /// - Throws: `.metadata` for a document that can't be read, and what a request throws. A failure isn't kept.
    public func metadata(
        maxAge: Duration? = nil, _ request: RequestOptions = RequestOptions()
    ) async throws(ODataError) -> Metadata {
        try await current(maxAge: maxAge ?? options.metadataMaxAge, request)
    }

    /// The version that requests are of: what the options say, else the metadata.
    public func version(_ request: RequestOptions = RequestOptions()) async throws(ODataError) -> ODataVersion {
        try await context(request).version
    }

    func current(maxAge: Duration?, _ request: RequestOptions) async throws(ODataError) -> Metadata {
        if case .given(let metadata) = options.metadata { return metadata }
        let (cache, clock) = (cache, session.options.clock)
        if let known = cache.known(maxAge: maxAge, at: clock.now()) { return known }
        return try await withDeadline(request.deadline) { () async throws(ODataError) -> Metadata in
            try await cache.metadata(maxAge: maxAge, clock: clock) { [self] etag in
                // The flight has the session's budget, whatever the first caller's deadline is: others wait for it too.
                do throws(ODataError) {
                    return .success(try await fetchMetadata("$metadata", etag: etag))
                } catch {
                    return .failure(error)
                }
            }
        }
    }

    /// - Parameter target: `$metadata`, or an absolute URL on the same host.
    func fetchMetadata(
        _ target: String, etag: String? = nil, deadline: ContinuousClock.Instant? = nil
    ) async throws(ODataError) -> MetadataCache.Fetched {
        var fields = HTTPFields()
        fields[.accept] = "application/xml"
        if let etag { fields[.ifNoneMatch] = etag }
        let response = try await session.send(SessionRequest(.get, target, headers: fields, deadline: deadline))
        let marker = response.headers[.sapMetadataLastModified]
        if response.status == 304 {
            await response.body.discard()
            return .unchanged(marker: marker)
        }
        let metadata = try await read(response.body)
        return .document(metadata, etag: response.headers[.eTag], marker: marker)
    }

    /// Parses while the bytes arrive.
    private func read(_ body: ResponseBody) async throws(ODataError) -> Metadata {
        var reader = MetadataReader(limits: options.metadataLimits)
        var chunks = body.makeAsyncIterator()
        do {
            while let chunk = try await chunks.next() { try reader.append(chunk) }
            return try reader.finish()
        } catch let error as MetadataError {
            body.cancel()
            throw .metadata(error)
        } catch let error as TransportError {
            throw ODataError(reading: error)
        } catch {
            // Nothing else is thrown above.
            throw .cancelled
        }
    }

    /// Waits for shared work no longer than the caller wants to; the work goes on for the others.
    private func withDeadline<Value: Sendable>(
        _ deadline: ContinuousClock.Instant?, _ work: @escaping @Sendable () async throws(ODataError) -> Value
    ) async throws(ODataError) -> Value {
        guard let deadline else { return try await work() }
        let clock = session.options.clock
        let outcome = await withTaskGroup(of: Result<Value, ODataError>.self) { group in
            group.addTask {
                do throws(ODataError) { return .success(try await work()) } catch { return .failure(error) }
            }
            group.addTask {
                do {
                    try await clock.sleep(deadline)
                    return .failure(.deadline)
                } catch {
                    return .failure(.cancelled)
                }
            }
            let first = await group.next() ?? .failure(.cancelled)
            group.cancelAll()
            return first
        }
        return try outcome.get()
    }
}
