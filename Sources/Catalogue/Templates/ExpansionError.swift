/// Why a template gives no text. Names the field, never its value.
package enum ExpansionError: Error, Hashable, Sendable {
    case missingField(String)
    /// The value can't stand in this place: control characters in a header, a delimiter in a host.
    case unusableValue(String)
}
