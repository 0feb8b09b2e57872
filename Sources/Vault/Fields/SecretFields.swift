package import Sodium

/// The plaintext of a credential: named secrets in order.
///
/// Encoded as a version byte, the number of fields (u32, big-endian), then for each its name and its value, both with
/// their length in front (u32, big-endian). Different fields never give the same bytes, and decoding must use the bytes
/// up exactly.
package final class SecretFields: Sendable {
    private static let version: UInt8 = 1
    /// More than any credential has; a length that is no length then fails early.
    private static let maxFields = 256

    private let values: [String: SecretBytes]
    /// Names in the order of entry.
    package let names: [String]

    /// A name that comes again keeps its place and takes the later value.
    package init(_ fields: [(name: String, value: SecretBytes)]) {
        var names: [String] = []
        var values: [String: SecretBytes] = [:]
        for field in fields where values.updateValue(field.value, forKey: field.name) == nil {
            names.append(field.name)
        }
        self.names = names
        self.values = values
    }

    package convenience init() {
        self.init([])
    }

    package subscript(_ name: String) -> SecretBytes? { values[name] }

    package var count: Int { names.count }

    package var isEmpty: Bool { names.isEmpty }

    package var fields: [(name: String, value: SecretBytes)] {
        names.compactMap { name in values[name].map { (name, $0) } }
    }

    /// The same fields with one more, or with another value for one.
    package func setting(_ name: String, to value: SecretBytes) -> SecretFields {
        SecretFields(fields + [(name, value)])
    }

    package func removing(_ name: String) -> SecretFields {
        SecretFields(fields.filter { $0.name != name })
    }

    /// The encoding, in secret memory.
    package func encoded() -> SecretBytes {
        var buffer = SecretBuffer(minimumCapacity: 128)
        buffer.append(Self.version)
        buffer.append(AAD.bytes(UInt32(names.count)))
        for field in fields {
            buffer.append(AAD.bytes(UInt32(field.name.utf8.count)))
            buffer.append(utf8: field.name)
            buffer.append(AAD.bytes(UInt32(field.value.count)))
            buffer.append(field.value)
        }
        return buffer.finish()
    }

    /// - Throws: `.malformed` for anything that `encoded` does not write; `.unsupportedFormat` for another version.
    package convenience init(decoding bytes: SecretBytes) throws(VaultError) {
        let fields: [(name: String, value: SecretBytes)] = try bytes.withBytes { (span) throws(VaultError) in
            var reader = Reader()
            guard try reader.byte(span) == Self.version else { throw .unsupportedFormat }
            let count = try reader.length(span)
            guard count <= Self.maxFields else { throw .malformed }
            var fields: [(name: String, value: SecretBytes)] = []
            for _ in 0..<count {
                let range = try reader.field(span)
                guard let name = span.extracting(range).utf8String else { throw .malformed }
                fields.append((name, SecretBytes(copying: span.extracting(try reader.field(span)))))
            }
            guard reader.position == span.byteCount else { throw .malformed }
            return fields
        }
        self.init(fields)
        guard count == fields.count else { throw .malformed }
    }

    /// Walks the encoding without ever leaving it.
    private struct Reader {
        private(set) var position = 0

        mutating func byte(_ span: RawSpan) throws(VaultError) -> UInt8 {
            guard position < span.byteCount else { throw .malformed }
            defer { position += 1 }
            return span[position]
        }

        mutating func length(_ span: RawSpan) throws(VaultError) -> Int {
            var value = 0
            for _ in 0..<4 { value = value << 8 | Int(try byte(span)) }
            return value
        }

        mutating func field(_ span: RawSpan) throws(VaultError) -> Range<Int> {
            let length = try length(span)
            guard length <= span.byteCount - position else { throw .malformed }
            defer { position += length }
            return position..<position + length
        }
    }
}

extension SecretFields: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "<redacted>" }
    package var debugDescription: String { "<redacted>" }
    package var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}
