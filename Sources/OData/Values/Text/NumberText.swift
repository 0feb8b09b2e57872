/// Integers and binary floats, read from bytes and written.
enum NumberText {
    /// Longer texts of binary floats are refused: an exact rounding needs fewer than 800 digits.
    static let maxFloatBytes = 2_048

    /// `[sign] digits`.
    ///
    /// - Throws: `.malformed` for another form, `.outOfRange` for more than 64 bits.
    @inline(__always)
    static func integer(_ text: Span<UInt8>, as type: PrimitiveType) throws(ValueError) -> Int64 {
        let isNegative = text.has("-", at: 0)
        var place = isNegative || text.has("+", at: 0) ? 1 : 0
        guard place < text.count else { throw .malformed(type) }
        if text.count > 18 { return try longInteger(text, from: place, isNegative: isNegative, as: type) }
        var value: Int64 = 0
        while place < text.count {
            let digit = text.digit(at: place)
            guard digit < 10 else { throw .malformed(type) }
            value = value &* 10 &+ Int64(digit)
            place += 1
        }
        return isNegative ? 0 &- value : value
    }

    private static func longInteger(
        _ text: Span<UInt8>, from start: Int, isNegative: Bool, as type: PrimitiveType
    ) throws(ValueError) -> Int64 {
        var value: Int64 = 0
        var isTooLong = false
        for place in start..<text.count {
            let digit = text.digit(at: place)
            guard digit < 10 else { throw .malformed(type) }
            // Downwards, so that the least number fits.
            let (tenfold, first) = value.multipliedReportingOverflow(by: 10)
            let (next, second) = tenfold.subtractingReportingOverflow(Int64(digit))
            isTooLong = isTooLong || first || second
            value = next
        }
        if isTooLong || (!isNegative && value == .min) { throw .outOfRange(type) }
        return isNegative ? value : -value
    }

    /// A number in either notation, or `INF`, `-INF`, `NaN`; rounded once, to the nearest.
    ///
    /// - Throws: `.outOfRange` for what would become infinite, and for more than 2,048 bytes.
    static func double(_ text: Span<UInt8>) throws(ValueError) -> Double {
        guard let number = ScannedNumber(text) else { return try notFinite(text, as: .double) }
        if let value = NearestFloat.double(number) { return value }
        guard text.count <= maxFloatBytes, let value = text.string().flatMap({ Double($0) }), value.isFinite
        else { throw .outOfRange(.double) }
        return value
    }

    /// As `double`, and not by way of one: that would round twice.
    static func single(_ text: Span<UInt8>) throws(ValueError) -> Float {
        guard let number = ScannedNumber(text) else { return Float(try notFinite(text, as: .single)) }
        if let value = NearestFloat.single(number) { return value }
        guard text.count <= maxFloatBytes, let value = text.string().flatMap({ Float($0) }), value.isFinite
        else { throw .outOfRange(.single) }
        return value
    }

    static func notFinite(_ text: Span<UInt8>, as type: PrimitiveType) throws(ValueError) -> Double {
        if text.equals("INF") { return .infinity }
        if text.equals("-INF") { return -.infinity }
        if text.equals("NaN") { return .nan }
        throw .malformed(type)
    }

    /// The shortest text that reads as the same number, with `E` and without a `+`, which a query would turn into a
    /// blank.
    static func text(of value: Double) -> String { value.isFinite ? plain(value.description) : special(value) }
    static func text(of value: Float) -> String { value.isFinite ? plain(value.description) : special(Double(value)) }

    private static func plain(_ description: String) -> String {
        guard description.utf8.contains(UInt8(ascii: "e")) else { return description }
        var text: [UInt8] = []
        for byte in description.utf8 where byte != UInt8(ascii: "+") {
            text.append(byte == UInt8(ascii: "e") ? UInt8(ascii: "E") : byte)
        }
        return text.asciiString
    }

    private static func special(_ value: Double) -> String { value.isNaN ? "NaN" : value < 0 ? "-INF" : "INF" }
}
