/// Bounds of text for people: names and external identifiers.
enum TextRules {
    /// 1 to 200 code points (as PostgreSQL counts them), no control characters, at most 800 bytes, not blank.
    static func problem(of text: String, at pointer: String) -> InputProblem? {
        if text.allSatisfy(\.isWhitespace) { return InputProblem(pointer, .empty) }
        if text.utf8.count > 800 || text.unicodeScalars.count > 200 { return InputProblem(pointer, .tooLong) }
        let hasControl = text.unicodeScalars.contains { scalar in
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator, .surrogate: true
            default: false
            }
        }
        return hasControl ? InputProblem(pointer, .malformed) : nil
    }

    static func problem(of text: String?, at pointer: String) -> InputProblem? {
        text.flatMap { problem(of: $0, at: pointer) }
    }
}
