/// An HTTP date (RFC 9110 §5.6.7) as whole seconds since 1970, in any of its three forms; cookies' dates with hyphens
/// too.
enum HTTPDate {
    /// nil for a text that is no date. Weekdays are not compared.
    static func seconds(_ text: some StringProtocol) -> Int64? {
        guard text.utf8.count <= 64 else { return nil }
        let words = text.split(whereSeparator: { " -,".contains($0) }).map { String($0) }
        guard let place = words.firstIndex(where: { month($0) != nil }), let month = month(words[place]) else {
            return nil
        }
        if place > 0, let day = Int(words[place - 1]), words.count > place + 2 {
            return seconds(day: day, month: month, year: words[place + 1], time: words[place + 2])
        }
        // asctime: "Sun Nov  6 08:49:37 1994".
        guard words.count > place + 3, let day = Int(words[place + 1]) else { return nil }
        return seconds(day: day, month: month, year: words[place + 3], time: words[place + 2])
    }

    private static let months = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]

    private static func month(_ word: String) -> Int? { months.firstIndex(of: word.lowercased()).map { $0 + 1 } }

    private static func seconds(day: Int, month: Int, year: String, time: String) -> Int64? {
        let parts = time.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
        guard var whole = Int(year), parts.count == 3, let hour = parts[0], let minute = parts[1],
            let second = parts[2],
            (0...23).contains(hour), (0...59).contains(minute), (0...60).contains(second)
        else { return nil }
        // RFC 6265 §5.1.1 for years of two digits.
        if year.utf8.count == 2 { whole += whole < 70 ? 2000 : 1900 }
        guard (1...9999).contains(whole), CalendarDate(year: whole, month: month, day: day) != nil else { return nil }
        return days(whole, month, day) * 86_400 + Int64(hour * 3600 + minute * 60 + second)
    }

    /// Days since 1970-01-01, counted in years that begin with March.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int64 {
        let years = month > 2 ? year : year - 1
        let months = (month + 9) % 12
        let leaps = years / 4 - years / 100 + years / 400
        return Int64(years * 365 + leaps + (months * 153 + 2) / 5 + day - 1 - 719_468)
    }
}
