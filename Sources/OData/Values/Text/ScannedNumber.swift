/// A decimal number as it is written: `[sign] digits [. digits] [e [sign] digits]` (`decimalValue` of the OData ABNF,
/// §7).
///
/// One pass, of any length; only the first 38 digits that count are kept.
struct ScannedNumber {
    var isNegative = false
    /// The first 19 digits without sign, point and leading zeros.
    var leading: UInt64 = 0
    /// The next 19 digits, and how many there are.
    var following: UInt64 = 0
    var followingCount = 0
    /// Whether these are all digits.
    var isComplete = true
    /// The value is all digits × 10^exponent; within ±10^8 whatever the text says.
    var exponent = 0
    /// No point and no exponent.
    var isInteger = true

    private static let exponentBound = 100_000_000

    /// - Returns: nil where the text has another form.
    @inline(__always)
    init?(_ text: Span<UInt8>) {
        var place = 0
        if text.has("-", at: 0) {
            (isNegative, place) = (true, 1)
        } else if text.has("+", at: 0) {
            place = 1
        }
        guard readDigits(of: text, at: &place) > 0 else { return nil }
        if text.has(".", at: place) {
            (isInteger, place) = (false, place + 1)
            let fraction = readDigits(of: text, at: &place)
            guard fraction > 0 else { return nil }
            exponent = -fraction
        }
        if place < text.count { guard readExponent(of: text, at: &place) else { return nil } }
        exponent = Swift.max(-Self.exponentBound, Swift.min(exponent, Self.exponentBound))
    }

    /// - Returns: how many digits there are.
    @inline(__always)
    private mutating func readDigits(of text: Span<UInt8>, at place: inout Int) -> Int {
        let start = place
        var value = leading
        while place < text.count {
            let digit = text.digit(at: place)
            guard digit < 10 else { break }
            if value < 1_000_000_000_000_000_000 {
                value = value &* 10 &+ UInt64(digit)
            } else {
                keep(digit)
            }
            place += 1
        }
        leading = value
        return place - start
    }

    private mutating func keep(_ digit: UInt8) {
        guard followingCount < 19 else { return isComplete = false }
        following = following * 10 + UInt64(digit)
        followingCount += 1
    }

    private mutating func readExponent(of text: Span<UInt8>, at place: inout Int) -> Bool {
        guard text[place].lowercasedASCII == UInt8(ascii: "e") else { return false }
        (isInteger, place) = (false, place + 1)
        var sign = 1
        if text.has("-", at: place) {
            (sign, place) = (-1, place + 1)
        } else if text.has("+", at: place) {
            place += 1
        }
        guard place < text.count else { return false }
        var value = 0
        while place < text.count {
            let digit = text.digit(at: place)
            guard digit < 10 else { return false }
            value = Swift.min(value * 10 + Int(digit), Self.exponentBound)
            place += 1
        }
        exponent += sign * value
        return true
    }
}
