internal import Sodium

/// A body of `application/x-www-form-urlencoded`, its values in secret memory from the first byte.
struct FormParameters: Sendable {
    enum Failure: Error { case malformed, duplicate, tooMany }

    private let values: [String: SecretBytes]

    /// - Throws: `.duplicate` where a parameter comes twice (RFC 6749 §3.2 forbids it).
    init(_ body: SecretBytes) throws(Failure) {
        var values: [String: SecretBytes] = [:]
        let fields = body.withBytes { Self.split($0, at: UInt8(ascii: "&"), in: 0..<$0.byteCount) }
        guard fields.count <= 64 else { throw .tooMany }
        for field in fields where !field.isEmpty {
            guard let (name, value) = body.withBytes({ Self.pair(in: $0, field) }) else { throw .malformed }
            guard values.updateValue(value, forKey: name) == nil else { throw .duplicate }
        }
        self.values = values
    }

    /// Nil where it is missing or empty: RFC 6749 §3.1 has an empty parameter count as omitted.
    func secret(_ name: String) -> SecretBytes? {
        values[name].flatMap { $0.count == 0 ? nil : $0 }
    }

    /// A value that is no secret.
    func text(_ name: String) -> String? {
        secret(name).flatMap { $0.withBytes { $0.utf8String } }
    }

    private static func split(_ bytes: RawSpan, at separator: UInt8, in range: Range<Int>) -> [Range<Int>] {
        var parts: [Range<Int>] = []
        var start = range.lowerBound
        for offset in range where bytes[offset] == separator {
            parts.append(start..<offset)
            start = offset + 1
        }
        parts.append(start..<range.upperBound)
        return parts
    }

    private static func pair(in bytes: RawSpan, _ range: Range<Int>) -> (String, SecretBytes)? {
        let split = range.first { bytes[$0] == UInt8(ascii: "=") } ?? range.upperBound
        let valueStart = min(split + 1, range.upperBound)
        guard let name = decode(bytes, range.lowerBound..<split)?.withBytes({ $0.utf8String }), name.utf8.count <= 64,
            let value = decode(bytes, valueStart..<range.upperBound)
        else { return nil }
        return (name, value)
    }

    /// Nil for a cut-off escape or a NUL.
    static func decode(_ bytes: RawSpan, _ range: Range<Int>) -> SecretBytes? {
        var buffer = SecretBuffer(minimumCapacity: range.count)
        var offset = range.lowerBound
        while offset < range.upperBound {
            let byte = bytes[offset]
            offset += 1
            let decoded = PercentDecoding.next(byte) {
                guard offset < range.upperBound else { return nil }
                defer { offset += 1 }
                return bytes[offset]
            }
            guard let decoded, decoded != 0 else { return nil }
            buffer.append(decoded)
        }
        return buffer.finish()
    }
}
