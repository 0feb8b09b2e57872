internal import Sodium

/// The grammar of RFC 8259, nothing beside it: turns a text into entries or says where it fails.
struct JSONParser {
    private let limits: JSONLimits
    private var position = 0
    private var entries: [JSONEntry] = []

    private init(limits: JSONLimits) {
        self.limits = limits
    }

    static func parse(_ text: RawSpan, limits: JSONLimits) throws(JSONParseError) -> [JSONEntry] {
        guard text.byteCount <= limits.maxBytes else {
            throw JSONParseError(reason: .tooLarge, offset: limits.maxBytes)
        }
        var parser = JSONParser(limits: limits)
        parser.entries.reserveCapacity(min(text.byteCount / 8 + 1, 1024))
        if text.byteCount >= 3, text[0] == 0xEF, text[1] == 0xBB, text[2] == 0xBF {
            throw JSONParseError(reason: .byteOrderMark, offset: 0)
        }
        parser.skipSpace(text)
        try parser.value(text, depth: 0)
        parser.skipSpace(text)
        guard parser.position == text.byteCount else { throw parser.failure(.trailingBytes) }
        return parser.entries
    }

    private func failure(_ reason: JSONParseError.Reason) -> JSONParseError {
        JSONParseError(reason: reason, offset: position)
    }

    /// What stands here, for a byte that cannot be what was expected.
    private func unexpected(_ text: RawSpan) -> JSONParseError {
        failure(position < text.byteCount ? .unexpectedByte : .unexpectedEnd)
    }

