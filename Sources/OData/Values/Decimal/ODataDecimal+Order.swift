extension ODataDecimal: Hashable, Comparable {
    public static func == (left: ODataDecimal, right: ODataDecimal) -> Bool {
        if left.exponent == right.exponent {
            return left.significandLow == right.significandLow && left.significandHigh == right.significandHigh
                && left.isNegative == right.isNegative
        }
        return left.isNegative == right.isNegative && compareMagnitudes(left, right) == 0
    }

    public static func < (left: ODataDecimal, right: ODataDecimal) -> Bool {
        if left.isNegative != right.isNegative { return left.isNegative }
        let order = compareMagnitudes(left, right)
        return left.isNegative ? order > 0 : order < 0
    }

    /// Equal numbers hash alike whatever their trailing zeros are.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(isNegative)
        if isZero { return hasher.combine(0) }
        let (digits, zeros) = DecimalDigits.withoutTrailingZeros(significand)
        hasher.combine(digits)
        hasher.combine(Int(exponent) + zeros)
    }

    /// - Returns: negative, zero or positive.
    private static func compareMagnitudes(_ left: ODataDecimal, _ right: ODataDecimal) -> Int {
        if left.isZero || right.isZero { return (left.isZero ? 0 : 1) - (right.isZero ? 0 : 1) }
        // The place of the first digit decides; where both have the same one, the exponents differ by 38 at most.
        let places = (
            DecimalDigits.count(of: left.significand) + Int(left.exponent),
            DecimalDigits.count(of: right.significand) + Int(right.exponent)
        )
        if places.0 != places.1 { return places.0 < places.1 ? -1 : 1 }
        let gap = Int(left.exponent) - Int(right.exponent)
        guard let first = DecimalDigits.shifted(left.significand, by: Swift.max(gap, 0)) else { return 1 }
        guard let second = DecimalDigits.shifted(right.significand, by: Swift.max(-gap, 0)) else { return -1 }
        return first == second ? 0 : first < second ? -1 : 1
    }
}
