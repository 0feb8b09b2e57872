public import HTTPTypes

/// How a batch is written.
public enum BatchFormat: Sendable, Hashable {
    /// `multipart/mixed`: all versions.
    case multipart
    /// One JSON object: version 4.01, and services of 4.0 that offer it.
    case json
}

/// Bounds of batches, sent and received.
public struct BatchLimits: Sendable, Hashable {
    /// Requests or answers, those of change sets counted each.
    public var maxParts = 10_000
    /// The whole body.
    public var maxBodyBytes = 256 << 20
    /// The header lines of one part or message.
    public var maxHeaderBytes = 64 << 10
    /// How deep a body of the JSON format may nest.
    public var maxDepth = 64

    public init() {}
}

/// Where a request's `Content-ID` stands in the multipart format.
public enum ContentIDPlacement: Sendable, Hashable {
    /// In the headers of the MIME part (OData 4.01 Protocol §11.7.7.1); SAP's RAP services insist on it.
    case part
    /// In the headers of the request inside, which older Microsoft services alone look at.
    case request
    /// In both, for version 2, whose services read one or the other.
    case both
    /// Nowhere: some SAP gateways refuse the header in batches that they process deferred. Nothing can be referred to then,
    /// and answers of change sets are matched by their order.
    case none

    static func standard(_ version: ODataVersion) -> ContentIDPlacement { version.isV4 ? .part : .both }
}

/// A batch as it goes over the wire: `POST $batch` below the service root.
public struct EncodedBatch: Sendable, Hashable {
    /// `Content-Type`, `Accept` and `Prefer`. Protocol version, token, client and language are the session's, on the outer
    /// request alone; `$format` is an error there.
    public var headers: HTTPFields
    public var body: [UInt8]
}

extension BatchRequest {
    /// Writes the batch.
    /// - Parameters:
    ///   - generator: boundaries come from it; they are checked not to occur in what they separate.
    ///   - contentIDs: nil is what the version wants.
    /// - Throws: `.query` (an ID, URL, method or reference is wrong), `.malformed` (JSON format: a body that says JSON and
    ///   isn't), `.unsupported(.needsVersion401)` (JSON format in version 2), `.limit`.
    public func encoded(
        _ version: ODataVersion, format: BatchFormat = .multipart, contentIDs: ContentIDPlacement? = nil,
        limits: BatchLimits = BatchLimits(), using generator: inout some RandomNumberGenerator
    ) throws(ODataError) -> EncodedBatch {
        let batch = identified()
        try batch.check(version, format: format, limits: limits)
        var encoded: EncodedBatch
        switch format {
        case .multipart:
            let boundaries = try BatchBoundaries(for: batch, using: &generator)
            var writer = MultipartBatchWriter(
                boundaries: boundaries, version: version, contentIDs: contentIDs ?? .standard(version))
            encoded = EncodedBatch(headers: [:], body: writer.write(batch))
            encoded.headers[.contentType] = "multipart/mixed; boundary=" + boundaries.batch
            encoded.headers[.accept] = "multipart/mixed"
        case .json:
            encoded = EncodedBatch(headers: [:], body: try JSONBatchWriter(limits: limits).write(batch))
            encoded.headers[.contentType] = "application/json"
            encoded.headers[.accept] = "application/json"
        }
        guard encoded.body.count <= limits.maxBodyBytes else { throw .limit(.bodyBytes(limits.maxBodyBytes)) }
        if continuesOnError && version.isV4, let prefer = HTTPField.Name("Prefer") {
            // 4.01 dropped the prefix, and its services still have to take it (Protocol §8.2.8).
            encoded.headers[prefer] = "odata.continue-on-error"
        }
        return encoded
    }
}
