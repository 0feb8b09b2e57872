package import Sodium

/// Writes one value as compact JSON (RFC 8259), front to back.
///
/// Commas are its business, balance is the caller's: each `begin` has its `end`, each value of an object its `key`.
/// What it holds lies in ordinary memory; for an answer that shows a secret it is the last step before the wire.
package struct JSONWriter: Sendable {
    package private(set) var bytes: [UInt8] = []
    private var needsComma = false

    package init(reservingCapacity capacity: Int = 256) {
        bytes.reserveCapacity(capacity)
    }

    package mutating func beginObject() { begin(UInt8(ascii: "{")) }

    package mutating func endObject() { end(UInt8(ascii: "}")) }

    package mutating func beginArray() { begin(UInt8(ascii: "[")) }

    package mutating func endArray() { end(UInt8(ascii: "]")) }

    /// The name of the next value.
    package mutating func key(_ name: String) {
        separate()
        quote(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    package mutating func null() { word("null") }

    package mutating func bool(_ value: Bool) { word(value ? "true" : "false") }

    package mutating func int(_ value: some BinaryInteger) { word(String(value)) }

    /// A double in the shortest form that reads back the same; `null` if it is not finite, for JSON has no such number.
    package mutating func double(_ value: Double) { word(value.isFinite ? value.description : "null") }

    package mutating func string(_ value: String) {
        separate()
        quote(value)
    }

    /// A secret as a string, for the last step before the wire; bytes that are not UTF-8 become U+FFFD.
    package mutating func revealed(_ secret: SecretBytes, for purpose: SecretPurpose) {
        separate()
        let isText = secret.withBytes { text in
            JSONWriter.isUTF8(text)
        }
        guard isText else { return quote(String(decoding: secret.revealBytes(for: purpose), as: UTF8.self)) }
        bytes.append(UInt8(ascii: "\""))
        secret.withBytes { text in
            for offset in text.byteOffsets { escape(text[offset]) }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Bytes that are one JSON value already.
    package mutating func raw(_ json: [UInt8]) {
        separate()
        bytes.append(contentsOf: json)
    }

    package mutating func value(_ value: JSONValue) {
        switch value {
        case .null: null()
        case .bool(let value): bool(value)
        case .int(let value): int(value)
        case .double(let value): double(value)
        case .string(let value): string(value)
        case .array(let elements):
            beginArray()
            for element in elements { self.value(element) }
            endArray()
        case .object(let members):
            beginObject()
            for member in members { self.member(member.key, member.value) }
            endObject()
        }
    }

    package mutating func member(_ name: String, _ value: JSONValue) {
        key(name)
        self.value(value)
    }

    package mutating func member(_ name: String, _ value: String) {
        key(name)
        string(value)
    }

    private mutating func begin(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func end(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func word(_ text: String) {
        separate()
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 { escape(byte) }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(contentsOf: [UInt8(ascii: "\\"), byte])
        case 0x0A: bytes.append(contentsOf: "\\n".utf8)
        case 0x0D: bytes.append(contentsOf: "\\r".utf8)
        case 0x09: bytes.append(contentsOf: "\\t".utf8)
        case 0..<0x20, 0x7F: bytes.append(contentsOf: "\\u00\(Hex.encode([byte]))".utf8)
        default: bytes.append(byte)
        }
    }

    private static func isUTF8(_ text: RawSpan) -> Bool {
        var position = 0
        while position < text.byteCount {
            guard text[position] >= 0x80 else {
                position += 1
                continue
            }
            guard let length = JSONText.sequenceLength(in: text, at: position) else { return false }
            position += length
        }
        return true
    }
}
