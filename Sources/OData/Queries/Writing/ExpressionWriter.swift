/// Writes expressions and what else stands in options, not percent-encoded.
///
/// Parentheses stand where the order of operators needs them, and around `not` below an operator, about which the
/// grammar and the table of precedence say different things.
struct ExpressionWriter {
    let version: ODataVersion
    var text = ""
    private var depth = 0

    init(_ version: ODataVersion) { self.version = version }

    mutating func enter() throws(QueryError) {
        depth += 1
        guard depth <= QueryExpression.maxDepth else { throw .tooDeep }
    }

    mutating func leave() { depth -= 1 }

    func needs(_ since: ODataVersion, _ what: String) throws(QueryError) {
        guard version >= since else { throw .notInVersion(what, version) }
    }

    mutating func expression(_ node: QueryExpression, atLeast least: Precedence = .any) throws(QueryError) {
        try enter()
        defer { leave() }
        let isGrouped = Self.precedence(node) < least
        if isGrouped { text += "(" }
        switch node {
        case .literal(let value): try literal(value)
        case .path(let path): try memberPath(path)
        case .not(let operand):
            text += "not "
            try expression(operand, atLeast: .unary)
        case .negate(let operand): try negation(of: operand)
        case .and(let members): try joined(members, by: " and ", empty: "true", atLeast: .equality)
        case .or(let members): try joined(members, by: " or ", empty: "false", atLeast: .and)
        case .binary(let symbol, let left, let right): try binary(symbol, left, right)
        case .call(let function, let arguments): try call(function, arguments)
        case .cast(let operand, let type): try typeCall("cast", operand, type)
        case .isOf(let operand, let type): try typeCall("isof", operand, type)
        case .choice(let branches): try choice(branches)
        case .list: throw .misplaced("list")
        case .json(let node):
            try needs(.v4, "JSON")
            try json(node)
        case .array, .object: try structure(node)
        }
        if isGrouped { text += ")" }
    }

    private static func precedence(_ node: QueryExpression) -> Precedence {
        switch node {
        case .not, .negate: .unary
        case .and(let members): members.isEmpty ? .primary : members.count == 1 ? .any : .and
        case .or(let members): members.isEmpty ? .primary : members.count == 1 ? .any : .or
        case .binary(let symbol, _, _): symbol.precedence
        case .literal, .path, .call, .cast, .isOf, .choice, .list, .json, .array, .object: .primary
        }
    }

    private mutating func negation(of operand: QueryExpression) throws(QueryError) {
        text += "-"
        // `-5` is a number; the negation of 5 is another thing.
        if case .literal = operand {
            text += "("
            try expression(operand)
            text += ")"
        } else {
            try expression(operand, atLeast: .primary)
        }
    }

    private mutating func joined(
        _ members: [QueryExpression], by separator: String, empty: String, atLeast least: Precedence
    ) throws(QueryError) {
        guard members.count > 1 else {
            guard let only = members.first else { return text += empty }
            return try expression(only)
        }
        for (place, member) in members.enumerated() {
            if place > 0 { text += separator }
            try expression(member, atLeast: least)
        }
    }

    private mutating func binary(
        _ symbol: QueryOperator, _ left: QueryExpression, _ right: QueryExpression
    ) throws(QueryError) {
        try needs(symbol.since, symbol.rawValue)
        let precedence = symbol.precedence
        try expression(left, atLeast: Self.isNegation(left) ? .primary : precedence)
        text += " " + symbol.rawValue + " "
        if symbol == .in, case .list(let members) = right { return try list(members) }
        let above = Precedence(rawValue: precedence.rawValue + 1) ?? .primary
        try expression(right, atLeast: Self.isNegation(right) ? .primary : above)
    }

    private static func isNegation(_ node: QueryExpression) -> Bool {
        if case .not = node { true } else { false }
    }

    private mutating func list(_ members: [QueryExpression]) throws(QueryError) {
        try enter()
        defer { leave() }
        text += "("
        for (place, member) in members.enumerated() {
            if place > 0 { text += "," }
            try expression(member)
        }
        text += ")"
    }

    private mutating func call(_ function: QueryFunction, _ arguments: [QueryExpression]) throws(QueryError) {
        let name = function.spelling(version)
        guard function.isAvailable(in: version) else { throw .notInVersion(name, version) }
        guard function.arity.contains(arguments.count) else { throw .misplaced(name) }
        let isTurned = function == .contains && version == .v2
        text += name + "("
        for (place, argument) in (isTurned ? arguments.reversed() : arguments).enumerated() {
            if place > 0 { text += "," }
            try expression(argument)
        }
        text += ")"
    }

    private mutating func typeCall(
        _ name: String, _ operand: QueryExpression?, _ type: QueryTypeName
    ) throws(QueryError) {
        text += name + "("
        if let operand {
            try expression(operand)
            text += ","
        }
        let typeName = try self.typeName(type)
        if version == .v2 {
            guard !type.isCollection else { throw .notInVersion("Collection", version) }
            text += "'" + typeName + "')"
        } else {
            text += typeName + ")"
        }
    }

    private func typeName(_ type: QueryTypeName) throws(QueryError) -> String {
        let isQualified = !type.name.namespace.isEmpty
        if !isQualified { try needs(.v401, type.name.name) }
        let name = isQualified ? try Self.qualified(type.name) : try Self.identifier(type.name.name)
        return type.isCollection ? "Collection(" + name + ")" : name
    }

    static func qualified(_ name: QualifiedName) throws(QueryError) -> String {
        let text = name.description
        guard Identifier.isQualified(text) else { throw .invalidName(text) }
        return text
    }

    private mutating func choice(_ branches: [ChoiceBranch]) throws(QueryError) {
        try needs(.v401, "case")
        guard !branches.isEmpty else { throw .misplaced("case") }
        text += "case("
        for (place, branch) in branches.enumerated() {
            if place > 0 { text += "," }
            let start = text.utf8.endIndex
            try expression(branch.condition)
            // `10:20` would be a time of the day.
            if text.utf8[start...].last.map({ ("0"..."9").contains(Unicode.Scalar($0)) }) == true {
                let condition = text[start...]
                text.replaceSubrange(start..., with: "(" + condition + ")")
            }
            text += ":"
            try expression(branch.value)
        }
        text += ")"
    }
}

extension QueryExpression {
    /// The text in a version, not percent-encoded.
    ///
    /// - Throws: `.notInVersion`, `.invalidName`, `.value`, `.tooDeep`; `.misplaced` for a wrong number of arguments.
    public func text(_ version: ODataVersion) throws(QueryError) -> String {
        var writer = ExpressionWriter(version)
        try writer.expression(self)
        return writer.text
    }
}
