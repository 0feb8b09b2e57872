extension ExpressionParser {
    /// A literal, if one stands here. Names that could be one (`INF`, GUIDs that begin with a letter) are told by what
    /// follows them.
    mutating func literal() throws(QueryError) -> ODataValue? {
        let start = place
        guard let end = literalEnd() else {
            place = start
            return nil
        }
        let text = String(decoding: bytes[start..<end], as: UTF8.self)
        do throws(ValueError) {
            var value = try ODataValue(literal: text, version: version, type: nil)
            // Some values have several spellings, of which the one that is written may read as another type (`9.1E3`):
            // the tree has what is read from that.
            let written = try value.literal(version)
            if written != text { value = try ODataValue(literal: written, version: version, type: nil) }
            place = end
            return value
        } catch {
            place = start
            throw syntax
        }
    }

    /// Whether the whole text is one literal, as far as its extent goes.
    mutating func isOneLiteral() -> Bool { literalEnd() == bytes.count }

    /// Where the literal ends that begins here; nil if none does.
    private func literalEnd() -> Int? {
        guard let byte = next else { return nil }
        if byte == UInt8(ascii: "'") { return quotedEnd(from: place) }
        if isNumberAhead { return numberEnd(from: place) }
        guard Self.isNameByte(byte) else { return nil }
        let end = nameEnd(from: place)
        if byte < 0x80, self.byte(at: end) == UInt8(ascii: "-") {
            return version.isV4 && end - place == 8 && isHexadecimal(place..<end) ? numberEnd(from: place) : nil
        }
        return wordEnd(end)
    }

    /// `null`, `true`, `INF`; `datetime'…'`, `ns.Colour'Red'`.
    private func wordEnd(_ end: Int) -> Int? {
        var end = end
        let word = String(decoding: bytes[place..<min(end, place + 16)], as: UTF8.self)
        let after = byte(at: end)
        if after != UInt8(ascii: "."), after != UInt8(ascii: "'"), after != UInt8(ascii: "("),
            after != UInt8(ascii: "/")
        {
            if ExpressionWriter.isReserved(word, version), (version.isV4 ? word.lowercased() : word) != "not" {
                return end
            }
            return nil
        }
        while byte(at: end) == UInt8(ascii: "."), version.isV4 {
            let next = nameEnd(from: end + 1)
            guard next > end + 1 else { return nil }
            end = next
        }
        return byte(at: end) == UInt8(ascii: "'") ? quotedEnd(from: end) : nil
    }

    /// Behind the quotation mark that closes; two of them are one in the text.
    private func quotedEnd(from start: Int) -> Int? {
        var offset = start + 1
        while offset < bytes.count {
            if bytes[offset] == UInt8(ascii: "'") {
                guard byte(at: offset + 1) == UInt8(ascii: "'") else { return offset + 1 }
                offset += 1
            }
            offset += 1
        }
        return nil
    }

    /// A digit, or a sign before a digit or `INF`.
    var isNumberAhead: Bool {
        guard let first = next else { return false }
        if Self.isDigit(first) { return true }
        guard first == UInt8(ascii: "-") || (first == UInt8(ascii: "+") && version.isV4),
            let second = byte(at: place + 1)
        else { return false }
        if Self.isDigit(second) { return true }
        return first == UInt8(ascii: "-") && nameEnd(from: place + 1) == place + 4
            && bytes[place + 1..<place + 4].elementsEqual("INF".utf8)
    }

    static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private func isHexadecimal(_ range: Range<Int>) -> Bool {
        bytes[range].allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
                UInt8(ascii: "A")...UInt8(ascii: "F"):
                true
            default: false
            }
        }
    }

    /// Numbers, dates, times and GUIDs: no operator is a sign, so that signs within belong to them.
    private func numberEnd(from start: Int) -> Int {
        var offset = start + 1
        var isDateTime = false
        while let byte = byte(at: offset) {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "A")...UInt8(ascii: "Z"):
                if byte == UInt8(ascii: "T") || byte == UInt8(ascii: "t") { isDateTime = true }
            case UInt8(ascii: "."):
                // `1.add`: no number.
                guard let after = self.byte(at: offset + 1), Self.isDigit(after) else { return offset }
            case UInt8(ascii: "-"): break
            case UInt8(ascii: "+"):
                let before = bytes[offset - 1] | 0x20
                guard isDateTime || before == UInt8(ascii: "e") else { return offset }
            case UInt8(ascii: ":"):
                guard isTimeSeparator(at: offset, from: start, isDateTime) else { return offset }
            default: return offset
            }
            offset += 1
        }
        return offset
    }

    /// Between two digits before and two behind, in a time of the day or a date with one: elsewhere a colon is that of
    /// a branch or a lambda.
    private func isTimeSeparator(at offset: Int, from start: Int, _ isDateTime: Bool) -> Bool {
        guard version.isV4, let first = byte(at: offset + 1), let second = byte(at: offset + 2), Self.isDigit(first),
            Self.isDigit(second)
        else { return false }
        let length = offset - start
        return isDateTime || length == 2 || (length == 5 && bytes[start + 2] == UInt8(ascii: ":"))
    }
}
