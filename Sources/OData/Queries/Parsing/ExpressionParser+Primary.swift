extension ExpressionParser {
    mutating func primary() throws(QueryError) -> QueryExpression {
        guard let byte = next else { throw syntax }
        switch byte {
        case UInt8(ascii: "("):
            place += 1
            skipSpace()
            let inner = try expression()
            skipSpace()
            try expect(")")
            return inner
        case UInt8(ascii: "["), UInt8(ascii: "{"):
            try needs(.v4, "JSON")
            return try structure()
        case UInt8(ascii: "@"), UInt8(ascii: "$"):
            return .path(try memberPath())
        default: break
        }
        if let literal = try literal() {
            height = 1
            return .literal(literal)
        }
        if let call = try call() { return call }
        return .path(try memberPath())
    }

    /// A function of the protocol, if that is what stands here.
    private mutating func call() throws(QueryError) -> QueryExpression? {
        let start = place
        var end = nameEnd(from: place)
        if byte(at: end) == UInt8(ascii: "."), starts(with: "geo.") { end = nameEnd(from: end + 1) }
        guard byte(at: end) == UInt8(ascii: "("), end - place <= 24 else { return nil }
        let name = String(decoding: bytes[start..<end], as: UTF8.self)
        switch version.isV4 ? name.lowercased() : name {
        case "cast":
            place = end + 1
            return try typeCall { .cast($0, $1) }
        case "isof":
            place = end + 1
            return try typeCall { .isOf($0, $1) }
        case "case" where version == .v401:
            place = end + 1
            return try choice()
        default: break
        }
        guard let function = QueryFunction.named(name, in: version) else { return nil }
        place = end + 1
        var (arguments, tallest): ([QueryExpression], Int) = ([], 0)
        skipSpace()
        if next != UInt8(ascii: ")") {
            repeat {
                arguments.append(try expression())
                tallest = max(tallest, height)
            } while takeComma()
        }
        skipSpace()
        guard function.arity.contains(arguments.count) else { throw syntax }
        try expect(")")
        try grow(above: tallest)
        if function == .contains, version == .v2 { arguments.reverse() }
        return .call(function, arguments)
    }

    /// Behind `cast(` or `isof(`: a type alone, or an expression and a type.
    private mutating func typeCall(
        _ make: (QueryExpression?, QueryTypeName) -> QueryExpression
    ) throws(QueryError) -> QueryExpression {
        skipSpace()
        let start = place
        if let type = try? typeName() {
            skipSpace()
            if take(")") {
                height = 1
                return make(nil, type)
            }
        }
        place = start
        let operand = try expression()
        let below = height
        guard takeComma() else { throw syntax }
        let type = try typeName()
        skipSpace()
        try expect(")")
        try grow(above: below)
        return make(operand, type)
    }

    /// Version 2 has it between quotation marks.
    private mutating func typeName() throws(QueryError) -> QueryTypeName {
        if version == .v2 {
            try expect("'")
            let name = try qualifiedName()
            try expect("'")
            return QueryTypeName(name)
        }
        if take("Collection(") {
            let name = try singleTypeName()
            try expect(")")
            return QueryTypeName(name, isCollection: true)
        }
        return QueryTypeName(try singleTypeName())
    }

    /// Without a namespace in 4.01, where services have default ones.
    private mutating func singleTypeName() throws(QueryError) -> QualifiedName {
        guard version == .v401 else { return try qualifiedName() }
        let name = try dottedName()
        return QualifiedName(name) ?? QualifiedName("", name)
    }

    private mutating func choice() throws(QueryError) -> QueryExpression {
        var (branches, tallest): ([ChoiceBranch], Int) = ([], 0)
        skipSpace()
        repeat {
            let condition = try expression()
            tallest = max(tallest, height)
            skipSpace()
            try expect(":")
            skipSpace()
            branches.append(ChoiceBranch(condition, try expression()))
            tallest = max(tallest, height)
        } while takeComma()
        skipSpace()
        try expect(")")
        try grow(above: tallest)
        return .choice(branches)
    }
}
