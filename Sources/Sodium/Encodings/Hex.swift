/// Base16 (RFC 4648 §8): written in lower case, read in either.
package enum Hex {
    private static let digits = Array("0123456789abcdef".utf8)

    package static func encode(_ bytes: [UInt8]) -> String { unsafe encode(bytes.span.bytes) }

    package static func encode(_ bytes: RawSpan) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.byteCount * 2)
        for offset in bytes.byteOffsets {
            let byte = bytes[offset]
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Nil for an odd length or any character that is no hexadecimal digit.
    package static func decode(_ text: String) -> [UInt8]? {
        let characters = text.utf8
        guard characters.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(characters.count / 2)
        var high: UInt8?
        for character in characters {
            guard let value = value(of: character) else { return nil }
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return bytes
    }

    /// As above, in secret memory; the time depends on the digits' kinds, so only for keys read once at start.
    package static func decode(_ secret: SecretBytes) -> SecretBytes? {
        guard secret.count.isMultiple(of: 2) else { return nil }
        return secret.withBytes { text in
            // The only error is the refusal, and nil says it.
            try? SecretBytes(count: text.byteCount / 2) { (output) throws(Refused) in
                for index in 0..<text.byteCount / 2 {
                    guard let high = value(of: text[index * 2]), let low = value(of: text[index * 2 + 1]) else {
                        throw Refused()
                    }
                    output[index] = high << 4 | low
                }
            }
        }
    }

    /// Carries a refusal out of the initialiser.
    private struct Refused: Error {}

    private static func value(of character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
