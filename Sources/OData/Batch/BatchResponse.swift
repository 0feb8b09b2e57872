public import HTTPTypes

/// The answer to one request of a batch.
public struct BatchItemResponse: Sendable, Hashable {
    public var status: Int
    public var headers: HTTPFields
    public var body: [UInt8]
    /// `Content-ID` (multipart) or `id` (JSON) of the request that it answers, if the service says so.
    public var contentID: String?

    public init(status: Int, headers: HTTPFields = [:], body: [UInt8] = [], contentID: String? = nil) {
        (self.status, self.headers) = (status, headers)
        (self.body, self.contentID) = (body, contentID)
    }

    /// The service did it, or has nothing newer (304). It did nothing where it points elsewhere.
    public var isSuccess: Bool { status < 300 || status == 304 }
}

/// What a service answers to a batch, as it came; `results(for:)` gives each answer to its request.
public struct BatchResponse: Sendable, Hashable {
    public enum Part: Sendable, Hashable {
        /// The answer to a request, or the one answer that a whole change set gets when it failed.
        case response(BatchItemResponse)
        case changeSet([BatchItemResponse])
    }

    public let format: BatchFormat
    /// In the order of the body, which in the JSON format may be any; answers of an atomicity group are not gathered there.
    public let parts: [Part]

    public init(_ parts: [Part], format: BatchFormat) { (self.parts, self.format) = (parts, format) }

    /// Reads a body of status 200 (version 4) or 202 (version 2).
    ///
    /// - Parameters:
    ///   - contentType: of the answer: `multipart/mixed` with a boundary, or JSON.
    ///   - limits: the whole body is in memory; `maxBodyBytes` bounds it once more.
    /// - Throws: `.malformed` (`.truncated`, `.batch`, `.contentType`, and JSON's), `.limit`.
    public init(
        parsing bytes: [UInt8], contentType: String, limits: BatchLimits = BatchLimits()
    ) throws(ODataError) {
        let type = BatchMediaType(contentType)
        if let boundary = type.boundary {
            var reader = MultipartBatchReader(bytes, limits: limits) {
                bytes, range, fields throws(ODataError) -> BatchItemResponse in
                try BatchItemResponse(bytes, in: range, part: fields, limits: limits)
            }
            let parts = try reader.read(boundary: boundary)
            self.init(parts.map { Part($0) }, format: .multipart)
        } else if type.isJSON {
            self.init(try JSONBatchReader(limits: limits).responses(bytes).map { .response($0) }, format: .json)
        } else {
            throw .malformed(PayloadError(.contentType))
        }
    }
}

extension BatchResponse.Part {
    fileprivate init(_ part: MultipartBatchReader<BatchItemResponse>.Part) {
        switch part {
        case .message(let response): self = .response(response)
        case .changeSet(let responses): self = .changeSet(responses)
        }
    }
}

extension BatchItemResponse {
    /// - Parameter range: from the status line on; some services begin with empty lines.
    fileprivate init(
        _ bytes: [UInt8], in range: Range<Int>, part: HTTPFields, limits: BatchLimits
    ) throws(ODataError) {
        let message = try HTTPMessageText(bytes, in: range, limits: limits)
        guard message.firstLine[0].hasPrefix("HTTP/"), let status = Int(message.firstLine[1]),
            (200...599).contains(status)
        else { throw .malformed(PayloadError(.batch, offset: range.lowerBound)) }
        self.init(
            status: status, headers: message.fields, body: message.bodyBytes(bytes),
            contentID: part.contentID ?? message.fields.contentID)
    }
}
