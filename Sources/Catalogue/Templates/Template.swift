/// Text with `{field}` placeholders.
package struct Template: Hashable, Sendable {
    package enum Part: Hashable, Sendable {
        case literal(String)
        case placeholder(String)
    }

    package let parts: [Part]

    /// Nil where a brace is not part of a placeholder, or a placeholder isn't a field's name.
    package init?(_ text: String) {
        var parts: [Part] = []
        var rest = Substring(text)
        while let open = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
            guard rest[open] == "{", let close = rest[open...].firstIndex(of: "}") else { return nil }
            if open != rest.startIndex { parts.append(.literal(String(rest[..<open]))) }
            let name = String(rest[rest.index(after: open)..<close])
            guard FieldName.isValid(name) else { return nil }
            parts.append(.placeholder(name))
            rest = rest[rest.index(after: close)...]
        }
        if !rest.isEmpty { parts.append(.literal(String(rest))) }
        self.parts = parts
    }

    package var placeholders: [String] {
        parts.compactMap { part in
            switch part {
            case .literal: nil
            case .placeholder(let name): name
            }
        }
    }

    /// The text without placeholders; nil if there is one.
    var constant: String? {
        switch parts.count {
        case 0: ""
        case 1: if case .literal(let text) = parts[0] { text } else { nil }
        default: nil
        }
    }

    /// The field of a template that begins with one: it holds a whole URL, or a whole path.
    var leadingPlaceholder: String? {
        if case .placeholder(let name) = parts.first { name } else { nil }
    }

    /// As written.
    package var source: String {
        parts.map { part in
            switch part {
            case .literal(let text): text
            case .placeholder(let name): "{\(name)}"
            }
        }.joined()
    }
}

/// A name in an entry: lower-case letters, digits and `_`, beginning with a letter; at most 63 characters.
enum FieldName {
    static func isValid(_ name: String) -> Bool {
        guard let first = name.utf8.first, first >= 97 && first <= 122, name.utf8.count <= 63 else { return false }
        return name.utf8.allSatisfy { ($0 >= 97 && $0 <= 122) || ($0 >= 48 && $0 <= 57) || $0 == UInt8(ascii: "_") }
    }
}
