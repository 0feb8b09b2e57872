/// A resource's version as entity tag: `"v3"` (RFC 9110 §8.8.3), strong.
enum EntityTag {
    /// What an `If-Match` asks for.
    enum Condition: Equatable {
        /// No condition, or `*`.
        case any
        case version(Int64)
        /// A tag that no version of ours has: the object must have changed.
        case never
    }

    static func text(_ version: Int64) -> String { "\"v\(version)\"" }

    /// Takes one strong tag; lists and weak tags never match (RFC 9110 §13.1.1 compares strongly).
    static func condition(_ ifMatch: String?) -> Condition {
        guard let ifMatch, ifMatch != "*" else { return .any }
        guard ifMatch.hasPrefix("\"v"), ifMatch.hasSuffix("\""), let version = Int64(ifMatch.dropFirst(2).dropLast()),
            text(version) == ifMatch
        else { return .never }
        return .version(version)
    }

    /// Weak comparison with any of a list, for `If-None-Match` (RFC 9110 §13.1.2).
    static func matches(_ tag: String, ifNoneMatch: String?) -> Bool {
        guard let ifNoneMatch else { return false }
        return ifNoneMatch.split(separator: ",").contains { candidate in
            let candidate = candidate.drop { $0 == " " }
            let strong = candidate.hasPrefix("W/") ? candidate.dropFirst(2) : candidate
            return strong == "*" || strong == tag || strong.hasPrefix(tag + " ")
        }
    }
}
