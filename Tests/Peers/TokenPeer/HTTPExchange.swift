import NIOCore

/// A request as the peer needs it.
struct PeerRequest: Sendable {
    let method: String
    /// Path without query.
    let path: String
    /// Without the question mark; empty for none.
    let query: [UInt8]
    let authorization: String?
    /// The caller wants no second exchange on this connection.
    let closes: Bool
    let body: [UInt8]
}

/// An answer and how it is given.
struct PeerReply: Sendable {
    enum Manner: Hashable, Sendable {
        case whole
        /// The connection is closed instead.
        case dropped
        /// This share of it, then the connection is closed.
        case cut(Double)
        /// A few bytes at a time, over this long.
        case dripping(Duration)
    }

    var status: Int
    var headers = ""
    var contentType = "application/json"
    var body: String
    var manner = Manner.whole
    var latency = Duration.zero
    /// Given once this has ended; nil: at once.
    var after: EventLoopFuture<Void>?

    init(_ status: Int, _ body: String) {
        self.status = status
        self.body = body
    }

    func bytes(date: String) -> String {
        """
        HTTP/1.1 \(status) \(Self.reason(status))\r\nDate: \(date)\r\nContent-Type: \(contentType)\r\n\
        Cache-Control: no-store\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)
        """
    }

    private static func reason(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 302: "Found"
        case 401: "Unauthorized"
        case 404: "Not Found"
        case 429: "Too Many Requests"
        case 503: "Service Unavailable"
        default: status < 500 ? "Bad Request" : "Internal Server Error"
        }
    }
}

/// What answers requests on one port. Called on the port's event loop.
protocol PeerService: AnyObject, Sendable {
    /// - Returns: the answer, and what is called once it has ended, whichever way.
    func answer(_ request: PeerRequest) -> (reply: PeerReply, ended: (@Sendable (Delivery) -> Void)?)
    /// A connection that was just accepted may stay.
    func admits() -> Bool
    /// The `Date` of an answer given now.
    var date: String { get }
}

/// `application/x-www-form-urlencoded`, as far as the peer needs it.
enum Form {
    /// The first value of that name; nil for none.
    static func value(_ name: String, in form: [UInt8]) -> [UInt8]? {
        var rest = form[...]
        while !rest.isEmpty {
            let end = rest.firstIndex(of: UInt8(ascii: "&")) ?? rest.endIndex
            let pair = rest[..<end]
            rest = rest[min(end + 1, rest.endIndex)...]
            guard pair.starts(with: name.utf8) else { continue }
            let value = pair.dropFirst(name.utf8.count)
            if value.first == UInt8(ascii: "=") { return decode(value.dropFirst()) }
        }
        return nil
    }

    private static func decode(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var rest = text
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let high = rest.first.flatMap(digit),
                let low = rest.dropFirst().first.flatMap(digit)
            {
                bytes.append(high << 4 | low)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte == UInt8(ascii: "+") ? 0x20 : byte)
            }
        }
        return bytes
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - 48
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - 55
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - 87
        default: nil
        }
    }
}

/// IMF-fixdate (RFC 9110 §5.6.7), for `Date` and `Retry-After`.
enum HTTPDateText {
    private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// - Parameter seconds: since 1970, not negative.
    static func text(_ seconds: Int64) -> String {
        let days = Int(seconds / 86_400)
        let rest = Int(seconds % 86_400)
        let (year, month, day) = civil(days)
        let time = [rest / 3_600, rest / 60 % 60, rest % 60].map(two).joined(separator: ":")
        return "\(weekdays[days % 7]), \(two(day)) \(months[month - 1]) \(year) \(time) GMT"
    }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    /// Year, month and day of a count of days: years begin in March, so that the leap day is the last.
    private static func civil(_ days: Int) -> (Int, Int, Int) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }
}
