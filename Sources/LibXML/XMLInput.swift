/// Turns the bytes of a document into UTF-8, whatever they are, and says what its declaration got wrong.
///
/// Bytes speak louder than declarations: what begins as UTF-8 does is UTF-8 even if it is labelled `utf-16`, as SAP ships it.
struct XMLInput {
    private enum Form {
        case undecided
        case utf8
        case latin1
        case utf16(bigEndian: Bool)
    }

    /// An XML declaration is shorter than this.
    private static let maxHead = 1_024

    private var form = Form.undecided
    private var head: [UInt8] = []
    /// Of UTF-16: the first byte of a unit, and a high surrogate, of the chunk before.
    private var oddByte: UInt8?
    private var highSurrogate: UInt16?
    /// The document begins with a byte order mark.
    private(set) var hasByteOrderMark = false
    /// UTF-8 that declares itself UTF-16, or the other way round.
    private(set) var isMislabelled = false

    /// - Returns: as much as can be given on, perhaps nothing.
    mutating func append(_ bytes: [UInt8]) throws(XMLParserError) -> [UInt8] {
        guard case .undecided = form else { return try convert(bytes) }
        if head.isEmpty { head = bytes } else { head += bytes }
        return isHeadComplete ? try begin() : []
    }

    /// - Returns: what was held back.
    mutating func finish() throws(XMLParserError) -> [UInt8] {
        if case .undecided = form { return try begin() }
        guard oddByte == nil, highSurrogate == nil else { throw XMLParserError(.syntax) }
        return []
    }

    private var isHeadComplete: Bool {
        if head.count >= Self.maxHead { return true }
        return head.count >= 6 && (head.contains(0x3E) || !declarationMayFollow)
    }

    private var declarationMayFollow: Bool { head.prefix(4).contains(0) || head.prefix(8).contains(0x3F) }

    private mutating func begin() throws(XMLParserError) -> [UInt8] {
        let begin = head
        head = []
        let declared = Self.declaredEncoding(begin.prefix(Self.maxHead * 2).filter { $0 != 0 })
        switch (begin.first ?? 0, begin.dropFirst().first ?? 0) {
        case (0xEF, 0xBB) where begin.dropFirst(2).first == 0xBF:
            hasByteOrderMark = true
            try beginUTF8(declared)
            return Array(begin.dropFirst(3))
        case (0xFE, 0xFF), (0xFF, 0xFE):
            hasByteOrderMark = true
            return try beginUTF16(Array(begin.dropFirst(2)), bigEndian: begin[0] == 0xFE, declared)
        case (0x00, 0x3C), (0x3C, 0x00):
            return try beginUTF16(begin, bigEndian: begin[0] == 0, declared)
        default:
            try beginUTF8(declared)
            return try convert(begin)
        }
    }

    private mutating func beginUTF8(_ declared: String?) throws(XMLParserError) {
        form = .utf8
        switch declared ?? "utf-8" {
        case "utf-8", "utf8", "us-ascii", "ascii": break
        case "utf-16", "utf16", "utf-16le", "utf-16be": isMislabelled = true
        case "iso-8859-1", "iso8859-1", "latin1":
            // A byte order mark decides against the declaration.
            if hasByteOrderMark { isMislabelled = true } else { form = .latin1 }
        default: throw XMLParserError(.unknownEncoding, at: XMLPosition(line: 1, column: 1))
        }
    }

    private mutating func beginUTF16(
        _ bytes: [UInt8], bigEndian: Bool, _ declared: String?
    ) throws(XMLParserError) -> [UInt8] {
        form = .utf16(bigEndian: bigEndian)
        isMislabelled = declared.map { !$0.hasPrefix("utf-16") && $0 != "utf16" } ?? false
        return try convert(bytes)
    }

    private mutating func convert(_ bytes: [UInt8]) throws(XMLParserError) -> [UInt8] {
        switch form {
        case .undecided, .utf8: return bytes
        case .latin1:
            var converted: [UInt8] = []
            converted.reserveCapacity(bytes.count + bytes.count / 8)
            for byte in bytes {
                if byte < 0x80 {
                    converted.append(byte)
                } else {
                    converted.append(0xC0 | byte >> 6)
                    converted.append(0x80 | byte & 0x3F)
                }
            }
            return converted
        case .utf16(let bigEndian):
            return try convertUTF16(bytes, bigEndian: bigEndian)
        }
    }

    private mutating func convertUTF16(_ bytes: [UInt8], bigEndian: Bool) throws(XMLParserError) -> [UInt8] {
        var converted: [UInt8] = []
        converted.reserveCapacity(bytes.count)
        for byte in bytes {
            guard let first = oddByte else {
                oddByte = byte
                continue
            }
            oddByte = nil
            let (high, low) = bigEndian ? (first, byte) : (byte, first)
            guard let scalar = try scalar(of: UInt16(high) << 8 | UInt16(low)) else { continue }
            converted.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        }
        return converted
    }

    /// - Returns: nil after the first half of a pair.
    private mutating func scalar(of unit: UInt16) throws(XMLParserError) -> Unicode.Scalar? {
        if let high = highSurrogate {
            highSurrogate = nil
            guard UTF16.isTrailSurrogate(unit) else { throw XMLParserError(.syntax) }
            return Unicode.Scalar(0x1_0000 + (UInt32(high & 0x3FF) << 10 | UInt32(unit & 0x3FF)))
        }
        if UTF16.isLeadSurrogate(unit) {
            highSurrogate = unit
            return nil
        }
        guard let scalar = Unicode.Scalar(unit) else { throw XMLParserError(.syntax) }
        return scalar
    }

    /// The value of `encoding` in an XML declaration, in lower case.
    private static func declaredEncoding(_ head: [UInt8]) -> String? {
        let text = String(decoding: head.prefix(maxHead), as: UTF8.self)
        guard let begin = text.firstRange(of: "<?xml")?.upperBound, let end = text.firstRange(of: "?>")?.lowerBound,
            begin < end, let label = text[begin..<end].firstRange(of: "encoding")?.upperBound
        else { return nil }
        let value = text[label..<end].drop { $0 == "=" || $0.isWhitespace }
        guard let quote = value.first, quote == "\"" || quote == "'" else { return nil }
        return value.dropFirst().prefix { $0 != quote }.lowercased()
    }
}
