public import HTTPTypes

/// An answer below 400: its head, and a body that is read once.
public struct SessionResponse: Sendable {
    public let status: Int
    public let headers: HTTPFields
    /// What was asked, absolute: what relative links of the body are relative to.
    public let url: String
    public let body: ResponseBody
    /// Messages of the header (`sap-message`, `sap-messages`); some may be errors although the request succeeded.
    public let messages: [ServiceMessage]
    /// The most that `collect` holds without a bound of its own.
    let maxBodyBytes: Int

    public var facts: SessionFacts { SessionFacts(headers) }

    /// The whole body.
    ///
    /// - Parameter maxBytes: a bound for this body; nil: the session's.
    /// - Throws: `.limit(.bodyBytes)` as soon as it is known to be longer, `.transport` where it doesn't come whole.
    public func collect(maxBytes: Int? = nil) async throws(ODataError) -> [UInt8] {
        let bound = maxBytes ?? maxBodyBytes
        if let length = headers[.contentLength].flatMap({ Int($0) }), length > bound {
            body.cancel()
            throw .limit(.bodyBytes(bound))
        }
        return try await body.collect(maxBytes: bound)
    }
}

/// Facts of an answer's head that are worth a log line: none of them is of the payload.
public struct SessionFacts: Sendable, Hashable {
    /// `OData-Version` or `DataServiceVersion`.
    public var dataServiceVersion: String?
    /// `sap-statistics`: times of the gateway, in milliseconds.
    public var statistics: String?
    /// `sap-perf-fesrec`: microseconds.
    public var perfFesrec: String?
    public var processingInfo: String?
    /// `sap-metadata-last-modified`: metadata that is older is to be read again.
    public var metadataLastModified: String?

    init(_ headers: HTTPFields) {
        dataServiceVersion = headers[HTTPField.Name.odataVersion] ?? headers[HTTPField.Name.dataServiceVersion]
        statistics = headers[HTTPField.Name.sapStatistics]
        perfFesrec = headers[HTTPField.Name.sapPerfFesrec]
        processingInfo = headers[HTTPField.Name.sapProcessingInfo]
        metadataLastModified = headers[HTTPField.Name.sapMetadataLastModified]
    }
}
