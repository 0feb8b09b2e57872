import Logging
import Synchronization

/// Keeps every line that is logged, down to `trace`, as text.
final class LogCapture: Sendable {
    private let stored = Mutex<[String]>([])

    var lines: [String] { stored.withLock { $0 } }

    /// A logger for `label` that writes here.
    func logger(_ label: String) -> Logger {
        Logger(label: label, factory: { _ in Handler(capture: self) })
    }

    private struct Handler: LogHandler {
        let capture: LogCapture
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .trace

        init(capture: LogCapture) { self.capture = capture }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
            capture.stored.withLock {
                $0.append("\(event.level) \(event.message) " + all.map { "\($0)=\($1)" }.joined(separator: " "))
            }
        }
    }
}
