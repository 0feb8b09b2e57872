/// The nearest binary float of a decimal number of up to 19 digits and no large exponent, which most numbers are.
///
/// Two ways, each with one rounding, to the nearest and from a half to the even one: both operands are floats that
/// hold them exactly, so that their quotient or product is the only one that is rounded; or an integer quotient of 64
/// bits whose remainder says on which side of a half it lies.
enum NearestFloat {
    /// - Returns: nil for numbers that need more than this.
    static func double(_ number: ScannedNumber) -> Double? {
        guard number.isComplete, number.followingCount == 0 else { return nil }
        let exponent = number.exponent
        if number.leading <= 1 << 53, exponent >= -22, exponent <= 22 {
            let value = Double(number.leading)
            return signed(exponent < 0 ? value / powers[-exponent] : value * powers[exponent], number)
        }
        guard let (significand, power) = quotient(number, bits: 53) else { return nil }
        // No quotient is near the ends of the range: 2^power is a float.
        return signed(Double(significand) * Double(bitPattern: UInt64(power + 1_023) << 52), number)
    }

    static func single(_ number: ScannedNumber) -> Float? {
        guard number.isComplete, number.followingCount == 0 else { return nil }
        let exponent = number.exponent
        if number.leading <= 1 << 24, exponent >= -10, exponent <= 10 {
            let value = Float(number.leading)
            let power = Float(powers[abs(exponent)])
            return signed(exponent < 0 ? value / power : value * power, number)
        }
        guard let (significand, power) = quotient(number, bits: 24) else { return nil }
        return signed(Float(significand) * Float(bitPattern: UInt32(power + 127) << 23), number)
    }

    private static func signed<Value: FloatingPoint>(_ value: Value, _ number: ScannedNumber) -> Value {
        number.isNegative ? -value : value
    }

    /// `leading / 10^-exponent` as `significand × 2^power`, rounded to so many bits.
    ///
    /// - Returns: nil for an exponent beyond −19…0, and for zero.
    private static func quotient(_ number: ScannedNumber, bits: Int) -> (significand: UInt64, power: Int)? {
        guard number.exponent <= 0, number.exponent >= -19, number.leading != 0 else { return nil }
        let divisor = divisors[-number.exponent]
        let zeros = (number.leading.leadingZeroBitCount, divisor.leadingZeroBitCount)
        let (dividend, unit) = (number.leading << UInt64(zeros.0), divisor << UInt64(zeros.1))
        // Both have their first bit set; a halved dividend is below the divisor, so that the quotient has 64 bits, all
        // used.
        let isHalved = dividend >= unit
        let (quotient, remainder) = unit.dividingFullWidth(
            isHalved ? (dividend >> 1, dividend << 63) : (dividend, 0))
        let dropped = UInt64(64 - bits)
        let (rest, half) = (quotient & (1 << dropped - 1), UInt64(1) << (dropped - 1))
        var significand = quotient >> dropped
        let isAboveHalf = rest > half || (rest == half && remainder != 0)
        if isAboveHalf || (rest == half && !significand.isMultiple(of: 2)) { significand += 1 }
        return (significand, zeros.1 - zeros.0 - 64 + (isHalved ? 1 : 0) + Int(dropped))
    }

    /// Powers of ten that a float of 64 bits holds exactly.
    private static let powers: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]
    /// Those of 64 bits.
    private static let divisors: [UInt64] = {
        var divisors: [UInt64] = [1]
        for place in 0..<19 { divisors.append(divisors[place] * 10) }
        return divisors
    }()
}
