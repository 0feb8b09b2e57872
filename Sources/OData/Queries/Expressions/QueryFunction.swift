/// A function that the protocol itself has, called by position (OData 4.01 part 2 §5.1.1.5–§5.1.1.13; MS-ODATA
/// §2.2.3.6.1.1.1).
///
/// Functions of a service stand in a path, with named arguments.
public enum QueryFunction: String, Sendable, Hashable, CaseIterable {
    /// `substringof` of version 2, whose arguments stand the other way round; written and read so.
    case contains
    case startsWith = "startswith"
    case endsWith = "endswith"
    case length
    case indexOf = "indexof"
    case substring
    case toLower = "tolower"
    case toUpper = "toupper"
    case trim
    case concat
    /// Version 2 alone.
    case replace
    case matchesPattern
    case year, month, day, hour, minute, second
    case fractionalSeconds = "fractionalseconds"
    case totalSeconds = "totalseconds"
    case totalOffsetMinutes = "totaloffsetminutes"
    case date, time, now
    case minDateTime = "mindatetime"
    case maxDateTime = "maxdatetime"
    case round, floor, ceiling
    case geoDistance = "geo.distance"
    case geoLength = "geo.length"
    case geoIntersects = "geo.intersects"
    case hasSubset = "hassubset"
    case hasSubsequence = "hassubsequence"

    /// How many arguments it takes.
    public var arity: ClosedRange<Int> {
        switch self {
        case .now, .minDateTime, .maxDateTime: 0...0
        case .length, .toLower, .toUpper, .trim, .year, .month, .day, .hour, .minute, .second, .fractionalSeconds,
            .totalSeconds, .totalOffsetMinutes, .date, .time, .round, .floor, .ceiling, .geoLength:
            1...1
        case .contains, .startsWith, .endsWith, .indexOf, .concat, .matchesPattern, .geoDistance, .geoIntersects,
            .hasSubset, .hasSubsequence:
            2...2
        case .substring: 2...3
        case .replace: 3...3
        }
    }

    /// Whether a version has it.
    public func isAvailable(in version: ODataVersion) -> Bool {
        switch self {
        case .replace: version == .v2
        case .contains, .startsWith, .endsWith, .length, .indexOf, .substring, .toLower, .toUpper, .trim, .concat,
            .year,
            .month, .day, .hour, .minute, .second, .round, .floor, .ceiling:
            true
        case .fractionalSeconds, .totalSeconds, .totalOffsetMinutes, .date, .time, .now, .minDateTime, .maxDateTime,
            .geoDistance, .geoLength, .geoIntersects:
            version.isV4
        case .matchesPattern, .hasSubset, .hasSubsequence: version == .v401
        }
    }

    func spelling(_ version: ODataVersion) -> String {
        self == .contains && version == .v2 ? "substringof" : rawValue
    }

    /// - Parameter name: as it is written; version 4 takes any case (4.01 part 2 §5.1.1.4), version 2 its own alone.
    static func named(_ name: String, in version: ODataVersion) -> QueryFunction? {
        guard version.isV4 else {
            if name == "substringof" { return .contains }
            return QueryFunction(rawValue: name).flatMap { $0 != .contains && $0.isAvailable(in: .v2) ? $0 : nil }
        }
        return byLowercasedName[name.lowercased()].flatMap { $0.isAvailable(in: version) ? $0 : nil }
    }

    private static let byLowercasedName: [String: QueryFunction] = Dictionary(
        allCases.map { ($0.rawValue.lowercased(), $0) }, uniquingKeysWith: { first, _ in first })

    /// The type of what it gives, where its arguments don't decide.
    var resultType: PrimitiveType? {
        switch self {
        case .contains, .startsWith, .endsWith, .matchesPattern, .geoIntersects, .hasSubset, .hasSubsequence: .boolean
        case .length, .indexOf, .year, .month, .day, .hour, .minute, .second, .totalOffsetMinutes: .int32
        case .toLower, .toUpper, .trim, .replace: .string
        case .fractionalSeconds, .totalSeconds: .decimal
        case .date: .date
        case .time: .timeOfDay
        case .now, .minDateTime, .maxDateTime: .dateTimeOffset
        case .geoDistance, .geoLength: .double
        case .substring, .concat, .round, .floor, .ceiling: nil
        }
    }

    /// Its arguments are text, whatever else.
    var takesText: Bool {
        switch self {
        case .startsWith, .endsWith, .length, .toLower, .toUpper, .trim, .replace, .matchesPattern: true
        default: false
        }
    }
}
