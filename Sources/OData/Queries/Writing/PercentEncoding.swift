/// Percent-encoding for the places that a query has (RFC 3986 §3.3, §3.4; OData 4.01 part 2 §2).
///
/// A space is `%20` and a plus `%2B` everywhere: SAP's services read `+` in an option as a space.
enum PercentEncoding {
    /// A segment of a path: a slash in it is none that separates.
    static func pathSegment(_ text: String) -> String { encoded(text, keeping: pathBytes) }

    /// The value of an option of the protocol.
    static func optionValue(_ text: String) -> String { encoded(text, keeping: valueBytes) }

    /// A custom option's name or value: no `=` in it is the one between them.
    static func customPart(_ text: String) -> String { encoded(text, keeping: customBytes) }

    /// The bytes that a text with `%XX` stands for; UTF-8 that is none is refused, and so is half an escape.
    ///
    /// - Parameter plusIsSpace: as forms have it.
    /// - Returns: nil if there is such a thing.
    static func decoded(_ bytes: ArraySlice<UInt8>, plusIsSpace: Bool = false) -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var place = bytes.startIndex
        while place < bytes.endIndex {
            let byte = bytes[place]
            if byte == UInt8(ascii: "%") {
                guard bytes.endIndex - place > 2, let high = digit(bytes[place + 1]), let low = digit(bytes[place + 2])
                else { return nil }
                result.append(high << 4 | low)
                place += 3
            } else {
                result.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
                place += 1
            }
        }
        return String(validating: result, as: UTF8.self) == nil ? nil : result
    }

    /// Where in encoded text a byte of the decoded one comes from.
    static func encodedOffset(of offset: Int, in bytes: ArraySlice<UInt8>) -> Int {
        var (place, seen) = (bytes.startIndex, 0)
        while place < bytes.endIndex, seen < offset {
            place += bytes[place] == UInt8(ascii: "%") ? 3 : 1
            seen += 1
        }
        return min(place, bytes.endIndex)
    }

    private static func encoded(_ text: String, keeping kept: [Bool]) -> String {
        var result: [UInt8] = []
        result.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            if kept[Int(byte)] {
                result.append(byte)
            } else {
                result.append(UInt8(ascii: "%"))
                result.append(hexDigits[Int(byte >> 4)])
                result.append(hexDigits[Int(byte & 15)])
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    private static func table(_ others: String) -> [Bool] {
        let unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
        var kept = [Bool](repeating: false, count: 256)
        for byte in (unreserved + others).utf8 { kept[Int(byte)] = true }
        return kept
    }

    private static let hexDigits = Array("0123456789ABCDEF".utf8)
    private static let pathBytes = table("$'(),=:@!*")
    private static let valueBytes = table("$'(),=:@!*/;")
    private static let customBytes = table("'(),:@!*/")
}
