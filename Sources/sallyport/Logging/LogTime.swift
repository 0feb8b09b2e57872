import Domain

/// The instant of a log line.
enum LogTime {
    static func now() -> String { SystemWallClock().now().rfc3339 }
}
