/// Bounds of a message head; what exceeds one is refused before it is understood.
package struct HTTPLimits: Hashable, Sendable {
    /// Method, target and version, without the line end.
    package var maxRequestLineBytes: Int
    /// All header lines together, line ends included.
    package var maxHeaderBytes: Int
    package var maxHeaders: Int

    package init(maxRequestLineBytes: Int = 8_192, maxHeaderBytes: Int = 32_768, maxHeaders: Int = 100) {
        self.maxRequestLineBytes = maxRequestLineBytes
        self.maxHeaderBytes = maxHeaderBytes
        self.maxHeaders = maxHeaders
    }

    /// The longest head that is kept while it is incomplete.
    var maxHeadBytes: Int { maxRequestLineBytes + 2 + maxHeaderBytes }
}

/// Why a message is not HTTP/1.1 as this service speaks it. Nothing is repaired: after a refusal the connection ends,
/// because where the next message begins is unknown (RFC 9112 §2.2, §6.3, §11.2).
enum HTTPRefusal: Error, Hashable, Sendable, CaseIterable {
    case badRequestLine
    case badMethod
    /// The target is not in origin form, or has a byte outside visible ASCII.
    case badTarget
    case unsupportedVersion
    case requestLineTooLong
    case headersTooLarge
    /// A header name that is not a token, or white space before the colon.
    case badHeaderName
    /// NUL, CR or another control character in a value.
    case badHeaderValue
    /// A line that continues the one before (obs-fold, RFC 9112 §5.2).
    case foldedHeader
    /// LF without CR before it.
    case bareLineFeed
    /// Content-Length that is not one decimal number, or given twice.
    case badLength
    /// Transfer-Encoding together with Content-Length.
    case conflictingLength
    /// Transfer-Encoding other than exactly `chunked`, or in HTTP/1.0.
    case badTransferEncoding
    case missingHost
    case duplicateHost
    case badHost
    /// Expect other than `100-continue`.
    case badExpectation
    /// Chunk size, chunk end or trailer malformed.
    case badChunk
    case badStatusLine
}
