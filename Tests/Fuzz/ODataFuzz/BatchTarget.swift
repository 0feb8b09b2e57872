import HTTPTypes
import OData

/// Reads bytes as an answer and as a batch, in both formats; a batch that reads must print and read as the same one.
func fuzzBatch(_ bytes: [UInt8]) {
    var limits = BatchLimits()
    limits.maxParts = 1_000
    // The first line is the delimiter, so that inputs need no header beside the body.
    let line = bytes.prefix { $0 != 0x0A && $0 != 0x0D }.drop { $0 == 0x2D }
    let boundary = String(decoding: line.prefix(70), as: UTF8.self).filter { $0 != "\"" && $0 != "\\" }
    let multipart = "multipart/mixed; boundary=\"\(boundary)\""
    for type in [multipart, "application/json"] {
        _ = try? BatchResponse(parsing: bytes, contentType: type, limits: limits)
        guard let batch = try? BatchRequest(parsing: bytes, contentType: type, limits: limits) else { continue }
        fuzzBatchRoundTrip(batch, limits)
    }
}

private func fuzzBatchRoundTrip(_ batch: BatchRequest, _ limits: BatchLimits) {
    var generator = SystemRandomNumberGenerator()
    for format in [BatchFormat.multipart, .json] {
        guard let encoded = try? batch.encoded(.v401, format: format, limits: limits, using: &generator) else {
            continue
        }
        guard let type = encoded.headers[.contentType],
            let again = try? BatchRequest(parsing: encoded.body, contentType: type, limits: limits),
            let printed = try? again.encoded(.v401, format: format, limits: limits, using: &generator),
            let twice = try? BatchRequest(
                parsing: printed.body, contentType: printed.headers[.contentType] ?? "", limits: limits)
        else { preconditionFailure("a batch that was printed doesn't read") }
        precondition(again.parts == twice.parts, "a batch changes by being printed")
    }
}
