internal import HTTPTypes

extension BatchRequest {
    /// Reads a batch that was written: what `encoded` writes, and what other clients do.
    ///
    /// - Parameters:
    ///   - contentType: `multipart/mixed` with a boundary, or JSON.
    ///   - preferences: the values of `Prefer`.
    /// - Throws: as `BatchResponse.init(parsing:)`; what a service would refuse is read all the same.
    public init(
        parsing bytes: [UInt8], contentType: String, preferences: [String] = [], limits: BatchLimits = BatchLimits()
    ) throws(ODataError) {
        let type = BatchMediaType(contentType)
        if let boundary = type.boundary {
            var reader = MultipartBatchReader(bytes, limits: limits) {
                bytes, range, fields throws(ODataError) -> BatchItem in
                try BatchItem(bytes, in: range, part: fields, limits: limits)
            }
            let parts = try reader.read(boundary: boundary)
            self.init(parts.map { Part($0) })
        } else if type.isJSON {
            self.init(try JSONBatchReader(limits: limits).requests(bytes))
        } else {
            throw .malformed(PayloadError(.contentType))
        }
        continuesOnError = preferences.contains { preference in
            preference.split(separator: ",").contains { $0.lowercased().contains("continue-on-error") }
        }
    }
}

extension BatchRequest.Part {
    fileprivate init(_ part: MultipartBatchReader<BatchItem>.Part) {
        switch part {
        case .message(let item): self = .request(item)
        case .changeSet(let items): self = .changeSet(BatchChangeSet(items))
        }
    }
}

extension BatchItem {
    fileprivate init(
        _ bytes: [UInt8], in range: Range<Int>, part: HTTPFields, limits: BatchLimits
    ) throws(ODataError) {
        let message = try HTTPMessageText(bytes, in: range, limits: limits)
        guard message.firstLine.count == 3, message.firstLine[2].hasPrefix("HTTP/"),
            let method = HTTPRequest.Method(message.firstLine[0])
        else { throw .malformed(PayloadError(.batch, offset: range.lowerBound)) }
        var headers: HTTPFields = [:]
        for field in message.fields where !BatchHeaders.areCodecs(field.name) { headers.append(field) }
        self.init(
            method, message.firstLine[1], headers: headers, body: message.bodyBytes(bytes),
            id: part.contentID ?? message.fields.contentID)
    }
}
