extension ODataDecimal {
    /// What becomes of digits that a smaller scale has no place for.
    public enum Rounding: Sendable, Hashable {
        /// To the nearest, a half to the even neighbour: 0.125 to 0.12, 0.135 to 0.14.
        case halfEven
        /// To the nearest, a half away from zero: 0.125 to 0.13.
        case halfUp
        /// They are cut off.
        case towardZero
    }

    /// The number with so many digits after the point.
    ///
    /// - Parameter places: negative ones round tens, hundreds and so on.
    /// - Throws: `.outOfRange` where the digits don't fit.
    public func scaled(to places: Int, rounding: Rounding) throws(ValueError) -> ODataDecimal {
        guard places > Int(Int16.min), places < Int(Int16.max) else { throw .outOfRange(.decimal) }
        let dropped = -places - Int(exponent)
        if dropped <= 0 {
            guard let digits = DecimalDigits.shifted(significand, by: -dropped) else { throw .outOfRange(.decimal) }
            return ODataDecimal(significand: digits, exponent: Int16(-places), isNegative: isNegative)
        }
        let digits = Self.rounded(significand, dropping: dropped, rounding)
        return ODataDecimal(significand: digits, exponent: Int16(-places), isNegative: isNegative)
    }

    private static func rounded(_ digits: UInt128, dropping count: Int, _ rounding: Rounding) -> UInt128 {
        // 2^128 is less than half of 10^39.
        guard count < DecimalDigits.powers.count else { return 0 }
        let unit = DecimalDigits.powers[count]
        let (quotient, remainder) = digits.quotientAndRemainder(dividingBy: unit)
        let half = unit / 2
        let goesUp =
            switch rounding {
            case .halfEven: remainder > half || (remainder == half && !quotient.isMultiple(of: 2))
            case .halfUp: remainder >= half
            case .towardZero: false
            }
        return goesUp ? quotient + 1 : quotient
    }

    /// The exact sum, with the larger scale of both.
    ///
    /// - Throws: `.outOfRange` where its digits don't fit, even without trailing zeros.
    public func adding(_ other: ODataDecimal) throws(ValueError) -> ODataDecimal {
        if let sum = Self.sum(self, other) { return sum }
        // Zero adds nothing but its scale, for which there is no place here.
        if isZero || other.isZero { return isZero ? other : self }
        guard let sum = Self.sum(normalized, other.normalized) else { throw .outOfRange(.decimal) }
        return sum
    }

    /// The exact difference; see `adding`.
    public func subtracting(_ other: ODataDecimal) throws(ValueError) -> ODataDecimal { try adding(other.negated) }

    /// The exact product, with the sum of both scales.
    ///
    /// - Throws: `.outOfRange` where its digits don't fit, even without trailing zeros.
    public func multiplied(by other: ODataDecimal) throws(ValueError) -> ODataDecimal {
        if let product = Self.product(self, other) { return product }
        guard let product = Self.product(normalized, other.normalized) else { throw .outOfRange(.decimal) }
        return product
    }

    private static func sum(_ left: ODataDecimal, _ right: ODataDecimal) -> ODataDecimal? {
        let exponent = Swift.min(left.exponent, right.exponent)
        guard let first = DecimalDigits.shifted(left.significand, by: Int(left.exponent) - Int(exponent)),
            let second = DecimalDigits.shifted(right.significand, by: Int(right.exponent) - Int(exponent))
        else { return nil }
        if left.isNegative == right.isNegative {
            let (digits, overflow) = first.addingReportingOverflow(second)
            return overflow ? nil : ODataDecimal(significand: digits, exponent: exponent, isNegative: left.isNegative)
        }
        return first >= second
            ? ODataDecimal(significand: first - second, exponent: exponent, isNegative: left.isNegative)
            : ODataDecimal(significand: second - first, exponent: exponent, isNegative: right.isNegative)
    }

    private static func product(_ left: ODataDecimal, _ right: ODataDecimal) -> ODataDecimal? {
        let (digits, overflow) = left.significand.multipliedReportingOverflow(by: right.significand)
        guard !overflow, let exponent = Int16(exactly: Int(left.exponent) + Int(right.exponent)) else { return nil }
        return ODataDecimal(significand: digits, exponent: exponent, isNegative: left.isNegative != right.isNegative)
    }
}
