import Logging
import Synchronization

/// Keeps every line that is logged, metadata included.
final class LineKeeper: Sendable {
    private let lines = Mutex<[String]>([])

    var text: String { lines.withLock { $0.joined(separator: "\n") } }
    var logger: Logger { Logger(label: "test") { _ in Handler(keeper: self) } }

    private struct Handler: LogHandler {
        let keeper: LineKeeper
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        init(keeper: LineKeeper) { self.keeper = keeper }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let line = "\(event.message) \(metadata.merging(event.metadata ?? [:]) { $1 })"
            keeper.lines.withLock { $0.append(line) }
        }
    }
}
