extension CalendarDate: ODataConvertible {
    public var odataValue: ODataValue { .date(self) }

    /// Of `Edm.Date`, or an `Edm.DateTime` at midnight, which version 2 has for a day.
    public init(odataValue: ODataValue) throws(ValueError) {
        switch odataValue {
        case .date(let value): self = value
        case .dateTime(let value):
            guard value.time == .midnight else { throw .outOfRange(.date) }
            self = value.date
        default: throw .mismatch(expected: PrimitiveType.date.rawValue)
        }
    }
}

extension TimeOfDay: ODataConvertible {
    public var odataValue: ODataValue { .timeOfDay(self) }

    /// Of `Edm.TimeOfDay`, or an `Edm.Time` of version 2 below 24 hours.
    public init(odataValue: ODataValue) throws(ValueError) {
        switch odataValue {
        case .timeOfDay(let value): self = value
        case .time(let value):
            guard let time = TimeOfDay(value) else { throw .outOfRange(.timeOfDay) }
            self = time
        default: throw .mismatch(expected: PrimitiveType.timeOfDay.rawValue)
        }
    }
}

extension LocalDateTime: ODataConvertible {
    public var odataValue: ODataValue { .dateTime(self) }

    public init(odataValue: ODataValue) throws(ValueError) {
        guard case .dateTime(let value) = odataValue else { throw .mismatch(expected: PrimitiveType.dateTime.rawValue) }
        self = value
    }
}

extension OffsetDateTime: ODataConvertible {
    public var odataValue: ODataValue { .dateTimeOffset(self) }

    public init(odataValue: ODataValue) throws(ValueError) {
        guard case .dateTimeOffset(let value) = odataValue
        else { throw .mismatch(expected: PrimitiveType.dateTimeOffset.rawValue) }
        self = value
    }
}

extension ODataDuration: ODataConvertible {
    /// `Edm.Duration`; version 2 writes it as `Edm.Time`.
    public var odataValue: ODataValue { .duration(self) }

    public init(odataValue: ODataValue) throws(ValueError) {
        switch odataValue {
        case .duration(let value), .time(let value): self = value
        default: throw .mismatch(expected: PrimitiveType.duration.rawValue)
        }
    }
}
