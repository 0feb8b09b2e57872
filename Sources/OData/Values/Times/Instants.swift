extension LocalDateTime: Comparable {
    /// Seconds from 1970-01-01T00:00:00 on the same clock; it is no instant, for the clock's zone isn't known.
    var secondsOnTheClock: Int64 { Int64(date.daysSinceEpoch) * 86_400 + Int64(time.secondOfDay) }

    /// - Returns: nil beyond the years −9999…9999.
    init?(secondsOnTheClock seconds: Int64, fraction: Int) {
        let days = seconds >= 0 ? seconds / 86_400 : (seconds + 1) / 86_400 - 1
        guard let date = CalendarDate(daysSinceEpoch: Int(days)) else { return nil }
        self.init(date, TimeOfDay(uncheckedSecondOfDay: Int(seconds - days * 86_400), fraction: fraction))
    }

    /// - Parameter milliseconds: since 1970-01-01T00:00:00 on the same clock.
    init?(millisecondsOnTheClock milliseconds: Int64) {
        let seconds = milliseconds >= 0 ? milliseconds / 1_000 : (milliseconds + 1) / 1_000 - 1
        self.init(secondsOnTheClock: seconds, fraction: Int(milliseconds - seconds * 1_000) * 1_000_000_000)
    }

    /// nil where there is a fraction of a millisecond.
    var millisecondsOnTheClock: Int64? {
        guard time.fraction % 1_000_000_000 == 0 else { return nil }
        return secondsOnTheClock * 1_000 + Int64(time.fraction / 1_000_000_000)
    }

    public static func < (left: LocalDateTime, right: LocalDateTime) -> Bool {
        (left.date, left.time) < (right.date, right.time)
    }
}

extension OffsetDateTime: Comparable {
    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down; the fraction of `local.time` is to be added.
    public var secondsSinceEpoch: Int64 { local.secondsOnTheClock - Int64(offsetMinutes) * 60 }

    /// - Returns: nil beyond the years −9999…9999 of the local clock, an offset beyond ±14 hours, or a nanosecond
    ///   beyond 0…999,999,999.
    public init?(secondsSinceEpoch seconds: Int64, nanoseconds: Int = 0, offsetMinutes: Int = 0) {
        guard (0...999_999_999).contains(nanoseconds) else { return nil }
        self.init(seconds, fraction: nanoseconds * 1_000, offsetMinutes)
    }

    private init?(_ seconds: Int64, fraction: Int, _ offsetMinutes: Int) {
        guard (-840...840).contains(offsetMinutes) else { return nil }
        let (shifted, overflow) = seconds.addingReportingOverflow(Int64(offsetMinutes) * 60)
        guard !overflow, let local = LocalDateTime(secondsOnTheClock: shifted, fraction: fraction) else { return nil }
        self.init(local, offsetMinutes: offsetMinutes)
    }

    /// The same instant on the clock of another offset; nil as with `init(secondsSinceEpoch:)`.
    public func at(offsetMinutes: Int) -> OffsetDateTime? {
        OffsetDateTime(secondsSinceEpoch, fraction: local.time.fraction, offsetMinutes)
    }

    /// Earlier instants first; of the same instant, the one with the lower offset.
    public static func < (left: OffsetDateTime, right: OffsetDateTime) -> Bool {
        (left.secondsSinceEpoch, left.local.time.fraction, left.offsetMinutes)
            < (right.secondsSinceEpoch, right.local.time.fraction, right.offsetMinutes)
    }
}

extension ODataDuration: Comparable {
    public static func < (left: ODataDuration, right: ODataDuration) -> Bool {
        (left.seconds, left.fraction) < (right.seconds, right.fraction)
    }

    /// - Returns: nil for what is finer than picoseconds.
    public init?(exactly duration: Duration) {
        guard duration.components.attoseconds.isMultiple(of: 1_000_000) else { return nil }
        self.init(truncating: duration)
    }

    /// What is finer than picoseconds is cut off, towards zero.
    public init(truncating duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self.init(uncheckedSeconds: seconds, fraction: Int(attoseconds / 1_000_000))
    }

    /// The time since midnight.
    public init(_ time: TimeOfDay) {
        self.init(uncheckedSeconds: Int64(time.secondOfDay), fraction: time.fraction)
    }
}

extension Duration {
    /// The same span.
    public init(_ duration: ODataDuration) {
        self.init(
            secondsComponent: duration.seconds, attosecondsComponent: Int64(duration.fraction) * 1_000_000)
    }
}

extension TimeOfDay {
    /// - Returns: nil for a negative span, or one of 24 hours and more.
    public init?(_ duration: ODataDuration) {
        guard (0..<86_400).contains(duration.seconds), duration.fraction >= 0 else { return nil }
        self.init(uncheckedSecondOfDay: Int(duration.seconds), fraction: duration.fraction)
    }
}
