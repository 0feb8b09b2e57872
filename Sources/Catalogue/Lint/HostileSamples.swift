/// Values that a pattern of a host or of a whole URL must refuse, made from an example that it takes.
enum HostileSamples {
    /// What ends a host, adds user information to it, or is read as such by one parser or another.
    private static let delimiters: [String] = [
        "/", "@", "\\", "?", "#", " ", "\t", "\n", "\r", "\u{0}", "\u{A0}", "\u{2028}", "%", "%2f", "%40", "<", "\"",
        "'", "|", "^", "`", "{", "}", ",", ";", "\u{FF0F}", "\u{FF20}", "\u{FF1F}", "\u{3002}", "\u{212A}", "\u{1F9A9}",
    ]
    /// The same for a whole URL, where a slash, and what a path may hold, are at home.
    private static let urlDelimiters: [String] = [
        "@", "\\", "?", "#", " ", "\t", "\n", "\r", "\u{0}", "\u{A0}", "\u{2028}", "<", "\"", "|", "^", "`", "{", "}",
        "\u{FF0F}", "\u{FF20}", "\u{3002}", "\u{212A}",
    ]

    /// Each delimiter at each place of the example, and some whole attacks.
    static func host(_ example: String) -> [String] {
        insertions(delimiters, example)
            + [
                "", "evil.example/", "evil.example/\(example)", "\(example)@evil.example", "user:pass@\(example)",
                "\(example)/../x", "\(example)#.evil.example", "\(example)\\.evil.example", "https://\(example)",
                "\(example)\n.evil.example", " ", ".", "/", "//", "@", "\(example)\r\nx: y",
            ]
    }

    static func url(_ example: String) -> [String] {
        insertions(urlDelimiters, example)
            + [
                "", "/", "evil.example", "//evil.example", "javascript:alert(1)", "file:///etc/passwd",
                "ftp://evil.example", "gopher://evil.example", "https://", "https:///x", "https://user@evil.example",
                "https://user:pass@evil.example", "\(example)\r\nx: y", " \(example)", "data:,x",
            ]
    }

    private static func insertions(_ delimiters: [String], _ example: String) -> [String] {
        var samples: [String] = []
        var index = example.startIndex
        while true {
            for delimiter in delimiters {
                samples.append(String(example[..<index]) + delimiter + String(example[index...]))
            }
            guard index < example.endIndex else { return samples }
            index = example.index(after: index)
        }
    }
}
