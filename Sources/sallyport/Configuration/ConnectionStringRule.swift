/// A database password has no place in a setting: arguments and the environment can be read by others.
enum ConnectionStringRule {
    /// The settings that are connection strings of libpq.
    static let keys = ["database.url", "database.listen_url", "database.migrator_url"]

    /// Whether the string holds a password, as `user:password@` or as a parameter `password` or `sslpassword`.
    static func holdsPassword(_ text: String) -> Bool {
        for scheme in ["postgresql://", "postgres://"] where text.hasPrefix(scheme) {
            return uriHoldsPassword(text.dropFirst(scheme.count))
        }
        return keywordsHoldPassword(text)
    }

    private static let parameters = ["password", "sslpassword"]

    private static func uriHoldsPassword(_ rest: Substring) -> Bool {
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        if let at = authority.firstIndex(of: "@"), authority[..<at].contains(":") { return true }
        guard let mark = rest.firstIndex(of: "?") else { return false }
        return rest[mark...].dropFirst().split(separator: "&").contains { parameter in
            // An escape in a parameter's name is of no use but to hide it.
            let name = parameter.prefix { $0 != "=" }
            return parameters.contains(String(name)) || name.contains("%")
        }
    }

    /// `keyword = value …`, a value in single quotes or without white space, `\\` before any character in both
    /// (PostgreSQL 15, 34.1.1.1).
    private static func keywordsHoldPassword(_ text: String) -> Bool {
        var rest = text[...].drop { $0.isWhitespace }
        while !rest.isEmpty {
            let name = rest.prefix { $0 != "=" && !$0.isWhitespace }
            if parameters.contains(String(name)) { return true }
            rest = rest.dropFirst(name.count).drop { $0.isWhitespace }
            guard rest.first == "=" else { return false }
            rest = rest.dropFirst().drop { $0.isWhitespace }
            rest = afterValue(rest).drop { $0.isWhitespace }
        }
        return false
    }

    private static func afterValue(_ text: Substring) -> Substring {
        let isQuoted = text.first == "'"
        var rest = isQuoted ? text.dropFirst() : text
        while let character = rest.first {
            if isQuoted ? character == "'" : character.isWhitespace { break }
            rest = rest.dropFirst(character == "\\" ? 2 : 1)
        }
        return isQuoted ? rest.dropFirst() : rest
    }
}
