import Testing

@testable import OData

@Suite("Decimal numbers are exact")
struct DecimalTests {
    @Test(arguments: [
        "0", "0.00", "-1", "1.20", "123456789012345678901234567890123456.78", "99999999999999999999999999999999999999",
        "0.00000000000000000000000000000000000001", "-0.5", "10000000000000000000", "18446744073709551616",
    ])
    func `a number of up to 38 digits prints as it was written`(text: String) throws {
        #expect(try valuesDecimal(text).description == text)
    }

    @Test(arguments: [
        ("+7", "7"), ("-0.00", "0.00"), ("007.50", "7.50"), ("1.5E-3", "0.0015"), ("1.5e3", "1500"), ("12E+2", "1200"),
        ("0E5", "0"), ("1E40", "1" + String(repeating: "0", count: 40)),
    ])
    func `other forms print in the plain one`(text: String, printed: String) throws {
        #expect(try valuesDecimal(text).description == printed)
    }

    @Test(arguments: [
        "", "-", "+", ".5", "5.", "1e", "1e+", "1.e3", "1,5", " 1", "1 ", "1..2", "0x1", "--1", "١٢", "1_0", "1.5M",
    ])
    func `another form is no number`(text: String) throws {
        #expect(ODataDecimal(text) == nil)
        #expect(throws: ValueError.malformed(.decimal)) { try valuesRead(text, as: .decimal, .v2) }
    }

    @Test(arguments: ["INF", "-INF", "NaN"])
    func `what is no finite number has the right form and no place`(text: String) {
        #expect(throws: ValueError.outOfRange(.decimal)) { try valuesRead(text, as: .decimal, .v401) }
    }

    @Test func `digits that don't fit are refused, never rounded`() {
        let forty = String(repeating: "9", count: 40)
        #expect(throws: ValueError.outOfRange(.decimal)) { try valuesRead(forty, as: .decimal, .v2) }
        #expect(throws: ValueError.outOfRange(.decimal)) { try valuesRead("0." + forty, as: .decimal, .v2) }
        // 2^128 and the number below it.
        #expect(ODataDecimal("340282366920938463463374607431768211456") == nil)
        #expect(ODataDecimal("340282366920938463463374607431768211455")?.significand == UInt128.max)
    }

    @Test func `zeros at the end of more digits than fit lose nothing`() throws {
        let number = "12." + String(repeating: "0", count: 60)
        #expect(try valuesDecimal(number) == 12)
        #expect(try valuesDecimal("1" + String(repeating: "0", count: 60)) == valuesDecimal("1E60"))
        #expect(try valuesDecimal("0." + String(repeating: "0", count: 100)) == 0)
    }

    @Test(arguments: [
        "1E999999999", "1E-999999999", "1E32768", "1E99999999999999999999", "10E-32770", "1E-99999999999999999999",
    ])
    func `an exponent beyond 16 bits is out of range`(text: String) {
        #expect(throws: ValueError.outOfRange(.decimal)) { try valuesRead(text, string: false, as: .decimal, .v4) }
    }

    @Test func `zero has whatever exponent`() throws {
        #expect(try valuesDecimal("0E999999999") == 0)
        #expect(try valuesDecimal("-0.0E-999999999") == 0)
        #expect(try valuesDecimal("0E999999999").hashValue == ODataDecimal.zero.hashValue)
    }

    @Test func `beyond forty zeros stands an exponent`() throws {
        #expect(try valuesDecimal("15E-60").description == "15E-60")
        #expect(try valuesDecimal("1E41").description == "1E41")
        #expect(ODataDecimal(significand: 1, exponent: .max).description == "1E32767")
        #expect(ODataDecimal(significand: 0, exponent: .max).description == "0")
    }

    @Test(arguments: [
        ("0.0", "0.00"), ("1.50", "1.5"), ("100", "1E2"), ("-3.0", "-3"), ("0", "-0"), ("1E32767", "10E32766"),
        ("340282366920938463463374607431768211450", "34028236692093846346337460743176821145E1"),
    ])
    func `equal numbers are equal and hash alike whatever their zeros`(one: String, other: String) throws {
        let (left, right) = (try valuesDecimal(one), try valuesDecimal(other))
        #expect(left == right)
        #expect(left.hashValue == right.hashValue)
        #expect(!(left < right) && !(right < left))
    }

