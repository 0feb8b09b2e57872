/// Bytes as text: base64 in both alphabets (RFC 4648 §4, §5), and pairs of hexadecimal digits.
enum BinaryText {
    /// Base64 with either alphabet, with or without padding.
    ///
    /// - Returns: nil for another byte, a wrong length, or bits beyond the last byte that aren't zero.
    static func base64(_ text: Span<UInt8>) -> [UInt8]? {
        var length = text.count
        while length > 0, text.count - length < 2, text[length - 1] == UInt8(ascii: "=") { length -= 1 }
        if length < text.count { guard text.count % 4 == 0 else { return nil } }
        guard length % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(length / 4 * 3 + 2)
        let decoded = decoded
        var (bits, held): (UInt32, Int) = (0, 0)
        for place in 0..<length {
            let value = decoded[Int(text[place])]
            guard value < 64 else { return nil }
            bits = bits << 6 | UInt32(value)
            held += 6
            if held >= 8 {
                held -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(held)))
            }
        }
        return bits & (1 << UInt32(held) - 1) == 0 ? bytes : nil
    }

    /// With padding.
    static func base64(_ bytes: [UInt8], forURL: Bool) -> [UInt8] {
        let alphabet = forURL ? urlAlphabet : standardAlphabet
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = min(3, bytes.count - start)
            var bits: UInt32 = 0
            for place in 0..<3 { bits = bits << 8 | (place < group ? UInt32(bytes[start + place]) : 0) }
            for place in 0..<4 {
                text.append(place <= group ? alphabet[Int(bits >> UInt32(18 - 6 * place) & 63)] : UInt8(ascii: "="))
            }
        }
        return text
    }

    static func hex(_ text: Span<UInt8>) -> [UInt8]? {
        guard text.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 2)
        for place in stride(from: 0, to: text.count, by: 2) {
            guard let high = text[place].hexDigitValue, let low = text[place + 1].hexDigitValue else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    /// In capitals.
    static func hex(_ bytes: [UInt8]) -> [UInt8] {
        let digits = Array("0123456789ABCDEF".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 2)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return text
    }

    private static let standardAlphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let urlAlphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    /// 0…63, or 255 for a byte of neither alphabet.
    private static let decoded: [UInt8] = {
        var table = [UInt8](repeating: 255, count: 256)
        for (value, byte) in standardAlphabet.enumerated() { table[Int(byte)] = UInt8(value) }
        for (value, byte) in urlAlphabet.enumerated() { table[Int(byte)] = UInt8(value) }
        return table
    }()
}
