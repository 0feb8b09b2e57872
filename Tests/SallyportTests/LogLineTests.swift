import Logging
import StrictJSON
import Synchronization
import Testing

@testable import sallyport

@Suite("A log event is one line, whatever it holds")
struct LogLineTests {
    private final class Lines: Sendable {
        private let stored = Mutex<[String]>([])
        var all: [String] { stored.withLock { $0 } }
        func append(_ line: String) { stored.withLock { $0.append(line) } }
    }

    private static func line(
        _ format: LineLogHandler.Format, _ message: String, _ metadata: Logger.Metadata = [:]
    ) throws -> String {
        let lines = Lines()
        let logger = Logger(label: "te\"st") { label in
            LineLogHandler(label: label, format: format, level: .info, write: lines.append)
        }
        logger.info("\(message)", metadata: metadata)
        return try #require(lines.all.first)
    }

    /// All control characters, quotes, a backslash, what JSON and terminals misread, and beyond the basic plane.
    private static let hostile = [
        "a\nb", "a\r\nb", "\u{0}", "\u{1B}[31mred", "\u{7F}", "\"quoted\"", "back\\slash", "tab\there",
        "\u{2028}\u{2029}",
        "{\"level\":\"info\"}", "\u{1F512}", "\u{85}\u{9B}31m", String(UnicodeScalar(8)), "", "a=b c=d",
    ]

    @Test(arguments: hostile)
    func `a JSON line is one JSON object and gives the text back`(text: String) throws {
        let line = try Self.line(.json, text, ["key": "\(text)", "ke\ny": "v"])
        #expect(line.hasSuffix("}\n") && line.utf8.count { $0 == 10 } == 1)
        #expect(!line.utf8.dropLast().contains { $0 < 0x20 || $0 == 0x7F })
        let value = try #require(try JSONValue.parse(Array(line.utf8), limits: JSONLimits(refusesNUL: false)))
        #expect(value["message"]?.string == text)
        #expect(value["key"]?.string == text)
        #expect(value["ke\ny"]?.string == "v")
        #expect(value["logger"]?.string == "te\"st")
        #expect(value["level"]?.string == "info")
        #expect(value["ts"]?.string?.wholeMatch(of: #/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/#) != nil)
    }

    @Test(arguments: hostile)
    func `a text line is one line without control characters`(text: String) throws {
        let line = try Self.line(.text, text, ["key": "\(text)"])
        #expect(line.hasSuffix("\n"))
        let controls = line.unicodeScalars.dropLast().filter { $0.properties.generalCategory == .control }
        #expect(controls.isEmpty, "\(controls.map(\.value))")
    }

    @Test func `no member comes twice, although metadata and handler name the same key`() throws {
        let lines = Lines()
        var logger = Logger(label: "test") { label in
            LineLogHandler(label: label, format: .json, level: .info, write: lines.append)
        }
        logger[metadataKey: "a"] = "handler"
        logger.info("m", metadata: ["a": "event", "level": "forged", "message": "forged", "ts": "x", "logger": "y"])
        let line = try #require(lines.all.first)
        let value = try #require(try JSONValue.parse(Array(line.utf8)), "\(line)")
        #expect(value["a"]?.string == "event")
        #expect(value["level"]?.string == "info" && value["message"]?.string == "m")
    }

    @Test func `less severe events are left out`() {
        let lines = Lines()
        let logger = Logger(label: "test") { label in
            LineLogHandler(label: label, format: .json, level: .warning, write: lines.append)
        }
        logger.info("no")
        logger.warning("yes")
        #expect(lines.all.count == 1)
    }
}