    private mutating func skipSpace(_ text: RawSpan) {
        while position < text.byteCount {
            switch text[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    private func peek(_ text: RawSpan) -> UInt8? {
        position < text.byteCount ? text[position] : nil
    }

    private mutating func accept(_ byte: UInt8, _ text: RawSpan) -> Bool {
        guard peek(text) == byte else { return false }
        position += 1
        return true
    }

    private mutating func add(_ kind: JSONKind, start: Int, end: Int, hasEscapes: Bool = false) throws(JSONParseError) {
        guard entries.count < limits.maxValues else { throw failure(.tooManyValues) }
        let next = UInt32(entries.count + 1)
        entries.append(
            JSONEntry(kind: kind, hasEscapes: hasEscapes, start: UInt32(start), end: UInt32(end), next: next))
    }

    private mutating func value(_ text: RawSpan, depth: Int) throws(JSONParseError) {
        guard let byte = peek(text) else { throw failure(.unexpectedEnd) }
        switch byte {
        case UInt8(ascii: "{"): try object(text, depth: depth + 1)
        case UInt8(ascii: "["): try array(text, depth: depth + 1)
        case UInt8(ascii: "\""): try string(text)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try number(text)
        case UInt8(ascii: "t"): try literal("true", .bool, text)
        case UInt8(ascii: "f"): try literal("false", .bool, text)
        case UInt8(ascii: "n"): try literal("null", .null, text)
        default: throw failure(.unexpectedByte)
        }
    }

    private mutating func literal(_ word: StaticString, _ kind: JSONKind, _ text: RawSpan) throws(JSONParseError) {
        let start = position
        for expected in word.description.utf8 {
            guard let byte = peek(text) else { throw failure(.unexpectedEnd) }
            guard byte == expected else { throw failure(.invalidLiteral) }
            position += 1
        }
        try add(kind, start: start, end: position)
    }
}

// MARK: Arrays and objects

extension JSONParser {
    private mutating func open(_ kind: JSONKind, depth: Int) throws(JSONParseError) -> Int {
        guard depth <= limits.maxDepth else { throw failure(.tooDeep) }
        try add(kind, start: position, end: position)
        position += 1
        return entries.count - 1
    }

    private mutating func close(_ index: Int, count: Int) {
        entries[index].end = UInt32(position)
        entries[index].count = UInt32(count)
        entries[index].next = UInt32(entries.count)
    }

    private mutating func array(_ text: RawSpan, depth: Int) throws(JSONParseError) {
        let index = try open(.array, depth: depth)
        var count = 0
        skipSpace(text)
        if accept(UInt8(ascii: "]"), text) { return close(index, count: 0) }
        while true {
            try value(text, depth: depth)
            count += 1
            skipSpace(text)
            if accept(UInt8(ascii: "]"), text) { return close(index, count: count) }
            guard accept(UInt8(ascii: ","), text) else { throw unexpected(text) }
            skipSpace(text)
        }
    }

    private mutating func object(_ text: RawSpan, depth: Int) throws(JSONParseError) {
        let index = try open(.object, depth: depth)
        var names: [Int] = []
        skipSpace(text)
        if accept(UInt8(ascii: "}"), text) { return close(index, count: 0) }
        while true {
            guard peek(text) == UInt8(ascii: "\"") else { throw unexpected(text) }
            names.append(entries.count)
            try string(text)
            skipSpace(text)
            guard accept(UInt8(ascii: ":"), text) else { throw unexpected(text) }
            skipSpace(text)
            try value(text, depth: depth)
            skipSpace(text)
            if accept(UInt8(ascii: "}"), text) { break }
            guard accept(UInt8(ascii: ","), text) else { throw unexpected(text) }
            skipSpace(text)
        }
        try refuseDuplicates(names, text)
        close(index, count: names.count)
    }

    /// Compares few names pairwise, many by a seeded hash, so that a hostile object costs no quadratic time.
    private func refuseDuplicates(_ names: [Int], _ text: RawSpan) throws(JSONParseError) {
        guard names.count > 8 else {
            for (place, name) in names.enumerated() {
                for earlier in names[..<place] { try refuseEqual(earlier, name, text) }
            }
            return
        }
        var groups: [Int: [Int]] = Dictionary(minimumCapacity: names.count)
        for name in names {
            var hasher = Hasher()
            var cursor = JSONStringCursor(entries[name])
            while let byte = cursor.next(in: text) { hasher.combine(byte) }
            let hash = hasher.finalize()
            for earlier in groups[hash] ?? [] { try refuseEqual(earlier, name, text) }
            groups[hash, default: []].append(name)
        }
    }

    private func refuseEqual(_ earlier: Int, _ later: Int, _ text: RawSpan) throws(JSONParseError) {
        var first = JSONStringCursor(entries[earlier])
        var second = JSONStringCursor(entries[later])
        while true {
            let byte = first.next(in: text)
            guard byte == second.next(in: text) else { return }
            if byte == nil {
                throw JSONParseError(reason: .duplicateMember, offset: Int(entries[later].start) - 1)
            }
        }
    }
}

// MARK: Strings and numbers

extension JSONParser {
    private mutating func string(_ text: RawSpan) throws(JSONParseError) {
        position += 1
        let start = position
        var hasEscapes = false
        while let byte = peek(text) {
            switch byte {
            case UInt8(ascii: "\""):
                try add(.string, start: start, end: position, hasEscapes: hasEscapes)
                position += 1
                return
            case UInt8(ascii: "\\"):
                hasEscapes = true
                try escape(text)
            case 0..<0x20:
                throw failure(.controlCharacter)
            case 0x80...0xFF:
                guard let length = JSONText.sequenceLength(in: text, at: position) else { throw failure(.invalidUTF8) }
                position += length
            default:
                position += 1
            }
        }
        throw failure(.unexpectedEnd)
    }

    private mutating func escape(_ text: RawSpan) throws(JSONParseError) {
        guard position + 1 < text.byteCount else {
            position = text.byteCount
            throw failure(.unexpectedEnd)
        }
        switch text[position + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 2
        case UInt8(ascii: "u"):
            try unicodeEscape(text)
        default:
            throw failure(.invalidEscape)
        }
    }

    private mutating func unicodeEscape(_ text: RawSpan) throws(JSONParseError) {
        let start = position
        let unit = try codeUnit(text)
        if unit == 0, limits.refusesNUL { throw JSONParseError(reason: .nulCharacter, offset: start) }
        guard unit & 0xF800 == 0xD800 else { return }
        let lone = JSONParseError(reason: .loneSurrogate, offset: start)
        guard unit & 0xFC00 == 0xD800, position + 1 < text.byteCount, text[position] == UInt8(ascii: "\\"),
            text[position + 1] == UInt8(ascii: "u")
        else { throw lone }
        guard try codeUnit(text) & 0xFC00 == 0xDC00 else { throw lone }
    }

    /// Reads `\uXXXX`; the caller has seen the backslash and the `u`.
    private mutating func codeUnit(_ text: RawSpan) throws(JSONParseError) -> UInt16 {
        position += 2
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = peek(text) else { throw failure(.unexpectedEnd) }
            guard let digit = JSONText.hexValue(byte) else { throw failure(.invalidEscape) }
            unit = unit << 4 | UInt16(digit)
            position += 1
        }
        return unit
    }

    private mutating func number(_ text: RawSpan) throws(JSONParseError) {
        let start = position
        _ = accept(UInt8(ascii: "-"), text)
        if !accept(UInt8(ascii: "0"), text) { try digits(text) }
        if accept(UInt8(ascii: "."), text) { try digits(text) }
        if accept(UInt8(ascii: "e"), text) || accept(UInt8(ascii: "E"), text) {
            if !accept(UInt8(ascii: "+"), text) { _ = accept(UInt8(ascii: "-"), text) }
            try digits(text)
        }
        // A digit can only follow here after a leading zero.
        if let byte = peek(text), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            throw failure(.invalidNumber)
        }
        try add(.number, start: start, end: position)
    }

    private mutating func digits(_ text: RawSpan) throws(JSONParseError) {
        let start = position
        while let byte = peek(text), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        guard position > start else { throw failure(position < text.byteCount ? .invalidNumber : .unexpectedEnd) }
    }
}
