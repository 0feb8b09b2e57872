internal import Sodium

/// Walks the bytes that a string stands for, escapes resolved, without making a copy.
///
/// For strings that the parser has accepted: every escape is whole and every surrogate has its other half.
struct JSONStringCursor {
    private var position: Int
    private let end: Int
    /// UTF-8 of an escape that took more than one byte, next byte lowest.
    private var pending: UInt32 = 0

    init(_ entry: JSONEntry) {
        position = Int(entry.start)
        end = Int(entry.end)
    }

    mutating func next(in text: RawSpan) -> UInt8? {
        if pending != 0 {
            let byte = UInt8(truncatingIfNeeded: pending)
            pending >>= 8
            return byte
        }
        guard position < end else { return nil }
        let byte = text[position]
        position += 1
        return byte == UInt8(ascii: "\\") ? resolveEscape(in: text) : byte
    }

    private mutating func resolveEscape(in text: RawSpan) -> UInt8 {
        let letter = text[position]
        position += 1
        return switch letter {
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        case UInt8(ascii: "u"): resolveUnicode(in: text)
        default: letter
        }
    }

    private mutating func resolveUnicode(in text: RawSpan) -> UInt8 {
        var scalar = fourDigits(in: text)
        if scalar & 0xFC00 == 0xD800 {
            position += 2
            scalar = 0x10000 + (scalar & 0x3FF) << 10 + fourDigits(in: text) & 0x3FF
        }
        switch scalar {
        case 0..<0x80:
            return UInt8(scalar)
        case 0x80..<0x800:
            pending = 0x80 | scalar & 0x3F
            return UInt8(0xC0 | scalar >> 6)
        case 0x800..<0x10000:
            pending = 0x80 | scalar >> 6 & 0x3F
            pending |= (0x80 | scalar & 0x3F) << 8
            return UInt8(0xE0 | scalar >> 12)
        default:
            pending = 0x80 | scalar >> 12 & 0x3F
            pending |= (0x80 | scalar >> 6 & 0x3F) << 8
            pending |= (0x80 | scalar & 0x3F) << 16
            return UInt8(0xF0 | scalar >> 18)
        }
    }

    private mutating func fourDigits(in text: RawSpan) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            value = value << 4 | UInt32(JSONText.hexValue(text[position]) ?? 0)
            position += 1
        }
        return value
    }
}

/// Reading of characters that parser and cursor share.
enum JSONText {
    static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// Length of the UTF-8 sequence that starts here with a byte of 0x80 or more; nil if it is none.
    ///
    /// The ranges are those of Unicode's table of well-formed sequences (RFC 3629 §4): no overlong form, no surrogate,
    /// nothing above U+10FFFF.
    static func sequenceLength(in text: RawSpan, at position: Int) -> Int? {
        let second: ClosedRange<UInt8>
        let length: Int
        switch text[position] {
        case 0xC2...0xDF: (second, length) = (0x80...0xBF, 2)
        case 0xE0: (second, length) = (0xA0...0xBF, 3)
        case 0xED: (second, length) = (0x80...0x9F, 3)
        case 0xE1...0xEF: (second, length) = (0x80...0xBF, 3)
        case 0xF0: (second, length) = (0x90...0xBF, 4)
        case 0xF1...0xF3: (second, length) = (0x80...0xBF, 4)
        case 0xF4: (second, length) = (0x80...0x8F, 4)
        default: return nil
        }
        guard position + length <= text.byteCount, second.contains(text[position + 1]) else { return nil }
        for offset in 2..<max(length, 2) where text[position + offset] & 0xC0 != 0x80 { return nil }
        return length
    }
}
