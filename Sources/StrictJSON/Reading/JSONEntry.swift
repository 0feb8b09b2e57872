/// One value or member name of a parsed text: where it stands, not what it says.
///
/// A document is a row of entries in the order of the text. An object is followed by its members, each a name and then
/// the value's entries; an array by its elements.
struct JSONEntry {
    var kind: JSONKind
    /// Whether a string holds a backslash, so that its bytes are not its text.
    var hasEscapes = false
    /// First byte in the text; of a string, after the quote.
    var start: UInt32
    /// Byte after the last; of a string, its closing quote.
    var end: UInt32
    /// Elements of an array, members of an object.
    var count: UInt32 = 0
    /// Index of the entry after this one and all it holds.
    var next: UInt32 = 0

    var range: Range<Int> { Int(start)..<Int(end) }
}

/// What a value is.
package enum JSONKind: UInt8, Sendable {
    case null
    case bool
    case number
    case string
    case array
    case object
}
