extension ExpressionWriter {
    mutating func search(_ node: SearchExpression) throws(QueryError) {
        try needs(.v4, "$search")
        try search(node, atLeast: 0)
    }

    /// - Parameter least: 0 for anything, 1 for what stands in `OR`, 2 in `AND`, 3 behind `NOT`.
    private mutating func search(_ node: SearchExpression, atLeast least: Int) throws(QueryError) {
        try enter()
        defer { leave() }
        switch node {
        case .word(let word):
            guard SearchExpression.isWord(Array(word.utf8)) else { throw .value(.malformed(.string)) }
            text += word
        case .phrase(let phrase): try self.phrase(phrase)
        case .not(let operand):
            text += "NOT "
            try search(operand, atLeast: 3)
        case .and(let members): try search(members, by: " AND ", isGrouped: least > 2, atLeast: 2)
        case .or(let members): try search(members, by: " OR ", isGrouped: least > 1, atLeast: 1)
        }
    }

    private mutating func search(
        _ members: [SearchExpression], by separator: String, isGrouped: Bool, atLeast least: Int
    ) throws(QueryError) {
        guard members.count > 1 else {
            guard let only = members.first else { throw .value(.malformed(.string)) }
            return try search(only, atLeast: isGrouped ? 3 : 0)
        }
        if isGrouped { text += "(" }
        for (place, member) in members.enumerated() {
            if place > 0 { text += separator }
            try search(member, atLeast: least + 1)
        }
        if isGrouped { text += ")" }
    }

    /// Version 4.0 has no escapes in phrases (4.01 part 2 §5.1.7 has): a backslash is itself there, and a text with a
    /// quotation mark can't be asked for.
    private mutating func phrase(_ phrase: String) throws(QueryError) {
        guard !phrase.isEmpty else { throw .value(.malformed(.string)) }
        text += "\""
        for scalar in phrase.unicodeScalars {
            if scalar == "\"" { try needs(.v401, "quotation mark") }
            if scalar == "\"" || (scalar == "\\" && version == .v401) { text += "\\" }
            text.unicodeScalars.append(scalar)
        }
        text += "\""
    }
}
