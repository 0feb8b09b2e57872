extension JSONReader {
    /// Past a string whose opening quote is the next byte. Its escapes and its UTF-8 are checked, none is resolved.
    @inline(__always)
    mutating func string(_ text: Span<UInt8>) throws(PayloadError) -> StringRange {
        position += 1
        let start = position
        if start &+ 8 <= text.count {
            // Most strings of a service end within eight bytes.
            let plain = ByteWords.plainPrefix(ByteWords.load(text, at: start))
            if plain < 8, text[start &+ plain] == UInt8(ascii: "\"") {
                position = start &+ plain &+ 1
                return StringRange(start: start, end: start &+ plain, hasEscapes: false)
            }
            position = start &+ plain
        }
        return try restOfString(from: start, text)
    }

    private mutating func restOfString(from start: Int, _ text: Span<UInt8>) throws(PayloadError) -> StringRange {
        var hasEscapes = false
        while true {
            skipPlain(text)
            guard position < text.count else { throw failure(.truncated) }
            switch text[position] {
            case UInt8(ascii: "\""):
                position += 1
                return StringRange(start: start, end: position - 1, hasEscapes: hasEscapes)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                try escape(text)
            case 0x80...0xFF:
                try sequence(text)
            default:
                throw failure(.syntax)
            }
        }
    }

    /// To the first byte that is not plain ASCII of a string.
    private mutating func skipPlain(_ text: Span<UInt8>) {
        while position &+ 8 <= text.count {
            let plain = ByteWords.plainPrefix(ByteWords.load(text, at: position))
            position &+= plain
            if plain < 8 { return }
        }
        while position < text.count {
            switch text[position] {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), 0..<0x20, 0x80...0xFF: return
            default: position &+= 1
            }
        }
    }

    /// Past one character of two to four bytes (Unicode 15 table 3-7: no overlong forms, no surrogates).
    private mutating func sequence(_ text: Span<UInt8>) throws(PayloadError) {
        let first = text[position]
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch first {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        case 0xF1...0xF3: length = 4
        default: throw failure(.invalidUTF8)
        }
        for place in 1..<length {
            guard position + place < text.count else { throw PayloadError(.truncated, offset: text.count) }
            let allowed = place == 1 ? second : 0x80...0xBF
            guard allowed.contains(text[position + place]) else { throw failure(.invalidUTF8) }
        }
        position += length
    }

    /// Past an escape; of a surrogate pair, past both.
    private mutating func escape(_ text: Span<UInt8>) throws(PayloadError) {
        guard position + 1 < text.count else { throw PayloadError(.truncated, offset: text.count) }
        switch text[position + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 2
        case UInt8(ascii: "u"):
            let unit = try codeUnit(text, at: position)
            if unit & 0xFC00 == 0xDC00 { throw failure(.invalidUTF8) }
            if unit & 0xFC00 == 0xD800 {
                let low = try codeUnit(text, at: position + 6)
                guard low & 0xFC00 == 0xDC00 else { throw failure(.invalidUTF8) }
                position += 6
            }
            position += 6
        default:
            throw failure(.syntax)
        }
    }

    /// The number of a `\uXXXX` at an offset.
    private func codeUnit(_ text: Span<UInt8>, at offset: Int) throws(PayloadError) -> UInt16 {
        // What isn't an escape can't be the second half of a pair, however much of it is there.
        for (place, byte) in "\\u".utf8.enumerated() where offset + place < text.count {
            guard text[offset + place] == byte else { throw failure(.invalidUTF8) }
        }
        guard offset + 6 <= text.count else { throw PayloadError(.truncated, offset: text.count) }
        var unit: UInt16 = 0
        for place in 2..<6 {
            guard let digit = JSONText.hexDigit(text[offset + place]) else {
                throw PayloadError(.syntax, offset: offset + place)
            }
            unit = unit << 4 | UInt16(digit)
        }
        return unit
    }
}
