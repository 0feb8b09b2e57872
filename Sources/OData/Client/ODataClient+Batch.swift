import HTTPTypes

extension ODataClient {
    /// Sends requests together.
    ///
    /// - Throws: what concerns the batch as a whole; each request's own error is thrown where its answer is taken.
    public func send(
        _ batch: ODataBatch, _ options: RequestOptions = RequestOptions()
    ) async throws(ODataError) -> BatchAnswers {
        let context = try await context(options)
        let request = try batch.request(context)
        let results = try await exchange(request, options, context)
        var urls: [String] = []
        for item in request.parts.flatMap(\.items) { urls.append(context.url(ofItem: item)) }
        return BatchAnswers(results: results, urls: urls, context: context, client: self)
    }

    /// Sends a batch that was written request by request.
    public func send(
        _ batch: BatchRequest, _ options: RequestOptions = RequestOptions()
    ) async throws(ODataError) -> BatchResults {
        try await exchange(batch, options, try await context(options))
    }

    /// A request alone in a batch, whose URL is too long to be asked for by itself.
    func sendInBatch(
        _ prepared: PreparedRequest, _ options: RequestOptions, _ context: ServiceContext
    ) async throws(ODataError) -> Reply {
        let item = BatchItem(prepared, options, context, id: nil)
        var batch = BatchRequest()
        if context.version.isV4 || item.isRead { batch.add(item) } else { batch.changeSet { set in _ = set.add(item) } }
        // Headers and page size are the inner request's.
        var outer = RequestOptions(deadline: options.deadline)
        outer.isRepeatable = options.isRepeatable
        let results = try await exchange(batch, outer, context)
        switch results.items.first {
        case .response(let response)?: return Reply(response, url: context.url(ofItem: item))
        case .failed(let error)?, .changeSetFailed(let error, _)?: throw ODataError(error)
        case .notExecuted?, .unanswered?, nil: throw .malformed(PayloadError(.batch))
        }
    }

    private func exchange(
        _ batch: BatchRequest, _ options: RequestOptions, _ context: ServiceContext
    ) async throws(ODataError) -> BatchResults {
        var generator = SessionGenerator(random: session.options.random)
        let encoded = try batch.encoded(
            context.version, format: self.options.batchFormat, contentIDs: self.options.batchContentIDs,
            limits: self.options.batch, using: &generator)
        var prepared = PreparedRequest(.post, "$batch", body: encoded.body)
        prepared.headers = encoded.headers
        prepared.isRead = batch.parts.flatMap(\.items).allSatisfy(\.isRead)
        var options = options
        options.pageSize = 0
        let reply = try await send(prepared, options, context)
        report(reply.messages)
        let bytes = try await reply.body.collect(maxBytes: self.options.batch.maxBodyBytes)
        let type = reply.headers[.contentType] ?? ""
        return try BatchResponse(parsing: bytes, contentType: type, limits: self.options.batch).results(for: batch)
    }
}

extension ServiceContext {
    /// What links in the answer to a batch's request are relative to. The entity that another request makes has no URL yet:
    /// the root then.
    fileprivate func url(ofItem item: BatchItem) -> String {
        // A reference is no URL, which is all that could be wrong with it.
        (try? root.url(of: item.url)) ?? root.url
    }
}

/// The session's randomness, for boundaries.
private struct SessionGenerator: RandomNumberGenerator {
    let random: @Sendable () -> Double

    mutating func next() -> UInt64 { bits() << 32 | bits() }

    private func bits() -> UInt64 { UInt64(min(max(random(), 0), 0.999_999_999_9) * 4_294_967_296) }
}
