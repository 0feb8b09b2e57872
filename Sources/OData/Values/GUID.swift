/// `Edm.Guid`: 16 bytes in the order in which they are written.
public struct GUID: Sendable, Hashable {
    /// The first eight bytes, the first one highest.
    public let high: UInt64
    /// The last eight bytes.
    public let low: UInt64

    public init(high: UInt64, low: UInt64) { (self.high, self.low) = (high, low) }
}

extension GUID: LosslessStringConvertible, Comparable {
    /// - Parameter text: `8-4-4-4-12` hexadecimal digits of either case; nil for anything else, braces among it.
    public init?(_ text: String) {
        let utf8 = text.utf8Span
        guard let value = GUID(text: utf8.span) else { return nil }
        self = value
    }

    init?(text: Span<UInt8>) {
        guard text.count == 36 else { return nil }
        var (high, low): (UInt64, UInt64) = (0, 0)
        for place in 0..<36 {
            switch place {
            case 8, 13, 18, 23:
                guard text[place] == UInt8(ascii: "-") else { return nil }
            default:
                guard let digit = text[place].hexDigitValue else { return nil }
                high = high << 4 | low >> 60
                low = low << 4 | UInt64(digit)
            }
        }
        (self.high, self.low) = (high, low)
    }

    /// In small letters.
    public var description: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for place in 0..<32 {
            if place == 8 || place == 12 || place == 16 || place == 20 { text.append(ascii: "-") }
            let half = place < 16 ? high : low
            text.append(digits[Int(half >> UInt64(60 - 4 * (place & 15)) & 15)])
        }
        return text.asciiString
    }

    /// The 16 bytes, the first one first.
    public var bytes: [UInt8] {
        (0..<16).map { UInt8(truncatingIfNeeded: ($0 < 8 ? high : low) >> UInt64(56 - 8 * ($0 & 7))) }
    }

    /// - Parameter bytes: 16 of them; nil for another number.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        (high, low) = (
            bytes[..<8].reduce(0) { $0 << 8 | UInt64($1) }, bytes[8...].reduce(0) { $0 << 8 | UInt64($1) }
        )
    }

    /// As the texts compare.
    public static func < (left: GUID, right: GUID) -> Bool { (left.high, left.low) < (right.high, right.low) }
}
