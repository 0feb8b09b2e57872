extension ExpressionParser {
    mutating func memberPath() throws(QueryError) -> MemberPath {
        var (path, tallest) = (MemberPath(.implicit, []), 0)
        if try root(&path) {
            guard take("/") else {
                guard path.root != .root else { throw syntax }
                height = 1
                return path
            }
        }
        repeat {
            height = 0
            try step(into: &path)
            tallest = max(tallest, height)
        } while take("/")
        try grow(above: tallest)
        return path
    }

    /// - Returns: false if the path begins with a step.
    private mutating func root(_ path: inout MemberPath) throws(QueryError) -> Bool {
        if next == UInt8(ascii: "@") {
            let end = nameEnd(from: place + 1)
            // With a namespace or a qualifier it is an annotation.
            if byte(at: end) == UInt8(ascii: ".") || byte(at: end) == UInt8(ascii: "#") { return false }
            place += 1
            try needs(.v4, "@")
            path.root = .alias(try identifier())
            return true
        }
        guard next == UInt8(ascii: "$") else { return false }
        let start = place
        let end = nameEnd(from: place + 1)
        let word = String(decoding: bytes[place..<end], as: UTF8.self)
        place = end
        switch word {
        case "$it": path.root = .it
        case "$root": path.root = .root
        case "$these": path.root = .these
        case "$this":
            try needs(.v401, word)
            path.root = .this
        default:
            place = start
            return false
        }
        try needs(.v4, word)
        return true
    }

    private mutating func step(into path: inout MemberPath) throws(QueryError) {
        if next == UInt8(ascii: "@") {
            try needs(.v4, "@")
            place += 1
            return path.steps.append(.annotation(try annotationTerm()))
        }
        if next == UInt8(ascii: "$") { return path.steps.append(try systemStep()) }
        let start = place
        let name = try dottedName()
        if path.steps.isEmpty, path.root == .implicit, ExpressionWriter.isReserved(name, version) {
            place = start
            throw syntax
        }
        guard next == UInt8(ascii: "(") else {
            guard name.contains(".") else { return path.steps.append(.name(name)) }
            try needs(.v4, name)
            return try path.steps.append(.type(qualified(name, at: start)))
        }
        try needs(.v4, name + "()")
        // `any` and the like belong to something before them.
        if !path.steps.isEmpty || path.root != .implicit, let step = try collectionStep(name) {
            return path.steps.append(step)
        }
        guard !ExpressionWriter.isCallable(name) else {
            place = start
            throw syntax
        }
        try parentheses(behind: name, start, &path)
        // A function that gives entities may have a key behind it.
        if next == UInt8(ascii: "("), case .call = path.steps.last { path.steps.append(.key(try key())) }
    }

    func qualified(_ name: String, at start: Int) throws(QueryError) -> QualifiedName {
        guard let name = QualifiedName(name) else { throw .syntax(offset: start) }
        return name
    }

    /// `$count` and `$filter`.
    private mutating func systemStep() throws(QueryError) -> MemberStep {
        try needs(.v4, "$count")
        if take("$filter(") {
            try needs(.v401, "$filter")
            skipSpace()
            let condition = try expression()
            skipSpace()
            try expect(")")
            return .filter(condition)
        }
        guard take("$count") else { throw syntax }
        guard next == UInt8(ascii: "(") else { return .count() }
        try needs(.v401, "$count()")
        let options = try nestedOptions(in: .count)
        return .count(filter: options.filter, search: options.search)
    }

    private mutating func collectionStep(_ name: String) throws(QueryError) -> MemberStep? {
        switch name.lowercased() {
        case "any":
            place += 1
            skipSpace()
            if take(")") { return .any(nil) }
            return .any(try lambda())
        case "all":
            place += 1
            skipSpace()
            return .all(try lambda())
        case "aggregate":
            place += 1
            skipSpace()
            let item = try aggregateItem()
            skipSpace()
            try expect(")")
            return .aggregate(item)
        default: return nil
        }
    }

    private mutating func lambda() throws(QueryError) -> Lambda {
        let variable = try identifier()
        skipSpace()
        try expect(":")
        skipSpace()
        let predicate = try expression()
        skipSpace()
        try expect(")")
        return Lambda(variable, predicate)
    }

    /// A key, or a function's arguments: arguments where there is a namespace, an expression, or nothing at all.
    private mutating func parentheses(behind name: String, _ start: Int, _ path: inout MemberPath) throws(QueryError) {
        let arguments = try arguments()
        if !name.contains("."), let key = Self.key(of: arguments) {
            path.steps += [.name(name), .key(key)]
            return
        }
        if !name.contains(".") { try needs(.v401, name + "()") }
        guard arguments.allSatisfy({ $0.name != nil }) || (arguments.count == 1 && !name.contains(".")) else {
            throw .syntax(offset: start)
        }
        path.steps.append(.call(name, arguments))
    }

    /// - Returns: nil if they are no key.
    static func key(of arguments: [NamedArgument]) -> EntityKey? {
        guard !arguments.isEmpty, arguments.count == 1 || arguments.allSatisfy({ $0.name != nil }) else { return nil }
        var parts: [EntityKey.Part] = []
        for argument in arguments {
            guard case .literal(let value) = argument.value, value != .null else { return nil }
            parts.append(EntityKey.Part(argument.name, value))
        }
        return EntityKey(parts)
    }

    /// With their parentheses. An argument without a name is a literal or an alias, and stands alone.
    mutating func arguments() throws(QueryError) -> [NamedArgument] {
        try expect("(")
        skipSpace()
        var (found, tallest): ([NamedArgument], Int) = ([], 0)
        var names: Set<String> = []
        if next != UInt8(ascii: ")") {
            repeat {
                let start = place
                found.append(try argument())
                if let name = found.last?.name, !names.insert(name).inserted { throw .syntax(offset: start) }
                tallest = max(tallest, height)
            } while takeComma()
        }
        skipSpace()
        let end = place
        try expect(")")
        guard found.count < 2 || found.allSatisfy({ $0.name != nil }) else { throw .syntax(offset: end) }
        height = tallest
        return found
    }

    private mutating func argument() throws(QueryError) -> NamedArgument {
        let end = nameEnd(from: place)
        if end > place, byte(at: end) == UInt8(ascii: "=") {
            let name = try identifier()
            place += 1
            return NamedArgument(name, try expression())
        }
        let start = place
        let value = try expression()
        switch value {
        case .literal(let literal): if literal == .null { throw .syntax(offset: start) }
        case .path(let path): if case .alias = path.root, path.steps.isEmpty { break } else { fallthrough }
        default: throw .syntax(offset: start)
        }
        return NamedArgument(nil, value)
    }

    mutating func key() throws(QueryError) -> EntityKey {
        let start = place
        guard let key = Self.key(of: try arguments()) else { throw .syntax(offset: start) }
        return key
    }

    mutating func wholeKey() throws(QueryError) -> EntityKey {
        try whole { (parser: inout ExpressionParser) throws(QueryError) in try parser.key() }
    }

    /// Behind the `@`.
    mutating func annotationTerm() throws(QueryError) -> String {
        let start = place
        _ = try dottedName()
        if take("#") { _ = try identifier() }
        return text(from: start)
    }
}