    @Test func `the order is that of the numbers`() throws {
        let ascending = [
            "-1E32767", "-340282366920938463463374607431768211455", "-99", "-9.9", "-0.001", "0", "1E-32768", "0.1",
            "0.11",
            "9E18", "10000000000000000000", "99999999999999999999999999999999999999",
            "340282366920938463463374607431768211455", "9E38", "1E39", "1E32767",
        ]
        let numbers = try ascending.map(valuesDecimal)
        for (place, number) in numbers.enumerated() {
            for other in numbers[(place + 1)...] {
                #expect(number < other)
                #expect(!(other < number))
                #expect(number != other)
            }
        }
    }

    @Test(arguments: [
        ("0.125", 2, ODataDecimal.Rounding.halfEven, "0.12"), ("0.135", 2, .halfEven, "0.14"),
        ("0.125", 2, .halfUp, "0.13"),
        ("-0.125", 2, .halfUp, "-0.13"), ("-0.125", 2, .halfEven, "-0.12"), ("0.1251", 2, .halfEven, "0.13"),
        ("1.999", 2, .towardZero, "1.99"), ("-1.999", 0, .towardZero, "-1"), ("9.99", 1, .halfUp, "10.0"),
        ("5", 2, .halfUp, "5.00"), ("149", -2, .halfUp, "100"), ("150", -2, .halfEven, "200"),
        ("250", -2, .halfEven, "200"),
        ("1E-50", 3, .halfUp, "0.000"), ("0.5", 0, .halfEven, "0"), ("0.5", 0, .halfUp, "1"),
        ("340282366920938463463374607431768211455", -39, .halfUp, "0"),
        ("340282366920938463463374607431768211455", -38, .halfUp, "3" + String(repeating: "0", count: 38)),
    ])
    func `a scale is taken by the rule that is named`(
        text: String, places: Int, rounding: ODataDecimal.Rounding, expected: String
    ) throws {
        let scaled = try valuesDecimal(text).scaled(to: places, rounding: rounding)
        #expect(scaled.description == expected)
    }

    @Test func `a scale that the digits have no room for is out of range`() throws {
        let number = try valuesDecimal("99999999999999999999999999999999999999")
        #expect(throws: ValueError.outOfRange(.decimal)) { try number.scaled(to: 2, rounding: .halfUp) }
        #expect(throws: ValueError.outOfRange(.decimal)) { try number.scaled(to: .max, rounding: .halfUp) }
        #expect(throws: ValueError.outOfRange(.decimal)) { try number.scaled(to: .min, rounding: .halfUp) }
    }

    @Test(arguments: [
        ("0.1", "0.2", "0.3"), ("1.00", "-1", "0.00"), ("-5", "3.25", "-1.75"), ("99", "0.01", "99.01"),
        ("0", "1E100", "1E100"), ("1E100", "0", "1E100"), ("3E38", "3E38", "600000000000000000000000000000000000000"),
    ])
    func `sums are exact`(one: String, other: String, sum: String) throws {
        #expect(try valuesDecimal(one).adding(valuesDecimal(other)).description == sum)
        #expect(try valuesDecimal(sum).subtracting(valuesDecimal(other)) == valuesDecimal(one))
    }

    @Test(arguments: [("1.10", "2.0", "2.200"), ("-3", "0.5", "-1.5"), ("0", "-7", "0"), ("1E30", "1E30", "1E60")])
    func `products are exact`(one: String, other: String, product: String) throws {
        #expect(try valuesDecimal(one).multiplied(by: valuesDecimal(other)).description == product)
    }

