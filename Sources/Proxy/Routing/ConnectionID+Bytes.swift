internal import Domain

extension EntityID {
    /// The digits of Crockford's Base32 in lower case by byte; 255 for others.
    private static var digits: [UInt8] { TypeIDDigits.values }

    /// Parses the exact text form from bytes, without a string: what ``init(_:)`` accepts, and nothing else.
    init?(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        let prefix = Kind.prefix.utf8
        guard range.count == prefix.count + 27 else { return nil }
        var index = range.lowerBound
        for expected in prefix {
            guard bytes[index] == expected else { return nil }
            index += 1
        }
        guard bytes[index] == UInt8(ascii: "_"), bytes[index + 1] <= UInt8(ascii: "7") else { return nil }
        index += 1
        var high: UInt64 = 0
        var low: UInt64 = 0
        let digits = Self.digits
        while index < range.upperBound {
            let digit = digits[Int(bytes[index])]
            guard digit < 32 else { return nil }
            high = high << 5 | low >> 59
            low = low << 5 | UInt64(digit)
            index += 1
        }
        self.init(high: high, low: low)
    }
}

private enum TypeIDDigits {
    static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        for (digit, character) in "0123456789abcdefghjkmnpqrstvwxyz".utf8.enumerated() {
            values[Int(character)] = UInt8(digit)
        }
        return values
    }()
}
