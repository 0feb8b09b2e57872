extension ODataValue {
    /// The value as it stands in a URL: in a key, a filter, a parameter. Not percent-encoded.
    ///
    /// Version 2 (MS-ODATA §2.2.2): `'O''Neil'`, `10L`, `10.5M`, `1.5d`, `1.5f`, `guid'…'`, `X'…'`, `datetime'…'`,
    /// `datetimeoffset'…'`, `time'PT…'`. Version 4 (OData ABNF §7): numbers, dates and GUIDs as they are,
    /// `duration'…'`, `binary'…'`, `geography'…'`, `Namespace.Type'Member'`; a collection is a JSON array.
    ///
    /// - Throws: `.mismatch` for what the version has no literal for; `.malformed` for an enumeration's member that is
    ///   none; `.outOfRange` for a decimal that version 2 can't write.
    func literal(_ version: ODataVersion) throws(ValueError) -> String {
        switch self {
        case .null: return "null"
        case .boolean(let value): return value ? "true" : "false"
        case .byte, .sbyte, .int16, .int32: return String(integerValue ?? 0)
        case .int64(let value): return version.isV4 ? String(value) : "\(value)L"
        case .single(let value):
            return NumberText.text(of: value) + (version.isV4 ? "" : "f")
        case .double(let value):
            return NumberText.text(of: value) + (version.isV4 || !value.isFinite ? "" : "d")
        case .decimal(let value):
            if version.isV4 { return value.description }
            guard !value.needsExponent else { throw .outOfRange(.decimal) }
            return value.description + "M"
        case .string(let value): return Self.quoted(value)
        case .guid(let value): return version.isV4 ? value.description : "guid'\(value.description)'"
        case .binary(let bytes):
            let text = version.isV4 ? BinaryText.base64(bytes, forURL: true) : BinaryText.hex(bytes)
            return (version.isV4 ? "binary'" : "X'") + text.asciiString + "'"
        case .date, .dateTime, .dateTimeOffset, .time, .timeOfDay, .duration: return try temporalLiteral(version)
        case .enumeration(let value): return try value.literal(version)
        case .geo(let value): return try value.literal()
        case .collection:
            guard version.isV4 else { throw .mismatch(expected: "a single value") }
            return String(decoding: try jsonNode(version, ieee754Compatible: false).serialized(), as: UTF8.self)
        case .untyped(let node): return try Self.scalar(node).literal(version)
        case .stream, .complex, .entity, .entities, .deferred: throw .mismatch(expected: "a primitive value")
        }
    }

    /// In single quotes, those within doubled.
    static func quoted(_ text: String) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count + 2)
        bytes.append(ascii: "'")
        for byte in text.utf8 {
            if byte == UInt8(ascii: "'") { bytes.append(byte) }
            bytes.append(byte)
        }
        bytes.append(ascii: "'")
        return bytes.asciiString
    }

    private func temporalLiteral(_ version: ODataVersion) throws(ValueError) -> String {
        switch (try forVersion(version), version.isV4) {
        case (.date(let value), _): return value.description
        case (.timeOfDay(let value), _): return value.description
        case (.duration(let value), _): return "duration'\(value.description)'"
        case (.time(let value), _): return "time'\(DurationText.timeText(of: value))'"
        case (.dateTime(let value), _): return "datetime'\(value.description)'"
        case (.dateTimeOffset(let value), true): return value.description
        case (.dateTimeOffset(let value), false): return "datetimeoffset'\(value.description)'"
        default: throw .mismatch(expected: "a date or time")
        }
    }

    /// What an untyped scalar is of itself.
    private static func scalar(_ node: JSONNode) throws(ValueError) -> ODataValue {
        switch node {
        case .null: return .null
        case .boolean(let value): return .boolean(value)
        case .string(let text): return .string(text)
        case .number(let text):
            let utf8 = text.utf8Span
            return try number(utf8.span, as: nil)
        case .array, .object: throw .mismatch(expected: "a primitive value")
        }
    }
}

extension EnumerationValue {
    /// Version 4: `Namespace.Type'Member'`, without the type where none is known, which 4.01 allows. Version 2 has no
    /// enumerations; its services take the member as a string.
    func literal(_ version: ODataVersion) throws(ValueError) -> String {
        var names: [String] = []
        for part in members.split(separator: ",", omittingEmptySubsequences: false) {
            let name = part.drop { $0 == " " }
            guard Self.isMember(name) else { throw .malformed(nil) }
            names.append(String(name))
        }
        let quoted = "'" + names.joined(separator: ",") + "'"
        guard version.isV4, let type else { return quoted }
        guard
            (type.namespace.split(separator: ".", omittingEmptySubsequences: false) + [type.name[...]])
                .allSatisfy({ Self.isMember($0) })
        else { throw .malformed(nil) }
        return type.description + quoted
    }

    /// An identifier, or a number with its sign.
    static func isMember(_ name: Substring) -> Bool {
        guard let first = name.unicodeScalars.first else { return false }
        if first == "-" || first == "+" || first.isASCIIDigit {
            let digits = first.isASCIIDigit ? name : name.dropFirst()
            return !digits.isEmpty && digits.unicodeScalars.allSatisfy(\.isASCIIDigit)
        }
        return name.unicodeScalars.allSatisfy { $0 == "_" || $0.properties.isXIDContinue }
    }
}

extension Unicode.Scalar {
    var isASCIIDigit: Bool { self >= "0" && self <= "9" }
}
