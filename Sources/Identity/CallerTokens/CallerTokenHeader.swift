internal import StrictJSON

/// The JOSE header of a caller token: three members and no other.
struct CallerTokenHeader {
    let kid: String

    static func json(kid: String) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 96)
        writer.beginObject()
        writer.member("alg", CallerTokenFormat.algorithm)
        writer.member("typ", CallerTokenFormat.type)
        writer.member("kid", kid)
        writer.endObject()
        return writer.bytes
    }

    /// Reads a header. Whatever it says, it can't bring a key or change a rule: an algorithm but ours, and any member
    /// but ours, is refused (RFC 8725 §3.1, §3.10).
    init(parsing json: [UInt8]) throws(CallerTokenError) {
        let members = try CallerTokenJSON.members(json)
        for (key, _) in members where !["alg", "typ", "kid"].contains(key) { throw .forbiddenHeader }
        guard let algorithm = members["alg"]?.string, algorithm == CallerTokenFormat.algorithm else {
            throw .unsupportedAlgorithm
        }
        guard let type = members["typ"]?.string, Self.isOurType(type) else { throw .wrongType }
        guard let kid = members["kid"]?.string else { throw .unknownKey }
        self.kid = kid
    }

    /// RFC 9068 §4 takes the short and the long form; media types compare without case (RFC 2045 §5.1).
    private static func isOurType(_ type: String) -> Bool {
        let type = type.lowercased()
        return type == CallerTokenFormat.type || type == "application/" + CallerTokenFormat.type
    }
}

/// Strict JSON of a token's parts.
enum CallerTokenJSON {
    private static let limits = JSONLimits(
        maxBytes: CallerTokenFormat.maxBytes, maxDepth: 5, maxValues: 256, refusesNUL: true)

    /// The members of an object; duplicates are refused by the parser.
    static func members(_ json: [UInt8]) throws(CallerTokenError) -> [String: JSONNode] {
        let document: JSONDocument
        do throws(JSONParseError) {
            document = try JSONDocument(parsing: json, limits: limits, secret: false)
        } catch {
            throw .malformed
        }
        guard let members = document.root.members else { throw .malformed }
        return members.reduce(into: [:]) { $0[$1.key] = $1.value }
    }
}
