/// Swift source, line by line.
struct SwiftText {
    private(set) var text = ""
    private var depth = 0

    mutating func line(_ line: String = "") {
        text += (line.isEmpty ? "" : String(repeating: "    ", count: depth) + line) + "\n"
    }

    /// `head {`, the lines of the body one level deeper, and `}`.
    mutating func block(_ head: String, _ body: (inout SwiftText) -> Void) {
        line(head + " {")
        depth += 1
        body(&self)
        depth -= 1
        line("}")
    }

    /// Lines one level deeper, for what stands between parentheses.
    mutating func indented(_ body: (inout SwiftText) -> Void) {
        depth += 1
        body(&self)
        depth -= 1
    }

    /// `head { body }` on one line if it fits, else on three.
    mutating func property(_ head: String, _ body: String) {
        let joined = head + " { " + body + " }"
        if fits(joined) { return line(joined) }
        block(head) { swift in swift.line(body) }
    }

    /// `head`, items with commas between them, `tail`: on one line if they fit, else items on a line of their own, or each.
    mutating func list(_ head: String, _ items: [String], _ tail: String) {
        let all = items.joined(separator: ", ")
        if fits(head + all + tail) { return line(head + all + tail) }
        line(head.hasSuffix(" ") ? String(head.dropLast()) : head)
        indented { swift in
            if swift.fits(all) { return swift.line(all) }
            for (index, item) in items.enumerated() { swift.line(item + (index + 1 < items.count ? "," : "")) }
        }
        line(tail.hasPrefix(" ") ? String(tail.dropFirst()) : tail)
    }

    private func fits(_ line: String) -> Bool { depth * 4 + line.count <= 120 }

    /// A doc comment of paragraphs, each broken into lines of 120 columns. Nothing for none.
    mutating func doc(_ paragraphs: [String]) {
        let paragraphs = paragraphs.map(Self.plain).filter { !$0.isEmpty }
        for (index, paragraph) in paragraphs.enumerated() {
            if index > 0 { line("///") }
            var current = ""
            for word in paragraph.split(separator: " ") {
                let isFull = depth * 4 + 4 + current.count + 1 + word.count > 120
                if isFull && !current.isEmpty {
                    line("/// " + current)
                    current = ""
                }
                current += (current.isEmpty ? "" : " ") + word
            }
            if !current.isEmpty { line("/// " + current) }
        }
    }

    /// One line of what can be seen: no line ends, no control characters, none that change the direction of text.
    static func plain(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { result.append(isVisible(scalar) ? scalar : " ") }
        return String(result).split(separator: " ").joined(separator: " ")
    }

    /// A string literal of this text, whatever is in it.
    static func literal(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case _ where isVisible(scalar): result.unicodeScalars.append(scalar)
            default: result += "\\u{" + String(scalar.value, radix: 16) + "}"
            }
        }
        return result + "\""
    }

    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        if scalar == " " { return true }
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
            .spaceSeparator:
            return false
        default: return true
        }
    }
}
