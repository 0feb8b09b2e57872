extension ExpressionParser {
    private enum Infix {
        case and, or
        case binary(QueryOperator)

        var precedence: Precedence {
            switch self {
            case .and: .and
            case .or: .or
            case .binary(let symbol): symbol.precedence
            }
        }
    }

    /// An expression whose operators bind tighter than the given one.
    mutating func expression(above least: Precedence = .any) throws(QueryError) -> QueryExpression {
        try enter()
        defer { leave() }
        var left = try unary()
        /// Operands of `and` or `or` in a row, and the highest of them.
        var members: [QueryExpression] = []
        var (isConjunction, tallest) = (false, 0)
        while let infix = takeInfix(above: least) {
            let leftHeight = height
            switch infix {
            case .binary(let symbol):
                try needs(symbol.since, symbol.rawValue)
                let right = try operand(of: symbol)
                left = .binary(symbol, left, right)
                try grow(above: max(leftHeight, height))
            case .and, .or:
                let joinsByAnd = infix.precedence == .and
                if members.isEmpty || joinsByAnd != isConjunction {
                    if !members.isEmpty {
                        left = isConjunction ? .and(members) : .or(members)
                        try grow(above: tallest)
                        tallest = height
                    } else {
                        tallest = leftHeight
                    }
                    (members, isConjunction) = ([left], joinsByAnd)
                }
                members.append(try expression(above: infix.precedence))
                tallest = max(tallest, height)
            }
        }
        guard !members.isEmpty else { return left }
        try grow(above: tallest)
        return isConjunction ? .and(members) : .or(members)
    }

    private mutating func operand(of symbol: QueryOperator) throws(QueryError) -> QueryExpression {
        switch symbol {
        case .in: try listOrPrimary()
        case .has: try primary()
        default: try expression(above: symbol.precedence)
        }
    }

    /// The operator that follows, if it binds tighter; with the space behind it. Membership is `postfix`'s.
    private mutating func takeInfix(above least: Precedence) -> Infix? {
        let start = place
        guard skipNeededSpace(), let infix = infix(), infix.precedence > least, infix.precedence < .unary,
            skipNeededSpace()
        else {
            place = start
            return nil
        }
        return infix
    }

    private mutating func infix() -> Infix? {
        let start = place
        place = nameEnd(from: place)
        guard (2...5).contains(place - start) else { return nil }
        let word = version.isV4 ? text(from: start).lowercased() : text(from: start)
        switch word {
        case "and": return .and
        case "or": return .or
        default: return QueryOperator(rawValue: word).map { .binary($0) }
        }
    }

    private mutating func unary() throws(QueryError) -> QueryExpression {
        if isNot() {
            try enter()
            defer { leave() }
            place += 3
            skipSpace()
            let operand = try unary()
            try grow(above: height)
            return .not(operand)
        }
        if next == UInt8(ascii: "-"), !isNumberAhead {
            try enter()
            defer { leave() }
            place += 1
            skipSpace()
            let operand = try unary()
            try grow(above: height)
            return .negate(operand)
        }
        return try membership()
    }

    /// `not` before a space or a parenthesis is the operator.
    private func isNot() -> Bool {
        guard bytes.count - place > 3, nameEnd(from: place) == place + 3 else { return false }
        let after = bytes[place + 3]
        guard after == UInt8(ascii: " ") || after == UInt8(ascii: "\t") || after == UInt8(ascii: "(") else {
            return false
        }
        let word = String(decoding: bytes[place..<place + 3], as: UTF8.self)
        return (version.isV4 ? word.lowercased() : word) == "not"
    }

    /// `has` and `in` bind tighter than `not` and `-`.
    private mutating func membership() throws(QueryError) -> QueryExpression {
        var left = try primary()
        while true {
            let start = place
            guard skipNeededSpace(), case .binary(let symbol)? = infix(), symbol.precedence == .membership,
                skipNeededSpace()
            else {
                place = start
                return left
            }
            try needs(symbol.since, symbol.rawValue)
            let leftHeight = height
            let right = try operand(of: symbol)
            left = .binary(symbol, left, right)
            try grow(above: max(leftHeight, height))
        }
    }

    /// What `in` looks in: parentheses are a list there, of one too.
    private mutating func listOrPrimary() throws(QueryError) -> QueryExpression {
        guard take("(") else { return try primary() }
        skipSpace()
        var (members, tallest): ([QueryExpression], Int) = ([], 0)
        if next != UInt8(ascii: ")") {
            repeat {
                members.append(try expression())
                tallest = max(tallest, height)
            } while takeComma()
        }
        skipSpace()
        try expect(")")
        try grow(above: tallest)
        return .list(members)
    }
}
