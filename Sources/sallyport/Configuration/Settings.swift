/// Every setting with its value, checked by kind at once so that a bad one is refused at start and not at first use.
struct Settings: Sendable {
    private let values: [String: String]

    init(values: [String: String]) throws(SettingsError) {
        self.values = values
        for setting in SettingsTable.all {
            if let text = values[setting.key], !setting.kind.accepts(text) { throw .malformedValue(setting) }
        }
        for key in ConnectionStringRule.keys where values[key].map(ConnectionStringRule.holdsPassword) ?? false {
            throw .refused(
                "\(key) holds a password: it belongs into a file that database.password_file, "
                    + "database.migrator_password_file or libpq's passfile names")
        }
    }

    func text(_ key: String) -> String? {
        guard let text = values[key], !text.isEmpty else { return nil }
        return text
    }

    func required(_ key: String) throws(SettingsError) -> String {
        guard let text = text(key) else { throw .missing(key) }
        return text
    }

    func integer(_ key: String) -> Int { text(key).flatMap { Int($0) } ?? 0 }
    func boolean(_ key: String) -> Bool { text(key) == "true" }
    func duration(_ key: String) -> Duration { text(key).flatMap(Setting.Kind.duration(from:)) ?? .zero }
    func period(_ key: String) -> Duration { text(key).flatMap(Setting.Kind.period(from:)) ?? .zero }
    func bytes(_ key: String) -> Int { text(key).flatMap(Setting.Kind.bytes(from:)) ?? 0 }

    /// The same settings with some values replaced: what `dev` decides itself.
    func replacing(_ changes: [String: String]) throws(SettingsError) -> Settings {
        try Settings(values: values.merging(changes) { $1 })
    }
}

extension Setting.Kind {
    func accepts(_ text: String) -> Bool {
        switch self {
        case .text, .path: !text.contains("\0")
        case .integer(let range): Int(text).map { range.contains($0) && String($0) == text } ?? false
        case .boolean: text == "true" || text == "false"
        case .duration: Self.duration(from: text).map { $0 <= Self.longestDuration } ?? false
        case .period: Self.period(from: text).map { (.seconds(3_600)...Self.longestPeriod).contains($0) } ?? false
        case .bytes: Self.bytes(from: text) != nil
        case .choice(let choices): choices.contains(text)
        }
    }

    /// Beyond a day no wait means anything, and far beyond it no timer can count it.
    static let longestDuration = Duration.seconds(86_400)

    static let longestPeriod = Duration.seconds(3_653 * 86_400)

    static func period(from text: String) -> Duration? {
        for (suffix, seconds) in [("h", Int64(3_600)), ("d", 86_400)] where text.hasSuffix(suffix) {
            guard let number = plainNumber(text.dropLast()), number <= 1_000_000 else { return nil }
            return .seconds(number * seconds)
        }
        return nil
    }

    static func duration(from text: String) -> Duration? {
        let units: [(suffix: String, milliseconds: Int64)] = [
            ("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000),
        ]
        for unit in units where text.hasSuffix(unit.suffix) {
            guard let number = plainNumber(text.dropLast(unit.suffix.count)), number <= 1_000_000_000 else { continue }
            return .milliseconds(number * unit.milliseconds)
        }
        return nil
    }

    /// Digits alone: no sign, no space.
    private static func plainNumber(_ text: Substring) -> Int64? {
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        return Int64(text)
    }

    static func bytes(from text: String) -> Int? {
        for (suffix, factor) in [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("", 1)]
        where text.hasSuffix(suffix) {
            guard let number = plainNumber(text.dropLast(suffix.count)), number <= 1_000_000_000_000 else { continue }
            let (product, overflow) = Int(number).multipliedReportingOverflow(by: factor)
            return overflow ? nil : product
        }
        return nil
    }
}
