import StrictJSON

#if canImport(Glibc)
    import Glibc
#endif

/// What commands write to standard output: tables for people, or one JSON document for programs.
struct CommandOutput: Sendable {
    let json: Bool

    /// One object: `key  value` lines, those of an object in it under its name and a dot, or the object itself.
    func show(_ object: JSONValue) { Self.write(text(showing: object)) }

    func text(showing object: JSONValue) -> String {
        if json { return Self.line(object) }
        return Self.columns(Self.lines(of: object))
    }

    private static func lines(of object: JSONValue) -> [[String]] {
        (object.members ?? []).flatMap { member in
            guard member.value.members != nil else { return [[member.key, cell(member.value)]] }
            return lines(of: member.value).map { [member.key + "." + $0[0], $0[1]] }
        }
    }

    /// A list: a table with the given columns, or `{"result": […]}` with everything.
    func list(_ objects: [JSONValue], columns: [String]) { Self.write(text(listing: objects, columns: columns)) }

    func text(listing objects: [JSONValue], columns: [String]) -> String {
        if json { return Self.line(["result": .array(objects)]) }
        let rows = objects.map { object in columns.map { Self.cell(object[$0] ?? .null) } }
        return Self.columns([columns.map { $0.uppercased() }] + rows)
    }

    /// A line for people; nothing where the output is for programs.
    func say(_ text: String) {
        if !json { Self.write(text + "\n") }
    }

    /// A line on standard error.
    static func complain(_ text: String) { LineLogHandler.standardError(JSONText.bare(text) + "\n") }

    private static func line(_ value: JSONValue) -> String { String(decoding: value.encoded, as: UTF8.self) + "\n" }

    static func write(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let written = unsafe rest.withUnsafeBytes { bytes in unsafe Glibc.write(1, bytes.baseAddress, bytes.count) }
            guard written > 0 else { return }
            rest = rest.dropFirst(written)
        }
    }

    private static func cell(_ value: JSONValue) -> String {
        switch value {
        case .null: "-"
        case .string(let text): JSONText.bare(text)
        case .array(let elements): elements.map(cell).joined(separator: ",")
        case .bool, .int, .double, .object: String(decoding: value.encoded, as: UTF8.self)
        }
    }

    private static func columns(_ rows: [[String]]) -> String {
        let count = rows.map(\.count).max() ?? 0
        let widths = (0..<count).map { column in rows.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0 }
        return rows.map { row in
            var line = ""
            for (index, cell) in row.enumerated() {
                line += cell
                if index < row.count - 1 { line += String(repeating: " ", count: widths[index] - cell.count + 2) }
            }
            return line + "\n"
        }.joined()
    }
}
