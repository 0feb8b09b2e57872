/// A decimal number of up to 38 digits with its scale, exact (`Edm.Decimal`); it never passes through a binary float.
///
/// Trailing zeros are kept: `0.00` prints as `0.00`. Equality and order are those of the numbers: `0.0 == 0.00`.
///
/// Every number of 38 digits fits, and those of 39 up to 2^128 − 1. Zero has no sign.
public struct ODataDecimal: Sendable {
    // In two halves, so that a decimal has the alignment of 64 bits.
    var significandHigh: UInt64
    var significandLow: UInt64
    /// The value is `significand × 10^exponent`.
    public let exponent: Int16
    /// Never true of zero.
    public let isNegative: Bool

    /// The digits without sign and point.
    public var significand: UInt128 { UInt128(significandHigh) << 64 | UInt128(significandLow) }

    /// `±significand × 10^exponent`.
    public init(significand: UInt128, exponent: Int16 = 0, isNegative: Bool = false) {
        significandHigh = UInt64(truncatingIfNeeded: significand >> 64)
        significandLow = UInt64(truncatingIfNeeded: significand)
        (self.exponent, self.isNegative) = (exponent, isNegative && significand != 0)
    }
}

extension ODataDecimal {
    /// Without digits after the point.
    public static let zero = ODataDecimal(significand: 0)

    /// The integer, with scale 0.
    public init(_ value: Int) { self.init(significand: UInt128(value.magnitude), isNegative: value < 0) }
    /// The integer, with scale 0.
    public init(_ value: Int64) { self.init(significand: UInt128(value.magnitude), isNegative: value < 0) }

    /// Zero of any scale.
    public var isZero: Bool { significandLow == 0 && significandHigh == 0 }

    /// Digits after the point, trailing zeros among them: 2 for `0.00`.
    public var scale: Int { Swift.max(0, -Int(exponent)) }

    /// Digits without leading zeros: 3 for `1.20`, 1 for zero.
    public var digitCount: Int { Swift.max(1, DecimalDigits.count(of: significand)) }

    /// The same digits with the other sign.
    public var negated: ODataDecimal {
        ODataDecimal(significand: significand, exponent: exponent, isNegative: !isNegative)
    }

    /// The same digits without sign.
    public var magnitude: ODataDecimal { ODataDecimal(significand: significand, exponent: exponent) }

    /// The same number without trailing zeros: `1.2` for `1.200`, `12 × 10^2` for `1200`.
    public var normalized: ODataDecimal {
        if isZero { return .zero }
        let (digits, zeros) = DecimalDigits.withoutTrailingZeros(significand)
        // Zeros beyond what the exponent can say stay digits.
        guard let larger = Int16(exactly: Int(exponent) + zeros) else { return self }
        return ODataDecimal(significand: digits, exponent: larger, isNegative: isNegative)
    }

    /// The nearest binary float, for what is measured and not counted; amounts lose their exactness there.
    public var approximateDouble: Double { Double("\(significand)E\(exponent)").map { isNegative ? -$0 : $0 } ?? .nan }

    /// The number that the float prints as, which is the shortest that reads as the same float.
    ///
    /// - Returns: nil for what isn't finite, or has an exponent out of range.
    public init?(approximating value: Double) {
        guard value.isFinite else { return nil }
        self.init(value.description)
    }
}

extension ODataDecimal: ExpressibleByIntegerLiteral {
    /// The integer, with scale 0.
    public init(integerLiteral value: Int) { self.init(value) }
}

extension Int64 {
    /// - Returns: nil for a number with a fraction that isn't zero, or beyond 64 bits.
    public init?(exactly value: ODataDecimal) {
        guard let whole = try? value.scaled(to: 0, rounding: .towardZero), whole == value else { return nil }
        let number = Int128(truncatingIfNeeded: whole.significand)
        guard whole.significand <= UInt128(UInt64.max), let exact = Int64(exactly: whole.isNegative ? -number : number)
        else { return nil }
        self = exact
    }
}

extension Int {
    /// - Returns: nil for a number with a fraction that isn't zero, or beyond `Int`.
    public init?(exactly value: ODataDecimal) {
        guard let exact = Int64(exactly: value), let fitting = Int(exactly: exact) else { return nil }
        self = fitting
    }
}
