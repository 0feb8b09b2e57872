internal import Yams

/// Reduces the parser's errors to a finding with a line: its messages hold the file's text.
enum YAMLFault {
    static func finding(_ error: any Error) -> LintFinding {
        switch error as? YamlError {
        case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _):
            LintFinding(line: mark.line, subject: "file", reason: .notYAML)
        case .duplicatedKeysInMapping(_, let context):
            LintFinding(line: context.mark.line, subject: "file", reason: .duplicateKey)
        case .none, .no, .memory, .reader, .writer, .emitter, .representer, .dataCouldNotBeDecoded:
            LintFinding(subject: "file", reason: .notYAML)
        }
    }
}
