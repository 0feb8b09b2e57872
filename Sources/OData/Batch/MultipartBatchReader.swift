internal import HTTPTypes

/// Reads the parts of a batch in the multipart format, requests or answers: a part is a message, or a change set of messages.
struct MultipartBatchReader<Message> {
    enum Part {
        case message(Message)
        case changeSet([Message])
    }

    let bytes: [UInt8]
    let limits: BatchLimits
    /// Reads a request or an answer from its first line on. The headers of its MIME part are given.
    let message: ([UInt8], Range<Int>, HTTPFields) throws(ODataError) -> Message
    private var count = 0

    init(
        _ bytes: [UInt8], limits: BatchLimits,
        message: @escaping ([UInt8], Range<Int>, HTTPFields) throws(ODataError) -> Message
    ) {
        (self.bytes, self.limits, self.message) = (bytes, limits, message)
    }

    /// - Throws: `.limit` (bytes, parts, header lines), `.malformed` with `.truncated`, `.batch`, `.contentType`, `.tooDeep`.
    mutating func read(boundary: String) throws(ODataError) -> [Part] {
        guard bytes.count <= limits.maxBodyBytes else { throw .limit(.bodyBytes(limits.maxBodyBytes)) }
        var parts: [Part] = []
        for range in try ranges(in: 0..<bytes.count, boundary: boundary) {
            let part = try MIMEPart(bytes, in: range, limits: limits)
            if let boundary = part.boundary {
                parts.append(.changeSet(try changeSet(in: part.content, boundary: boundary)))
            } else {
                parts.append(.message(try read(part)))
            }
        }
        return parts
    }

    private mutating func changeSet(in range: Range<Int>, boundary: String) throws(ODataError) -> [Message] {
        var messages: [Message] = []
        for range in try ranges(in: range, boundary: boundary) {
            let part = try MIMEPart(bytes, in: range, limits: limits)
            // A change set has no change sets.
            guard part.boundary == nil else { throw .malformed(PayloadError(.tooDeep, offset: range.lowerBound)) }
            messages.append(try read(part))
        }
        return messages
    }

    private func ranges(in range: Range<Int>, boundary: String) throws(ODataError) -> [Range<Int>] {
        try MultipartParts(of: bytes, boundary: boundary).ranges(in: range, maxParts: limits.maxParts)
    }

    private mutating func read(_ part: MIMEPart) throws(ODataError) -> Message {
        count += 1
        guard count <= limits.maxParts else { throw .limit(.batchParts(limits.maxParts)) }
        return try message(bytes, part.content, part.fields)
    }
}

/// A part with its headers.
private struct MIMEPart {
    let fields: HTTPFields
    let content: Range<Int>
    /// Of a change set.
    let boundary: String?

    init(_ bytes: [UInt8], in range: Range<Int>, limits: BatchLimits) throws(ODataError) {
        let lines = try HeaderLines(bytes, in: range, maxBytes: limits.maxHeaderBytes)
        (fields, content) = (lines.fields, lines.end..<range.upperBound)
        let type = BatchMediaType(fields[.contentType] ?? "application/http")
        boundary = type.boundary
        guard boundary != nil || type.type == "application/http" else {
            throw .malformed(PayloadError(.contentType, offset: range.lowerBound))
        }
        let encoding = lines.fields.first { $0.name.canonicalName == "content-transfer-encoding" }?.value.lowercased()
        guard ["binary", "8bit", "7bit"].contains(encoding ?? "binary") else {
            throw .malformed(PayloadError(.batch, offset: range.lowerBound))
        }
    }
}

/// The first line, headers and body of a request or an answer.
struct HTTPMessageText {
    /// Three words at most: what follows the second space is one.
    let firstLine: [String]
    let fields: HTTPFields
    let body: Range<Int>

    init(_ bytes: [UInt8], in range: Range<Int>, limits: BatchLimits) throws(ODataError) {
        var start = range.lowerBound
        while start < range.upperBound, [0x0D, 0x0A].contains(bytes[start]) { start += 1 }
        let end = bytes.endOfLine(from: start, in: range)
        guard end - start <= limits.maxHeaderBytes else { throw .limit(.bodyBytes(limits.maxHeaderBytes)) }
        let line = bytes[start..<bytes.withoutLineEnd(end, from: start)].trimmingBlanks()
        firstLine = line.split(separator: 0x20, maxSplits: 2).map { String(decoding: $0, as: UTF8.self) }
        guard firstLine.count >= 2 else { throw .malformed(PayloadError(.batch, offset: start)) }
        let lines = try HeaderLines(bytes, in: end..<range.upperBound, maxBytes: limits.maxHeaderBytes)
        fields = lines.fields
        body = lines.end..<range.upperBound
    }

    /// The body as its `Content-Length` bounds it where that is right but for line ends, else all up to the delimiter:
    /// services count characters, or forget what a filter changed.
    func bodyBytes(_ bytes: [UInt8]) -> [UInt8] {
        if let text = fields[.contentLength], let length = Int(text), length >= 0, length < body.count,
            bytes[(body.lowerBound + length)..<body.upperBound].allSatisfy({ $0 == 0x0D || $0 == 0x0A })
        {
            return Array(bytes[body.lowerBound..<body.lowerBound + length])
        }
        return Array(bytes[body])
    }
}

extension HTTPFields {
    /// `Content-ID` without the brackets that RFC 2392 puts around it; nil if it is none that a client could have given.
    var contentID: String? {
        guard let value = first(where: { $0.name.canonicalName == BatchHeaders.contentID })?.value else { return nil }
        let isBracketed = value.hasPrefix("<") && value.hasSuffix(">") && value.utf8.count >= 2
        let id = isBracketed ? String(value.dropFirst().dropLast()) : value
        return BatchURL.isValidID(id) ? id : nil
    }
}
