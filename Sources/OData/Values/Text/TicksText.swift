/// `/Date(milliseconds[±minutes])/` of version 2's JSON (MS-ODATA §2.2.6.3.1).
///
/// The milliseconds are those since 1970 in UTC; the offset is what to add for the local time, in minutes and not in
/// hours and minutes: `+0120` is two hours.
struct TicksText {
    var milliseconds: Int64
    /// nil where none is written.
    var offsetMinutes: Int?

    static func isTicks(_ text: Span<UInt8>) -> Bool { text.has("/", at: 0) }

    init(_ text: Span<UInt8>, as type: PrimitiveType) throws(ValueError) {
        let end = text.count - 2
        guard text.starts(with: "/Date("), end > 6, text.has(")", at: end), text.has("/", at: end + 1)
        else { throw .malformed(type) }
        var place = text.has("-", at: 6) ? 7 : 6
        let first = place
        var value: Int64 = 0
        while place < end {
            let digit = text.digit(at: place)
            guard digit < 10 else { break }
            // 18 digits fit; with more the years don't, and the digits are only read on.
            if place - first < 18 { value = value &* 10 &+ Int64(digit) }
            place += 1
        }
        guard place > first else { throw .malformed(type) }
        let offset = place < end ? try Self.offset(text.extracting(place..<end), as: type) : nil
        if place - first > 18 { throw .outOfRange(type) }
        (milliseconds, offsetMinutes) = (first == 7 ? -value : value, offset)
    }

    /// A sign and one to four digits.
    private static func offset(_ text: Span<UInt8>, as type: PrimitiveType) throws(ValueError) -> Int {
        guard text.has("+", at: 0) || text.has("-", at: 0), text.count <= 5 else { throw .malformed(type) }
        return Int(try NumberText.integer(text, as: type))
    }

    init(milliseconds: Int64, offsetMinutes: Int? = nil) {
        (self.milliseconds, self.offsetMinutes) = (milliseconds, offsetMinutes)
    }

    /// The wall time that it shows: with its offset, if it has one.
    func wallTime() throws(ValueError) -> LocalDateTime {
        let (shifted, overflow) = milliseconds.addingReportingOverflow(Int64(offsetMinutes ?? 0) * 60_000)
        guard !overflow, let local = LocalDateTime(millisecondsOnTheClock: shifted)
        else { throw .outOfRange(.dateTime) }
        return local
    }

    func instant() throws(ValueError) -> OffsetDateTime {
        guard let local = try? wallTime(), let instant = OffsetDateTime(local, offsetMinutes: offsetMinutes ?? 0)
        else { throw .outOfRange(.dateTimeOffset) }
        return instant
    }

    var text: String {
        guard let offsetMinutes else { return "/Date(\(milliseconds))/" }
        var bytes = Array("/Date(\(milliseconds)".utf8)
        bytes.append(ascii: offsetMinutes < 0 ? "-" : "+")
        bytes.append(abs(offsetMinutes), width: 4)
        bytes.append(contentsOf: ")/".utf8)
        return bytes.asciiString
    }
}
