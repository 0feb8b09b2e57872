/// The digits of significands.
enum DecimalDigits {
    /// 10^0…10^38, all powers of ten that 128 bits hold.
    static let powers: [UInt128] = {
        var powers: [UInt128] = [1]
        for place in 0..<38 { powers.append(powers[place] * 10) }
        return powers
    }()

    /// How many digits it has; 0 for zero.
    static func count(of value: UInt128) -> Int {
        if value == 0 { return 0 }
        // log10(2) = 0.30103: from the bits, at most one too few.
        let estimate = ((128 - value.leadingZeroBitCount) * 1_233) >> 12
        return estimate < powers.count && value >= powers[estimate] ? estimate + 1 : estimate
    }

    /// - Parameter value: not zero.
    static func withoutTrailingZeros(_ value: UInt128) -> (digits: UInt128, zeros: Int) {
        var (digits, zeros) = (value, 0)
        // Most significands have 64 bits, whose division is far cheaper.
        while digits > UInt128(UInt64.max) {
            let (quotient, remainder) = digits.quotientAndRemainder(dividingBy: 10)
            guard remainder == 0 else { return (digits, zeros) }
            (digits, zeros) = (quotient, zeros + 1)
        }
        var small = UInt64(truncatingIfNeeded: digits)
        while small != 0, small.isMultiple(of: 10) { (small, zeros) = (small / 10, zeros + 1) }
        return (UInt128(small), zeros)
    }

    /// - Returns: nil where it doesn't fit.
    static func shifted(_ value: UInt128, by places: Int) -> UInt128? {
        if value == 0 || places == 0 { return value }
        guard places > 0, places < powers.count else { return nil }
        let (product, overflow) = value.multipliedReportingOverflow(by: powers[places])
        return overflow ? nil : product
    }
}
