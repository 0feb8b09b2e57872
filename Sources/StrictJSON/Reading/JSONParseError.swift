/// Why a text was refused, and where. Never holds any of the text.
package struct JSONParseError: Error, Equatable, Sendable {
    package enum Reason: String, Sendable, CaseIterable {
        /// More bytes than `JSONLimits.maxBytes`.
        case tooLarge
        /// More arrays and objects inside each other than `JSONLimits.maxDepth`.
        case tooDeep
        /// More values and member names than `JSONLimits.maxValues`.
        case tooManyValues
        /// The text ends inside a value, or is empty.
        case unexpectedEnd
        /// A byte that cannot stand here.
        case unexpectedByte
        /// Something follows the value.
        case trailingBytes
        /// A byte order mark (RFC 8259 §8.1 allows to refuse it).
        case byteOrderMark
        /// A number outside the grammar: leading zero, bare sign, missing digits.
        case invalidNumber
        /// A bare word other than `true`, `false` and `null`.
        case invalidLiteral
        /// A backslash before something that is no escape.
        case invalidEscape
        /// A control character that is not escaped.
        case controlCharacter
        /// Bytes that are not UTF-8: overlong, surrogate, out of range or cut off.
        case invalidUTF8
        /// Half of a surrogate pair.
        case loneSurrogate
        /// U+0000, where the limits refuse it.
        case nulCharacter
        /// A member name that the object has already, after resolving escapes.
        case duplicateMember
    }

    package let reason: Reason
    /// Bytes from the start of the text to where it stopped making sense.
    package let offset: Int

    package init(reason: Reason, offset: Int) {
        self.reason = reason
        self.offset = offset
    }
}
