internal import Domain
internal import Sodium

/// The name of one request in logs, audit events and answers.
enum RequestID {
    /// The caller's own, if it is 1 to 64 of `A–Z`, `a–z`, `0–9`, `.`, `_`, `-`; else 16 random hexadecimal digits.
    static func take(_ header: String?, random: some RandomSource) -> String {
        if let header, isWellFormed(header) { return header }
        let bits = random.next()
        return Hex.encode((0..<8).map { UInt8(truncatingIfNeeded: bits >> (56 - 8 * UInt64($0))) })
    }

    static func isWellFormed(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}

/// The trace that a request belongs to (W3C Trace Context §3.2, `traceparent` version 00).
struct TraceParent: Hashable, Sendable {
    /// 32 hexadecimal digits, not all zero.
    let traceID: String

    /// Nil for what isn't well-formed: an unreadable header is as good as none.
    init?(_ header: String?) {
        guard let header, header.utf8.count == 55 else { return nil }
        let parts = header.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "00", Self.isHex(parts[1], 32), Self.isHex(parts[2], 16),
            Self.isHex(parts[3], 2), !parts[1].allSatisfy({ $0 == "0" }), !parts[2].allSatisfy({ $0 == "0" })
        else { return nil }
        traceID = String(parts[1])
    }

    private static func isHex(_ text: Substring, _ count: Int) -> Bool {
        text.utf8.count == count
            && text.utf8.allSatisfy {
                ($0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9"))
                    || ($0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "f"))
            }
    }
}
