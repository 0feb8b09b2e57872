extension ODataValue {
    /// Reads a literal of a URL, as `literal(_:)` writes it; percent-encoding is undone before.
    ///
    /// Words such as `datetime` and `true`, and the suffixes of numbers, have no case. Without a type, a number is the
    /// smallest that holds it exactly: `Edm.Int32`, `Edm.Int64` or `Edm.Decimal`; one with an exponent is an
    /// `Edm.Double`.
    ///
    /// - Parameter type: what the value must be: a number without a suffix becomes it, any other literal must have a
    ///   form of it or one that widens to it.
    /// - Throws: `.malformed` for a text that is no literal of the version, `.outOfRange` for a value that its type
    ///   can't hold, `.mismatch` for a literal of another type.
    init(literal text: some StringProtocol, version: ODataVersion, type: PrimitiveType?) throws(ValueError) {
        let string = String(text)
        let utf8 = string.utf8Span
        let value = try Self.anyLiteral(utf8.span, version, type)
        guard let type else {
            self = value
            return
        }
        if case .string = value, type != .string {
            // 4.01 has durations in mere quotes; enumerations are no primitive type.
            guard version.isV4, type == .duration else { throw .mismatch(expected: type.rawValue) }
        }
        self = try value.converted(to: type)
    }

    private static func anyLiteral(
        _ text: Span<UInt8>, _ version: ODataVersion, _ type: PrimitiveType?
    ) throws(ValueError) -> ODataValue {
        guard text.count > 0 else { throw .malformed(type) }
        if text[text.count - 1] == UInt8(ascii: "'") { return try quotedLiteral(text, version) }
        if text.equals("null") { return .null }
        if text.count == 4, text.starts(with: "true", ignoringCase: true) { return .boolean(true) }
        if text.count == 5, text.starts(with: "false", ignoringCase: true) { return .boolean(false) }
        if version.isV4, let value = try bareLiteral(text) { return value }
        if !version.isV4, type == .boolean, text.equals("1") || text.equals("0") { return .boolean(text.equals("1")) }
        return version.isV4 ? try number(text, as: type) : try suffixedNumber(text, as: type)
    }

    /// GUIDs, dates and times of version 4, which stand as they are; nil for what looks like none of them.
    private static func bareLiteral(_ text: Span<UInt8>) throws(ValueError) -> ODataValue? {
        if text.count == 36, let guid = GUID(text: text) { return .guid(guid) }
        if text.has(":", at: 2) { return .timeOfDay(try DateText.wholeTime(text)) }
        let sign = text.has("-", at: 0) ? 1 : 0
        // `2020-…`; a number has no `-` after four digits.
        guard text.count >= sign + 10, text.has("-", at: sign + 4), text.twoDigits(at: sign) != nil,
            text.twoDigits(at: sign + 2) != nil
        else { return nil }
        if text.count == sign + 10 {
            guard let date = try DateText.wholeDate(text) else { throw .outOfRange(.date) }
            return .date(date)
        }
        guard let instant = try DateText.instant(text, isLenient: false) else { throw .outOfRange(.dateTimeOffset) }
        return .dateTimeOffset(instant)
    }

    /// A number, of the type that is asked for if it is a numeric one.
    static func number(_ text: Span<UInt8>, as type: PrimitiveType?) throws(ValueError) -> ODataValue {
        switch type {
        case .double: return .double(try NumberText.double(text))
        case .single: return .single(try NumberText.single(text))
        case .decimal: return .decimal(try ODataDecimal(text: text))
        case .byte, .sbyte, .int16, .int32, .int64:
            return try integer(text, isNumber: false, as: type ?? .int64)
        default: break
        }
        guard let number = ScannedNumber(text) else { return .double(try NumberText.notFinite(text, as: .double)) }
        if number.isInteger, let value = try? NumberText.integer(text, as: .int64) {
            return Int32(exactly: value).map { .int32($0) } ?? .int64(value)
        }
        let hasExponent = text.indices.contains { text[$0].lowercasedASCII == UInt8(ascii: "e") }
        return hasExponent ? .double(try NumberText.double(text)) : try plainDecimal(text)
    }

    /// A decimal that is written as it was read: one with so many zeros that it takes an exponent would come back as another
    /// type, or not at all in version 2.
    private static func plainDecimal(_ text: Span<UInt8>) throws(ValueError) -> ODataValue {
        let value = try ODataDecimal(text: text)
        guard !value.needsExponent else { throw .outOfRange(.decimal) }
        return .decimal(value)
    }

    /// A number of version 2: `10`, `10L`, `1.5M`, `1.5d`, `1.5f`. SAP's services take a decimal without `M` as well.
    private static func suffixedNumber(_ text: Span<UInt8>, as type: PrimitiveType?) throws(ValueError) -> ODataValue {
        let last = text[text.count - 1]
        let digits = text.extracting(..<(text.count - 1))
        // `INF` ends with what would be a suffix.
        if text.equals("INF") || text.equals("-INF") { return try number(text, as: type) }
        switch last.lowercasedASCII {
        case UInt8(ascii: "l"): return .int64(try NumberText.integer(digits, as: .int64))
        case UInt8(ascii: "m"): return try plainDecimal(digits)
        case UInt8(ascii: "d"): return .double(try NumberText.double(digits))
        case UInt8(ascii: "f"): return .single(try NumberText.single(digits))
        default: return type == .decimal ? try plainDecimal(text) : try number(text, as: type)
        }
    }

    /// `'…'`, or a word before it.
    private static func quotedLiteral(_ text: Span<UInt8>, _ version: ODataVersion) throws(ValueError) -> ODataValue {
        var quote = 0
        while text[quote] != UInt8(ascii: "'") { quote += 1 }
        guard quote < text.count - 1 else { throw .malformed(nil) }
        let content = text.extracting((quote + 1)..<(text.count - 1))
        if quote == 0 { return .string(try unquoted(content)) }
        let word = text.extracting(..<quote)
        return version.isV4 ? try wordLiteral4(word, content) : try wordLiteral2(word, content)
    }

    private static func unquoted(_ content: Span<UInt8>) throws(ValueError) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(content.count)
        var place = 0
        while place < content.count {
            bytes.append(content[place])
            if content[place] == UInt8(ascii: "'") {
                guard content.has("'", at: place + 1) else { throw .malformed(.string) }
                place += 1
            }
            place += 1
        }
        guard let text = bytes.span.string() else { throw .malformed(.string) }
        return text
    }

    private static func wordLiteral2(_ word: Span<UInt8>, _ content: Span<UInt8>) throws(ValueError) -> ODataValue {
        func isWord(_ text: String) -> Bool {
            word.count == text.utf8.count && word.starts(with: text, ignoringCase: true)
        }
        if isWord("datetime") {
            guard let value = try DateText.wallTime(content) else { throw .outOfRange(.dateTime) }
            return .dateTime(value)
        }
        if isWord("datetimeoffset") {
            guard let value = try DateText.instant(content, isLenient: true) else { throw .outOfRange(.dateTimeOffset) }
            return .dateTimeOffset(value)
        }
        if isWord("time") { return .time(try DurationText.duration(content, as: .time)) }
        if isWord("guid") {
            guard let value = GUID(text: content) else { throw .malformed(.guid) }
            return .guid(value)
        }
        if word.equals("X") || isWord("binary") {
            guard let bytes = BinaryText.hex(content) else { throw .malformed(.binary) }
            return .binary(bytes)
        }
        if isWord("geography") || isWord("geometry") { return try GeoValue.parse(word, content) }
        throw .malformed(nil)
    }

    private static func wordLiteral4(_ word: Span<UInt8>, _ content: Span<UInt8>) throws(ValueError) -> ODataValue {
        func isWord(_ text: String) -> Bool {
            word.count == text.utf8.count && word.starts(with: text, ignoringCase: true)
        }
        if isWord("duration") { return .duration(try DurationText.duration(content, as: .duration)) }
        if isWord("binary") {
            guard let bytes = BinaryText.base64(content) else { throw .malformed(.binary) }
            return .binary(bytes)
        }
        if isWord("geography") || isWord("geometry") { return try GeoValue.parse(word, content) }
        guard let name = word.string().flatMap({ QualifiedName($0) }), let members = content.string()
        else { throw .malformed(nil) }
        let value = EnumerationValue(members, of: name)
        // What can't be written can't be read.
        _ = try value.literal(.v4)
        return .enumeration(value)
    }
}