    @Test func `a result that doesn't fit is an error`() throws {
        let largest = ODataDecimal(significand: .max)
        #expect(throws: ValueError.outOfRange(.decimal)) { try largest.adding(largest) }
        #expect(throws: ValueError.outOfRange(.decimal)) { try largest.multiplied(by: 3) }
        #expect(throws: ValueError.outOfRange(.decimal)) { try valuesDecimal("1E100").adding(valuesDecimal("1E-100")) }
        #expect(throws: ValueError.outOfRange(.decimal)) {
            try valuesDecimal("1E20000").multiplied(by: valuesDecimal("1E20000"))
        }
    }

    @Test func `integers come out exactly or not at all`() throws {
        #expect(Int64(exactly: try valuesDecimal("12.00")) == 12)
        #expect(Int64(exactly: try valuesDecimal("9.3E18")) == nil)
        #expect(Int64(exactly: try valuesDecimal("-9223372036854775808")) == .min)
        #expect(Int64(exactly: try valuesDecimal("9223372036854775808")) == nil)
        #expect(Int64(exactly: try valuesDecimal("1E2")) == 100)
        #expect(Int64(exactly: try valuesDecimal("1E400")) == nil)
        #expect(Int(exactly: try valuesDecimal("0.5")) == nil)
        #expect(Int(exactly: try valuesDecimal("0E-300")) == 0)
    }

    @Test func `binary floats come and go by name alone`() throws {
        #expect(try valuesDecimal("0.1").approximateDouble == 0.1)
        #expect(try valuesDecimal("-12345678901234567890123").approximateDouble == -12_345_678_901_234_567_741_440)
        #expect(ODataDecimal(approximating: 0.1) == (try valuesDecimal("0.1")))
        #expect(ODataDecimal(approximating: .nan) == nil)
        #expect(ODataDecimal(approximating: .infinity) == nil)
        #expect(try valuesDecimal("1E32767").approximateDouble == .infinity)
    }

    @Test func `scale and digits are counted`() throws {
        #expect(try valuesDecimal("1.20").scale == 2)
        #expect(try valuesDecimal("1.20").digitCount == 3)
        #expect(ODataDecimal.zero.digitCount == 1)
        #expect(ODataDecimal(significand: .max).digitCount == 39)
        #expect(try valuesDecimal("1.200").normalized.description == "1.2")
        for count in 1...38 {
            let power = DecimalDigits.powers[count]
            #expect(DecimalDigits.count(of: power) == count + 1)
            #expect(DecimalDigits.count(of: power - 1) == count)
        }
    }

    @Test func `ten million digits take one pass`() {
        let digits = [UInt8](repeating: UInt8(ascii: "7"), count: 10_000_000)
        #expect(throws: ValueError.outOfRange(.decimal)) { try valuesReadBytes(digits, as: .decimal, .v2) }
        var zeros = [UInt8](repeating: UInt8(ascii: "0"), count: 10_000_000)
        #expect(throws: Never.self) { try valuesReadBytes(zeros, as: .decimal, .v2) }
        zeros[0] = UInt8(ascii: "1")
        #expect(throws: ValueError.outOfRange(.decimal)) { try valuesReadBytes(zeros, as: .decimal, .v2) }
        zeros[1] = UInt8(ascii: ".")
        #expect(throws: Never.self) { try valuesReadBytes(zeros, as: .decimal, .v2) }
    }

    @Test func `what is printed reads as the same number`() throws {
        var random = ValuesRandom(seed: 1)
        for _ in 0..<20_000 {
            let number = random.decimal(exponents: -200...200)
            let read = try valuesDecimal(number.description)
            #expect(read == number)
            #expect(read.hashValue == number.hashValue)
            if number.exponent <= 0 { #expect(read.exponent == number.exponent) }
        }
    }

    @Test func `order, sums and scales agree with each other`() throws {
        var random = ValuesRandom(seed: 2)
        for _ in 0..<20_000 {
            let (one, other) = (random.decimal(exponents: -6...6), random.decimal(exponents: -6...6))
            #expect((one < other) == (other > one))
            #expect((one == other) == (!(one < other) && !(other < one)))
            if let difference = try? one.subtracting(other) {
                #expect((one < other) == difference.isNegative)
                #expect((one == other) == difference.isZero)
                if let sum = try? difference.adding(other) { #expect(sum == one) }
            }
            if let rounded = try? one.scaled(to: 2, rounding: .halfEven) {
                let half = try valuesDecimal("0.005")
                let error = try rounded.subtracting(one)
                #expect(error.magnitude <= half)
            }
        }
    }
}
