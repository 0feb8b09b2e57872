extension ExpressionWriter {
    mutating func memberPath(_ path: MemberPath) throws(QueryError) {
        switch path.root {
        case .implicit: if path.steps.isEmpty { throw .invalidName("") }
        case .it:
            try needs(.v4, "$it")
            text += "$it"
        case .this:
            try needs(.v401, "$this")
            text += "$this"
        case .root:
            try needs(.v4, "$root")
            guard !path.steps.isEmpty else { throw .invalidName("$root") }
            text += "$root"
        case .these:
            try needs(.v4, "$these")
            text += "$these"
        case .alias(let name):
            try needs(.v4, "@" + name)
            text += "@" + (try Self.identifier(name))
        }
        for (place, step) in path.steps.enumerated() {
            let isFirst = place == 0 && path.root == .implicit
            if case .key(let key) = step {
                try needs(.v4, "key")
                guard !isFirst, place > 0, Self.isBeforeKey(path.steps[place - 1], isFirst: place == 1) else {
                    throw .misplaced("key")
                }
                try self.key(key)
                continue
            }
            if !isFirst { text += "/" }
            try self.step(step, isFirst: isFirst)
        }
    }

    static func identifier(_ name: String) throws(QueryError) -> String {
        guard Identifier.isValid(name) else { throw .invalidName(name) }
        return name
    }

    private mutating func step(_ step: MemberStep, isFirst: Bool) throws(QueryError) {
        switch step {
        case .name(let name):
            guard !isFirst || !Self.isReserved(name, version) else { throw .invalidName(name) }
            text += try Self.identifier(name)
        case .type(let name):
            try needs(.v4, name.description)
            text += try Self.qualified(name)
        case .key: throw .misplaced("key")
        case .call(let name, let arguments):
            guard !isFirst || !Self.isReserved(name, version) else { throw .invalidName(name) }
            try serviceCall(name, arguments)
        case .any(let lambda):
            try needs(.v4, "any")
            text += "any("
            if let lambda { try self.lambda(lambda) }
            text += ")"
        case .all(let lambda):
            try needs(.v4, "all")
            text += "all("
            try self.lambda(lambda)
            text += ")"
        case .filter(let condition):
            try needs(.v401, "$filter")
            text += "$filter("
            try expression(condition)
            text += ")"
        case .count(let filter, let search): try count(filter, search)
        case .annotation(let term):
            try needs(.v4, "@" + term)
            text += "@" + (try Self.annotationTerm(term))
        case .aggregate(let item):
            try needs(.v4, "aggregate")
            text += "aggregate("
            try aggregateItem(item)
            text += ")"
        }
    }

    /// A function of the service with named arguments.
    mutating func serviceCall(_ name: String, _ arguments: [NamedArgument]) throws(QueryError) {
        try needs(.v4, name)
        if !name.contains(".") {
            try needs(.v401, name)
            guard Identifier.isValid(name), !Self.isCallable(name) else { throw .invalidName(name) }
        } else if !Identifier.isQualified(name) || QueryFunction.named(name, in: version) != nil {
            throw .invalidName(name)
        }
        text += name + "("
        try self.arguments(arguments)
        text += ")"
    }

    mutating func arguments(_ arguments: [NamedArgument]) throws(QueryError) {
        var names: Set<String> = []
        for (place, argument) in arguments.enumerated() {
            if place > 0 { text += "," }
            if let name = argument.name {
                guard names.insert(name).inserted else { throw .misplaced(name) }
                text += try Self.identifier(name) + "="
            } else {
                // Only an alias has no name, and it is the only one: a key.
                guard arguments.count == 1, case .path(let path) = argument.value, case .alias = path.root,
                    path.steps.isEmpty
                else { throw .misplaced("argument") }
            }
            try expression(argument.value)
        }
    }

    private mutating func lambda(_ lambda: Lambda) throws(QueryError) {
        text += try Self.identifier(lambda.variable) + ":"
        try expression(lambda.predicate)
    }

    private mutating func count(_ filter: QueryExpression?, _ search: SearchExpression?) throws(QueryError) {
        try needs(.v4, "$count")
        text += "$count"
        guard filter != nil || search != nil else { return }
        try needs(.v401, "$count()")
        text += "("
        if let filter {
            text += "$filter="
            try expression(filter)
        }
        if let search {
            text += filter == nil ? "$search=" : ";$search="
            try self.search(search)
        }
        text += ")"
    }

    static func annotationTerm(_ term: String) throws(QueryError) -> String {
        let parts = term.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        guard Identifier.isQualified(parts[0]) || Identifier.isValid(parts[0]),
            parts.count == 1 || Identifier.isValid(parts[1])
        else { throw .invalidName(term) }
        return term
    }

    private static func isBeforeKey(_ step: MemberStep, isFirst: Bool) -> Bool {
        switch step {
        case .name(let name): !isCallable(name)
        // Behind a function's own parentheses.
        case .call: true
        case .type, .key, .any, .all, .filter, .count, .annotation, .aggregate: false
        }
    }

    /// Words that are something else where a path could begin.
    static func isReserved(_ name: String, _ version: ODataVersion) -> Bool {
        if name == "INF" || name == "NaN" { return true }
        let word = version.isV4 ? name.lowercased() : name
        return word == "null" || word == "true" || word == "false" || word == "not"
    }

    /// Words that are the protocol's own in front of parentheses.
    static func isCallable(_ name: String) -> Bool {
        let word = name.lowercased()
        return QueryFunction.named(word, in: .v401) != nil
            || ["any", "all", "aggregate", "cast", "isof", "case", "not"].contains(word)
    }
}
