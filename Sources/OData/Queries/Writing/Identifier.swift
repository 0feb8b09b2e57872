/// What a name in a query may be (CSDL 4.01 §17.2, ABNF §6): letters, digits and connectors of Unicode, 128 at most.
///
/// Nothing that has a meaning in a URL or an expression is among them, so that a name can't leave its place.
enum Identifier {
    static let maxLength = 128

    static func isValid(_ name: some StringProtocol) -> Bool {
        if let isPlain = plain(name) { return isPlain }
        var length = 0
        for scalar in name.unicodeScalars {
            length += 1
            guard length <= maxLength, length == 1 ? isLeading(scalar) : isFollowing(scalar) else { return false }
        }
        return length > 0
    }

    /// The answer for names of ASCII, without looking scalars up; nil for others.
    private static func plain(_ name: some StringProtocol) -> Bool? {
        var (length, isValid) = (0, true)
        for byte in name.utf8 {
            guard byte < 0x80 else { return nil }
            if !ExpressionParser.isNameByte(byte) || (length == 0 && ExpressionParser.isDigit(byte)) { isValid = false }
            length += 1
        }
        return isValid && length > 0 && length <= maxLength
    }

    /// Identifiers with dots between them; at least one dot.
    static func isQualified(_ name: some StringProtocol) -> Bool {
        let parts = String(name).split(separator: "." as Character, omittingEmptySubsequences: false)
        return parts.count > 1 && parts.allSatisfy { isValid($0) }
    }

    static func isLeading(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return isASCIILetter(scalar) || scalar == "_" }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .letterNumber:
            return true
        default: return false
        }
    }

    static func isFollowing(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return isASCIILetter(scalar) || scalar == "_" || ("0"..."9").contains(scalar) }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .letterNumber,
            .decimalNumber, .nonspacingMark, .spacingMark, .connectorPunctuation, .format:
            return true
        default: return false
        }
    }

    private static func isASCIILetter(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
    }
}
