package import Sodium

/// A parsed text (RFC 8259) and the text itself; values are read from it when they are asked for.
///
/// Strict: duplicate member names, bad UTF-8, lone surrogates, a byte order mark and anything after the value are
/// errors. A text that holds secrets stays in secret memory, and so does each string taken as `JSONNode.secret`.
package final class JSONDocument: Sendable {
    private enum Text: Sendable {
        case plain([UInt8])
        case secret(SecretBytes)
    }

    private let text: Text
    let entries: [JSONEntry]

    /// Copies the text: into secret memory if `secret`. The caller wipes its own copy.
    package init(
        parsing bytes: RawSpan, limits: JSONLimits = .default, secret: Bool
    ) throws(JSONParseError) {
        entries = try JSONParser.parse(bytes, limits: limits)
        text = secret ? .secret(SecretBytes(copying: bytes)) : .plain([UInt8](copying: bytes))
    }

    /// Keeps the array, or a copy in secret memory if `secret`.
    package init(
        parsing bytes: [UInt8], limits: JSONLimits = .default, secret: Bool
    ) throws(JSONParseError) {
        entries = try bytes.withBytes { (span) throws(JSONParseError) in try JSONParser.parse(span, limits: limits) }
        text = secret ? .secret(SecretBytes(copying: bytes)) : .plain(bytes)
    }

    /// Keeps the secret itself, without a copy.
    package init(parsing bytes: SecretBytes, limits: JSONLimits = .default) throws(JSONParseError) {
        entries = try bytes.withBytes { (span) throws(JSONParseError) in try JSONParser.parse(span, limits: limits) }
        text = .secret(bytes)
    }

    package var root: JSONNode { JSONNode(document: self, index: 0) }

    func withText<R>(_ body: (RawSpan) -> R) -> R {
        switch text {
        case .plain(let bytes): bytes.withBytes(body)
        case .secret(let bytes): bytes.withBytes(body)
        }
    }
}
