/// What a reader accepts at most.
package struct JSONLimits: Sendable {
    /// Length of the text.
    package let maxBytes: Int
    /// Arrays and objects inside each other; 1 allows no nesting. Never above 256, whatever is given.
    package let maxDepth: Int
    /// Values and member names together.
    package let maxValues: Int
    /// Whether `\u0000` is an error: PostgreSQL's text and jsonb cannot hold it.
    package let refusesNUL: Bool

    package init(
        maxBytes: Int = 4 << 20, maxDepth: Int = 32, maxValues: Int = 100_000, refusesNUL: Bool = false
    ) {
        // Offsets are kept in 32 bits, and the reader's recursion must fit a small stack.
        self.maxBytes = min(maxBytes, Int(Int32.max))
        self.maxDepth = min(maxDepth, 256)
        self.maxValues = maxValues
        self.refusesNUL = refusesNUL
    }

    package static let `default` = JSONLimits()
}
