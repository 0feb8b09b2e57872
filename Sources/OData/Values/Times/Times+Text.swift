extension CalendarDate: LosslessStringConvertible {
    /// - Parameter text: `YYYY-MM-DD`, with a `-` in front before the year 0.
    public init?(_ text: String) {
        let utf8 = text.utf8Span
        guard let value = try? DateText.wholeDate(utf8.span) else { return nil }
        self = value
    }

    public var description: String {
        var text: [UInt8] = []
        append(to: &text)
        return text.asciiString
    }

    func append(to text: inout [UInt8]) {
        if year < 0 { text.append(ascii: "-") }
        text.append(abs(Int(year)), width: 4)
        text.append(ascii: "-")
        text.append(Int(month), width: 2)
        text.append(ascii: "-")
        text.append(Int(day), width: 2)
    }
}

extension TimeOfDay: LosslessStringConvertible {
    /// - Parameter text: `hh:mm[:ss[.f…]]`, up to twelve digits of the fraction.
    public init?(_ text: String) {
        let utf8 = text.utf8Span
        guard let value = try? DateText.wholeTime(utf8.span) else { return nil }
        self = value
    }

    /// Always with seconds; the fraction without zeros at its end.
    public var description: String {
        var text: [UInt8] = []
        append(to: &text)
        return text.asciiString
    }

    func append(to text: inout [UInt8]) {
        text.append(Int(hour), width: 2)
        text.append(ascii: ":")
        text.append(Int(minute), width: 2)
        text.append(ascii: ":")
        text.append(Int(second), width: 2)
        text.append(picoseconds: fraction)
    }
}

extension LocalDateTime: LosslessStringConvertible {
    /// - Parameter text: `YYYY-MM-DDThh:mm[:ss[.f…]]`, or a date alone.
    public init?(_ text: String) {
        let utf8 = text.utf8Span
        guard let value = try? DateText.wallTime(utf8.span) else { return nil }
        self = value
    }

    public var description: String {
        var text: [UInt8] = []
        append(to: &text)
        return text.asciiString
    }

    func append(to text: inout [UInt8]) {
        date.append(to: &text)
        text.append(ascii: "T")
        time.append(to: &text)
    }
}

extension OffsetDateTime: LosslessStringConvertible {
    /// - Parameter text: `YYYY-MM-DDThh:mm[:ss[.f…]]` with `Z` or `±hh:mm`.
    public init?(_ text: String) {
        let utf8 = text.utf8Span
        guard let value = try? DateText.instant(utf8.span, isLenient: false) else { return nil }
        self = value
    }

    /// With `Z` where the offset is zero.
    public var description: String {
        var text: [UInt8] = []
        local.append(to: &text)
        if offsetMinutes == 0 {
            text.append(ascii: "Z")
        } else {
            text.append(ascii: offsetMinutes < 0 ? "-" : "+")
            text.append(abs(Int(offsetMinutes)) / 60, width: 2)
            text.append(ascii: ":")
            text.append(abs(Int(offsetMinutes)) % 60, width: 2)
        }
        return text.asciiString
    }
}

extension ODataDuration: LosslessStringConvertible {
    /// - Parameter text: `[-]P[nD][T[nH][nM][n[.f]S]]`.
    public init?(_ text: String) {
        let utf8 = text.utf8Span
        guard let value = try? DurationText.duration(utf8.span, as: .duration) else { return nil }
        self = value
    }

    /// `P1DT2H3M4.5S`.
    public var description: String { DurationText.text(of: self) }
}
