extension ExpressionParser {
    mutating func search() throws(QueryError) -> SearchExpression {
        try needs(.v4, "$search")
        try enter()
        defer { leave() }
        return try searchJoin(isOr: true)
    }

    /// Terms with `OR` between them, or with `AND` or nothing but space.
    private mutating func searchJoin(isOr: Bool) throws(QueryError) -> SearchExpression {
        var members = [isOr ? try searchJoin(isOr: false) : try searchTerm()]
        var tallest = height
        while takeSearchJoint(isOr: isOr) {
            members.append(isOr ? try searchJoin(isOr: false) : try searchTerm())
            tallest = max(tallest, height)
        }
        guard members.count > 1 else { return members[0] }
        try grow(above: tallest)
        return isOr ? .or(members) : .and(members)
    }

    private mutating func takeSearchJoint(isOr: Bool) -> Bool {
        let start = place
        if skipNeededSpace() {
            let word = searchWordAhead()
            if isOr, word.elementsEqual("OR".utf8) {
                place += 2
                if skipNeededSpace() { return true }
            } else if !isOr, word.elementsEqual("AND".utf8) {
                place += 3
                if skipNeededSpace() { return true }
            } else if !isOr, !word.elementsEqual("OR".utf8), isSearchTermAhead(word) {
                return true
            }
        }
        place = start
        return false
    }

    private func isSearchTermAhead(_ word: ArraySlice<UInt8>) -> Bool {
        !word.isEmpty || next == UInt8(ascii: "\"") || next == UInt8(ascii: "(")
    }

    private func searchWordAhead() -> ArraySlice<UInt8> {
        var end = place
        while let byte = byte(at: end), byte > 0x20, byte != 0x7F, byte != UInt8(ascii: "\""),
            byte != UInt8(ascii: "("),
            byte != UInt8(ascii: ")"), byte != UInt8(ascii: ";")
        {
            end += 1
        }
        return bytes[place..<end]
    }

    private mutating func searchTerm() throws(QueryError) -> SearchExpression {
        try enter()
        defer { leave() }
        height = 1
        if take("(") {
            skipSpace()
            let inner = try search()
            skipSpace()
            try expect(")")
            return inner
        }
        if next == UInt8(ascii: "\"") { return .phrase(try searchPhrase()) }
        let start = place
        let word = searchWordAhead()
        if word.elementsEqual("NOT".utf8) {
            place += 3
            guard skipNeededSpace() else { throw syntax }
            let operand = try searchTerm()
            try grow(above: height)
            return .not(operand)
        }
        guard SearchExpression.isWord(Array(word)) else {
            place = start
            throw syntax
        }
        place += word.count
        return .word(text(from: start))
    }

    private mutating func searchPhrase() throws(QueryError) -> String {
        let start = place
        place += 1
        var phrase: [UInt8] = []
        while let byte = next, byte != UInt8(ascii: "\"") {
            if byte == UInt8(ascii: "\\"), version == .v401 {
                place += 1
                guard let escaped = next else { break }
                phrase.append(escaped)
            } else {
                phrase.append(byte)
            }
            place += 1
        }
        guard take("\""), !phrase.isEmpty else {
            place = start
            throw syntax
        }
        return String(decoding: phrase, as: UTF8.self)
    }
}
