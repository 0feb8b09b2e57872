/// The query of a request, read strictly: each name once, only known names, well-formed percent-encoding.
struct QueryParameters: Sendable {
    private let values: [String: String]

    /// - Throws: `invalid_request` naming each wrong parameter.
    init(_ query: Substring?, allowing names: [String]) throws(Problem) {
        var values: [String: String] = [:]
        var errors: [InvalidMember] = []
        for pair in (query ?? "").split(separator: "&", omittingEmptySubsequences: true).prefix(64) {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentDecoding.text(parts[0]), names.contains(name) else {
                errors.append(InvalidMember(.parameter(String(parts[0])), .unknownField))
                continue
            }
            guard parts.count == 2, let value = PercentDecoding.text(parts[1]) else {
                errors.append(InvalidMember(.parameter(name), .malformed))
                continue
            }
            if values.updateValue(value, forKey: name) != nil {
                errors.append(InvalidMember(.parameter(name), .duplicate))
            }
        }
        guard errors.isEmpty else { throw .invalid(errors) }
        self.values = values
    }

    subscript(_ name: String) -> String? { values[name] }

    /// The value read as another type; `malformed` where it isn't one.
    func value<Value>(_ name: String, _ read: (String) -> Value?) throws(Problem) -> Value? {
        guard let text = values[name] else { return nil }
        guard let value = read(text) else { throw .invalid([InvalidMember(.parameter(name), .malformed)]) }
        return value
    }

    /// A value out of a closed list; `unknown_value` where it isn't one.
    func choice<Value: RawRepresentable<String>>(_ name: String, _: Value.Type) throws(Problem) -> Value? {
        guard let text = values[name] else { return nil }
        guard let value = Value(rawValue: text) else {
            throw .invalid([InvalidMember(.parameter(name), .unknownValue)])
        }
        return value
    }
}

/// Percent-decoding of queries and forms (RFC 3986 §2.1; `+` is a space, as forms write it).
enum PercentDecoding {
    /// Nil for a `%` without two hexadecimal digits, for a control character, and for bytes that are not UTF-8.
    static func text(_ encoded: Substring) -> String? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(encoded.utf8.count)
        var rest = encoded.utf8.makeIterator()
        while let byte = rest.next() {
            guard let decoded = next(byte, { rest.next() }) else { return nil }
            guard decoded >= 0x20, decoded != 0x7F else { return nil }
            bytes.append(decoded)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// The byte that begins with `byte`; nil where an escape is cut short.
    static func next(_ byte: UInt8, _ following: () -> UInt8?) -> UInt8? {
        if byte == UInt8(ascii: "+") { return UInt8(ascii: " ") }
        guard byte == UInt8(ascii: "%") else { return byte }
        guard let high = following().flatMap(digit), let low = following().flatMap(digit) else { return nil }
        return high << 4 | low
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
