package import Logging

/// The metadata keys of log lines: one word for one thing, so that a search finds all of it.
///
/// No key exists for a URI, a query, a header or a body: they may hold secrets. Log the route template instead.
package enum LogKey: String, Sendable {
    case requestID = "request_id"
    case traceID = "trace_id"
    case route
    case method
    case status
    case code
    case durationMilliseconds = "duration_ms"
    case environment
    case tenant
    case connection
    case integration
    case provider
    case apiKey = "api_key"
    case keyVersion = "key_version"
    case instance
    case sqlState = "sqlstate"
    case count
    case attempt
    case host
    case port
    case path
    case listener
    case reason
    case component
    case version
    case fence
}

extension Logger {
    /// Adds facts under closed keys: `logger.with([.requestID: id])`.
    package func with(_ facts: [LogKey: String]) -> Logger {
        var copy = self
        for (key, value) in facts { copy[metadataKey: key.rawValue] = .string(value) }
        return copy
    }
}

extension Logger.Metadata {
    package static func facts(_ facts: [LogKey: String]) -> Logger.Metadata {
        facts.reduce(into: [:]) { $0[$1.key.rawValue] = .string($1.value) }
    }
}
