/// What texts of values are made of, read from bytes; no form has a byte beyond ASCII but in strings.
extension Span where Element == UInt8 {
    /// The decimal digit at a place: 0…9, or more than 9 for anything else.
    @inline(__always)
    func digit(at place: Int) -> UInt8 { self[place] &- UInt8(ascii: "0") }

    /// Two decimal digits; nil where there are others.
    @inline(__always)
    func twoDigits(at place: Int) -> Int? {
        guard place + 2 <= count else { return nil }
        let (high, low) = (digit(at: place), digit(at: place + 1))
        guard high < 10, low < 10 else { return nil }
        return Int(high) * 10 + Int(low)
    }

    @inline(__always)
    func has(_ byte: Unicode.Scalar, at place: Int) -> Bool { place < count && self[place] == UInt8(ascii: byte) }

    /// Whether it is this text.
    func equals(_ text: String) -> Bool { count == text.utf8.count && starts(with: text) }

    /// - Parameter text: in small letters, if case doesn't matter.
    func starts(with text: String, ignoringCase: Bool = false) -> Bool {
        let expected = text.utf8Span.span
        guard count >= expected.count else { return false }
        for place in expected.indices {
            let mine = ignoringCase ? self[place].lowercasedASCII : self[place]
            if mine != expected[place] { return false }
        }
        return true
    }

    /// The text as a string; nil where it is no UTF-8.
    func string() -> String? {
        do {
            return String(copying: try UTF8Span(validating: self))
        } catch {
            return nil
        }
    }
}

extension UInt8 {
    var lowercasedASCII: UInt8 { self >= UInt8(ascii: "A") && self <= UInt8(ascii: "Z") ? self | 0x20 : self }

    /// 0…15; nil where it is no hexadecimal digit.
    var hexDigitValue: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self &- UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self &- UInt8(ascii: "a") &+ 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self &- UInt8(ascii: "A") &+ 10
        default: nil
        }
    }
}

extension [UInt8] {
    mutating func append(ascii byte: Unicode.Scalar) { append(UInt8(ascii: byte)) }

    mutating func append(text: String) { append(contentsOf: text.utf8) }

    /// A number that isn't negative, with zeros in front up to a width.
    mutating func append(_ number: Int, width: Int) {
        var divisor = 1
        for _ in 1..<Swift.max(width, 1) { divisor *= 10 }
        while number / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
            divisor /= 10
        }
    }

    /// The fraction of a second, without zeros at its end; nothing where it is zero.
    mutating func append(picoseconds: Int) {
        guard picoseconds != 0 else { return }
        append(ascii: ".")
        append(picoseconds, width: 12)
        while last == UInt8(ascii: "0") { removeLast() }
    }

    /// What is known to be ASCII.
    var asciiString: String { String(decoding: self, as: UTF8.self) }
}
