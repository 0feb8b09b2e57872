extension ODataDecimal: LosslessStringConvertible {
    /// Up to so many zeros are written out before the first digit or after the last one; beyond, `E` stands instead.
    static let maxWrittenZeros = 40

    /// - Parameter text: `[sign] digits [. digits] [e [sign] digits]`, in ASCII, nothing around it.
    /// - Returns: nil for another form, for digits that don't fit, and for an exponent beyond ±32,767.
    public init?(_ text: String) {
        let utf8 = text.utf8Span
        guard let value = try? ODataDecimal(text: utf8.span) else { return nil }
        self = value
    }

    /// Zeros at the end of more digits than fit are kept in the exponent; no other digit is ever dropped.
    ///
    /// - Throws: `.malformed` for another form, `.outOfRange` for what the type can't hold, `INF` and `NaN` among it.
    init(text: Span<UInt8>) throws(ValueError) {
        guard let number = ScannedNumber(text) else {
            _ = try NumberText.notFinite(text, as: .decimal)
            throw .outOfRange(.decimal)
        }
        if number.isComplete, let exponent = Int16(exactly: number.exponent) {
            var significand = UInt128(number.leading)
            if number.followingCount > 0 {
                significand = significand * DecimalDigits.powers[number.followingCount] + UInt128(number.following)
            }
            self.init(significand: significand, exponent: exponent, isNegative: number.isNegative)
        } else {
            self = try Self.long(text, number)
        }
    }

    private static func long(_ text: Span<UInt8>, _ number: ScannedNumber) throws(ValueError) -> ODataDecimal {
        guard let (significand, zeros) = allDigits(of: text) else { throw .outOfRange(.decimal) }
        if significand == 0 {
            // No digit is lost where a zero's scale is cut.
            let exponent = Int16(clamping: number.exponent)
            return ODataDecimal(significand: 0, exponent: exponent, isNegative: false)
        }
        var (digits, missing) = (significand, zeros)
        while missing > 0, let tenfold = DecimalDigits.shifted(digits, by: 1) {
            (digits, missing) = (tenfold, missing - 1)
        }
        guard let exponent = Int16(exactly: number.exponent + missing) else { throw .outOfRange(.decimal) }
        return ODataDecimal(significand: digits, exponent: exponent, isNegative: number.isNegative)
    }

    /// - Returns: the digits without the zeros at their end, and how many these are; nil where they don't fit.
    private static func allDigits(of text: Span<UInt8>) -> (significand: UInt128, zeros: Int)? {
        var (significand, zeros): (UInt128, Int) = (0, 0)
        for place in text.indices {
            let digit = text.digit(at: place)
            if text[place].lowercasedASCII == UInt8(ascii: "e") { break }
            guard digit < 10 else { continue }
            if digit == 0 {
                if significand != 0 { zeros += 1 }
                continue
            }
            guard let shifted = DecimalDigits.shifted(significand, by: zeros + 1) else { return nil }
            let (sum, overflow) = shifted.addingReportingOverflow(UInt128(digit))
            if overflow { return nil }
            (significand, zeros) = (sum, 0)
        }
        return (significand, zeros)
    }

    /// Digits and a point, with all zeros; `15E-60` only where more than 40 zeros would have to be written.
    public var description: String {
        var text: [UInt8] = []
        append(to: &text)
        return text.asciiString
    }

    /// Whether `description` needs an exponent, which version 2 has no form for.
    var needsExponent: Bool {
        exponent > 0
            ? Int(exponent) > Self.maxWrittenZeros && !isZero : -Int(exponent) - digitCount > Self.maxWrittenZeros
    }

    func append(to text: inout [UInt8]) {
        if isNegative { text.append(ascii: "-") }
        let digits = significandHigh == 0 ? String(significandLow) : String(significand)
        if exponent == 0 { return text.append(text: digits) }
        if needsExponent {
            text.append(text: digits)
            text.append(ascii: "E")
            return text.append(text: String(exponent))
        }
        let utf8 = digits.utf8
        if exponent > 0 {
            text.append(contentsOf: utf8)
            if !isZero { text.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: Int(exponent))) }
            return
        }
        let whole = utf8.count + Int(exponent)
        if whole > 0 {
            text.append(contentsOf: utf8.prefix(whole))
        } else {
            text.append(ascii: "0")
        }
        text.append(ascii: ".")
        if whole < 0 { text.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: -whole)) }
        text.append(contentsOf: utf8.dropFirst(Swift.max(whole, 0)))
    }
}
