internal import Synchronization

/// An anchored regular expression, compiled once. It matches Unicode scalars, not characters that merely look or compare
/// equal, and always the whole value.
package final class FieldPattern: Sendable {
    /// As written in the entry: for pages that check before they send.
    package let source: String
    /// `Regex` isn't `Sendable`; matching is rare and short.
    private let regex: Mutex<Regex<AnyRegexOutput>>

    /// Nil for what is no regular expression.
    package init?(_ source: String) {
        // The parser's message would be no help beyond file and line, which the caller knows.
        guard let regex = try? Regex(source) else { return nil }
        self.source = source
        self.regex = Mutex(regex.matchingSemantics(.unicodeScalar))
    }

    /// Whether the expression itself says that it matches from start to end.
    package var isAnchored: Bool { source.hasPrefix("^") && source.hasSuffix("$") && !source.hasSuffix("\\$") }

    package func matches(_ value: String) -> Bool {
        // A match that fails for a fault of the engine is no match.
        regex.withLock { (try? $0.wholeMatch(in: value)) != nil }
    }
}
