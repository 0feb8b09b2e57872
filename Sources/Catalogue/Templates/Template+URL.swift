extension Template {
    /// Where in a URL a placeholder stands, which decides how its value is written.
    enum Position: Hashable, Sendable {
        /// A whole URL, or a whole path with its query: as it is, and parsed strictly afterwards.
        case whole
        /// In the authority: as it is, after the field's pattern and a check of its own.
        case authority
        /// In the path: percent-encoded, the slash too.
        case path
        /// In the query: percent-encoded.
        case query
    }

    /// The placeholders of a URL template with their positions. A template that begins with `/` has no authority.
    var urlPlaceholders: [(name: String, position: Position)] {
        var scanner = URLScanner()
        return parts.compactMap { part in
            switch part {
            case .literal(let text):
                scanner.read(text)
                return nil
            case .placeholder(let name):
                return (name, scanner.placeholder())
            }
        }
    }

    /// Whether no field decides where a request goes.
    var hasFixedHost: Bool {
        !urlPlaceholders.contains { $0.position == .whole || $0.position == .authority }
    }

    /// A URL with the fields' values in their places.
    ///
    /// - Throws: `.missingField`, or `.unusableValue` for a value in the authority that could leave it. The caller parses
    ///   the result strictly.
    package func expandURL(_ fields: [String: String]) throws(ExpansionError) -> String {
        var scanner = URLScanner()
        var url = ""
        for part in parts {
            switch part {
            case .literal(let text):
                scanner.read(text)
                url += text
            case .placeholder(let name):
                guard let value = fields[name] else { throw .missingField(name) }
                switch scanner.placeholder() {
                case .whole:
                    url += value
                case .authority:
                    guard Self.staysInAuthority(value) else { throw .unusableValue(name) }
                    url += value
                case .path, .query:
                    url += PercentEncoding.encode(value)
                }
            }
        }
        return url
    }

    /// Letters, digits, `.`, `-`, `_`, `:` and brackets: no value of these ends the authority or adds user information.
    static func staysInAuthority(_ value: String) -> Bool {
        !value.isEmpty
            && value.utf8.allSatisfy { byte in
                (byte >= 48 && byte <= 58) || (byte | 0x20 >= 97 && byte | 0x20 <= 122) || byte == 45 || byte == 46
                    || byte == 95 || byte == 91 || byte == 93
            }
    }
}

/// Reads a URL template from the left and knows where it stands.
private struct URLScanner {
    private enum State { case start, scheme, authority, path, query, afterWhole }
    private var state = State.start
    private var slashes = 0

    mutating func read(_ text: String) {
        for character in text.utf8 {
            switch state {
            case .start:
                state = character == UInt8(ascii: "/") ? .path : .scheme
            case .scheme:
                if character == UInt8(ascii: "/") { slashes += 1 }
                if slashes == 2 { state = .authority }
            case .authority:
                if character == UInt8(ascii: "/") { state = .path }
                if character == UInt8(ascii: "?") { state = .query }
            case .path, .afterWhole:
                state = character == UInt8(ascii: "?") ? .query : .path
            case .query:
                break
            }
        }
    }

    mutating func placeholder() -> Template.Position {
        switch state {
        case .start:
            state = .afterWhole
            return .whole
        case .scheme, .authority: return .authority
        case .path, .afterWhole: return .path
        case .query: return .query
        }
    }
}
