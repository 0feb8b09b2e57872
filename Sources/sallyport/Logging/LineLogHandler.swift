import Logging
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Writes each event as one line to standard error: a JSON object, or text for people.
struct LineLogHandler: LogHandler {
    enum Format: Sendable { case json, text }

    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level
    private let label: String
    private let format: Format
    private let write: @Sendable (String) -> Void

    init(
        label: String, format: Format, level: Logger.Level,
        write: @escaping @Sendable (String) -> Void = Self.standardError
    ) {
        self.label = label
        self.format = format
        self.logLevel = level
        self.write = write
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let facts = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
        switch format {
        case .json: write(json(event.level, event.message.description, facts))
        case .text: write(text(event.level, event.message.description, facts))
        }
    }

    private func json(
        _ level: Logger.Level, _ message: String, _ facts: [(key: String, value: Logger.MetadataValue)]
    ) -> String {
        var line = "{\"ts\":\"\(LogTime.now())\",\"level\":\"\(level.rawValue)\",\"logger\":"
        line += JSONText.quoted(label) + ",\"message\":" + JSONText.quoted(message)
        for fact in facts {
            // No member may come twice: readers disagree about which of the two counts.
            let key = Self.ownMembers.contains(fact.key) ? fact.key + "_" : fact.key
            line += "," + JSONText.quoted(key) + ":" + JSONText.quoted(fact.value.description)
        }
        return line + "}\n"
    }

    private static let ownMembers: Set<String> = ["ts", "level", "logger", "message"]

    private func text(
        _ level: Logger.Level, _ message: String, _ facts: [(key: String, value: Logger.MetadataValue)]
    ) -> String {
        let values = facts.map { "\($0.key)=\(JSONText.bare($0.value.description))" }.joined(separator: " ")
        let name = level.rawValue.uppercased()
        let padded = name + String(repeating: " ", count: max(0, 8 - name.count))
        return "\(LogTime.now()) \(padded) \(JSONText.bare(message))\(values.isEmpty ? "" : "  " + values)\n"
    }

    /// One `write(2)` a line, so that lines of several threads don't mix. A pipe that stays full loses the line and not the
    /// service: event loops write here too, and must not wait for a reader that is stuck. It is waited for once, and then
    /// no more until it reads again.
    static let standardError: @Sendable (String) -> Void = { line in
        var descriptor = pollfd(fd: 2, events: Int16(POLLOUT), revents: 0)
        let wait: Int32 = isStuck.load(ordering: .relaxed) ? 0 : longestWaitMilliseconds
        let isReady = unsafe poll(&descriptor, 1, wait) == 1
        isStuck.store(!isReady, ordering: .relaxed)
        guard isReady else { return }
        var line = line
        line.withUTF8 { bytes in _ = unsafe Glibc.write(2, bytes.baseAddress, bytes.count) }
    }

    private static let longestWaitMilliseconds: Int32 = 50
    private static let isStuck = Atomic(false)
}

/// JSON strings for log lines and command output.
enum JSONText {
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let hex = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// Without control characters (C0, DEL, C1) and line separators, so that a value can't forge a line or steer a terminal.
    static func bare(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { isControl($0.value) ? " " : $0 }))
    }

    private static func isControl(_ scalar: UInt32) -> Bool {
        scalar < 0x20 || (0x7F...0x9F).contains(scalar) || scalar == 0x2028 || scalar == 0x2029
    }
}
