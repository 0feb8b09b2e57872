import HTTPTypes

/// An answer below 400, whether it came by itself or within a batch.
struct Reply: Sendable {
    var status: Int
    var headers: HTTPFields
    /// Absolute: what links in the body are relative to.
    var url: String
    var body: ResponseBody
    var messages: [ServiceMessage]

    init(status: Int, headers: HTTPFields, url: String, body: ResponseBody, messages: [ServiceMessage] = []) {
        (self.status, self.headers, self.url) = (status, headers, url)
        (self.body, self.messages) = (body, messages)
    }

    init(_ response: SessionResponse) {
        self.init(
            status: response.status, headers: response.headers, url: response.url, body: response.body,
            messages: response.messages)
    }

    var etag: ETag? { headers[.eTag].map { ETag($0) } }

    /// Where the entity is that the answer is about: `OData-EntityId` (Protocol 4.01 §8.3.4), version 3's `DataServiceId`,
    /// `Location`.
    var entityID: String? { headers[.odataEntityID] ?? headers[.dataServiceID] ?? headers[.location] }

    /// Whether there is nothing to read: 204, 304, or a length of zero.
    var isEmpty: Bool { status == 204 || status == 304 || headers[.contentLength] == "0" }

    /// Whether a collection has nothing in it: a success without a body would be taken for that too, were it let pass.
    ///
    /// - Throws: `.service` with status 304, the answer to a condition that the caller has set: it says nothing of what
    ///   there is.
    func isEmptyCollection() throws(ODataError) -> Bool {
        try requireContent()
        return status == 204
    }

    /// - Throws: `.service` with status 304.
    func requireContent() throws(ODataError) {
        guard status != 304 else { throw .service(ServiceError(status: 304)) }
    }

    func bytes(_ context: ServiceContext) async throws(ODataError) -> [UInt8] {
        try await body.collect(maxBytes: context.options.payload.maxBodyBytes)
    }
}

extension ResponseBody {
    /// Nobody wants what it says. A short one is read to its end, which leaves the connection fit for the next request.
    func discard() async {
        // The head said that the request is done; that its text broke off changes nothing.
        _ = try? await prefix(maxBytes: 65_536)
    }
}
