internal import Domain

/// HTTP dates (RFC 9110 §5.6.7): IMF-fixdate, and the two obsolete forms that a recipient must take.
enum HTTPDate {
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    static func parse(_ text: String) -> Timestamp? {
        guard text.utf8.count <= 64 else { return nil }
        let words = text.split(separator: " ", omittingEmptySubsequences: true)
        switch words.count {
        case 6 where words[5] == "GMT" && words[0].hasSuffix(","):
            // Sun, 06 Nov 1994 08:49:37 GMT
            return instant(year: number(words[3], 4), month: words[2], day: number(words[1], 2), time: words[4])
        case 4 where words[3] == "GMT" && words[0].hasSuffix(","):
            return parseRFC850(words)
        case 5:
            // Sun Nov  6 08:49:37 1994
            let day = words[2].utf8.count == 1 ? number(words[2], 1) : number(words[2], 2)
            return instant(year: number(words[4], 4), month: words[1], day: day, time: words[3])
        default:
            return nil
        }
    }

    /// `Sunday, 06-Nov-94 08:49:37 GMT`; two digits count from 1970 to 2069.
    private static func parseRFC850(_ words: [Substring]) -> Timestamp? {
        let date = words[1].split(separator: "-", omittingEmptySubsequences: false)
        guard date.count == 3, let short = number(date[2], 2) else { return nil }
        return instant(
            year: short >= 70 ? 1_900 + short : 2_000 + short, month: date[1], day: number(date[0], 2), time: words[2])
    }

    private static func number(_ text: Substring, _ digits: Int) -> Int64? {
        guard text.utf8.count == digits, text.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }) else { return nil }
        return Int64(text)
    }

    private static func instant(year: Int64?, month: Substring, day: Int64?, time: Substring) -> Timestamp? {
        guard let year, let day, let month = months.firstIndex(of: String(month)), year >= 1_970 else { return nil }
        let parts = time.split(separator: ":", omittingEmptySubsequences: false).map { number($0, 2) }
        guard parts.count == 3, let hour = parts[0], let minute = parts[1], let second = parts[2] else { return nil }
        guard (1...31).contains(day), hour < 24, minute < 60, second <= 60 else { return nil }
        let days = dayCount(year: year, month: Int64(month) + 1, day: day)
        return Timestamp(seconds: days * 86_400 + hour * 3_600 + minute * 60 + second)
    }

    /// Days since 1970-01-01 in the proleptic Gregorian calendar, by 400-year eras that begin on 1 March.
    private static func dayCount(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}
