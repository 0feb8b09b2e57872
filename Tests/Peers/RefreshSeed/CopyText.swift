import Domain
import Sodium

/// Rows for `COPY … FROM stdin` in PostgreSQL's text format.
struct CopyText {
    private(set) var bytes: [UInt8] = []

    /// - Parameter table: with its columns, in the order of the rows.
    mutating func begin(_ table: String) { append("COPY sallyport.\(table) FROM stdin;\n") }

    mutating func row(_ cells: [Cell]) {
        for (index, cell) in cells.enumerated() {
            if index > 0 { append("\t") }
            switch cell {
            case .text(let text): append(text)
            case .bytes(let value):
                append("\\\\x")
                append(Hex.encode(value))
            case .null: append("\\N")
            }
        }
        append("\n")
    }

    mutating func end() { append("\\.\n") }

    mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    enum Cell {
        /// Without backslash, tab or line break.
        case text(String)
        case bytes([UInt8])
        case null

        static func id<Kind: EntityKind>(_ id: EntityID<Kind>) -> Cell { .text(Hex.encode(id.bytes)) }
        static func time(_ instant: Timestamp) -> Cell { .text(instant.rfc3339) }
        static func optionalTime(_ instant: Timestamp?) -> Cell { instant.map { time($0) } ?? .null }
    }
}
