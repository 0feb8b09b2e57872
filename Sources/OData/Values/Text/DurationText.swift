/// Spans as text: `[-]P[nD][T[nH][nM][n[.f]S]]` (`durationValue` of the OData ABNF, XML Schema's dayTimeDuration).
enum DurationText {
    /// Years and months of XML Schema's `duration` are accepted where they are zero, as in `P0Y0M0DT10H`: no type
    /// counts them.
    ///
    /// - Throws: `.outOfRange` beyond 2^63 seconds, and for years or months that aren't zero.
    static func duration(_ text: Span<UInt8>, as type: PrimitiveType) throws(ValueError) -> ODataDuration {
        let isNegative = text.has("-", at: 0)
        var place = isNegative ? 1 : 0
        guard text.has("P", at: place), place + 2 < text.count else { throw .malformed(type) }
        place += 1
        var parts = Parts()
        while place < text.count {
            if text[place] == UInt8(ascii: "T") {
                guard !parts.isTime, place + 1 < text.count else { throw .malformed(type) }
                (parts.isTime, parts.rank) = (true, 3)
                place += 1
            }
            try parts.readOne(of: text, at: &place, as: type)
        }
        // Counted downwards, so that the least number fits.
        if isNegative { return ODataDuration(uncheckedSeconds: parts.seconds, fraction: -parts.picoseconds) }
        guard parts.seconds != .min else { throw .outOfRange(type) }
        return ODataDuration(uncheckedSeconds: -parts.seconds, fraction: parts.picoseconds)
    }

    private struct Parts {
        /// Negative, or zero.
        var seconds: Int64 = 0
        var picoseconds = 0
        var isTime = false
        /// Of the last designator that was read; they come in order, once each.
        var rank = 0

        mutating func readOne(of text: Span<UInt8>, at place: inout Int, as type: PrimitiveType) throws(ValueError) {
            let start = place
            while place < text.count, text.digit(at: place) < 10 { place += 1 }
            guard place > start, place < text.count else { throw .malformed(type) }
            let count = try NumberText.integer(text.extracting(start..<place), as: type)
            var hasFraction = false
            if text.has(".", at: place) {
                picoseconds = try DateText.fraction(in: text, at: &place, as: type)
                hasFraction = true
            }
            guard place < text.count, let unit = Unit(text[place], isTime: isTime), unit.rank > rank,
                !hasFraction || unit.rank == Unit.secondRank
            else { throw .malformed(type) }
            place += 1
            rank = unit.rank
            try add(count, unit, as: type)
        }

        private mutating func add(_ count: Int64, _ unit: Unit, as type: PrimitiveType) throws(ValueError) {
            guard let length = unit.seconds else {
                if count != 0 { throw .outOfRange(type) }
                return
            }
            let (span, first) = count.multipliedReportingOverflow(by: length)
            let (sum, second) = seconds.subtractingReportingOverflow(span)
            if first || second { throw .outOfRange(type) }
            seconds = sum
        }
    }

    private struct Unit {
        static let secondRank = 6
        var rank: Int
        /// nil where no number of seconds is one.
        var seconds: Int64?

        init?(_ designator: UInt8, isTime: Bool) {
            switch (designator, isTime) {
            case (UInt8(ascii: "Y"), false): (rank, seconds) = (1, nil)
            case (UInt8(ascii: "M"), false): (rank, seconds) = (2, nil)
            case (UInt8(ascii: "D"), false): (rank, seconds) = (3, 86_400)
            case (UInt8(ascii: "H"), true): (rank, seconds) = (4, 3_600)
            case (UInt8(ascii: "M"), true): (rank, seconds) = (5, 60)
            case (UInt8(ascii: "S"), true): (rank, seconds) = (Self.secondRank, 1)
            default: return nil
            }
        }
    }

    /// `P1DT2H3M4.5S`, without parts that are zero; `PT0S` for none.
    static func text(of duration: ODataDuration) -> String {
        var text: [UInt8] = []
        var seconds = begin(duration, &text)
        if seconds >= 86_400 {
            text.append(text: String(seconds / 86_400))
            text.append(ascii: "D")
            seconds %= 86_400
        }
        let isWhole = duration.fraction == 0
        if seconds == 0, isWhole, text.last != UInt8(ascii: "P") { return text.asciiString }
        text.append(ascii: "T")
        if seconds >= 3_600 {
            text.append(text: String(seconds / 3_600))
            text.append(ascii: "H")
        }
        if seconds % 3_600 >= 60 {
            text.append(text: String(seconds / 60 % 60))
            text.append(ascii: "M")
        }
        if seconds % 60 != 0 || !isWhole || seconds == 0 {
            text.append(text: String(seconds % 60))
            text.append(picoseconds: abs(duration.fraction))
            text.append(ascii: "S")
        }
        return text.asciiString
    }

    /// `PT10H11M12S`, as SAP's services write `Edm.Time`: all three parts with two digits, and no days (`PT24H00M00S`).
    static func timeText(of duration: ODataDuration) -> String {
        var text: [UInt8] = []
        let seconds = begin(duration, &text)
        text.append(ascii: "T")
        let hours = String(seconds / 3_600)
        text.append(text: hours.utf8.count < 2 ? "0" + hours : hours)
        text.append(ascii: "H")
        text.append(Int(seconds / 60 % 60), width: 2)
        text.append(ascii: "M")
        text.append(Int(seconds % 60), width: 2)
        text.append(picoseconds: abs(duration.fraction))
        text.append(ascii: "S")
        return text.asciiString
    }

    /// - Returns: the seconds without their sign.
    private static func begin(_ duration: ODataDuration, _ text: inout [UInt8]) -> UInt64 {
        if duration.seconds < 0 || duration.fraction < 0 { text.append(ascii: "-") }
        text.append(ascii: "P")
        return duration.seconds.magnitude
    }
}
