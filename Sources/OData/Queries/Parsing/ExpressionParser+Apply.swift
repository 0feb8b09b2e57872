extension ExpressionParser {
    /// Transformations with slashes between them.
    mutating func transformations() throws(QueryError) -> [Transformation] {
        try needs(.v4, "$apply")
        try enter()
        defer { leave() }
        var (steps, tallest): ([Transformation], Int) = ([], 0)
        repeat {
            height = 0
            steps.append(try transformation())
            tallest = max(tallest, height)
        } while take("/")
        try grow(above: tallest)
        return steps
    }

    private mutating func transformation() throws(QueryError) -> Transformation {
        let start = place
        let name = try dottedName()
        if name == "identity" { return .identity }
        try expect("(")
        skipSpace()
        let step = try transformation(named: name, at: start)
        skipSpace()
        try expect(")")
        return step
    }

    private mutating func transformation(named name: String, at start: Int) throws(QueryError) -> Transformation {
        if let kind = Transformation.LimitKind(rawValue: name) {
            let amount = try expression()
            let below = height
            guard takeComma() else { throw syntax }
            let value = try expression()
            height = max(below, height)
            return .limit(kind, amount, by: value)
        }
        switch name {
        case "aggregate":
            return .aggregate(try separated { (parser) throws(QueryError) in try parser.aggregateItem() })
        case "groupby": return try groupBy()
        case "filter": return .filter(try expression())
        case "search": return .search(try search())
        case "compute":
            return .compute(try separated { (parser) throws(QueryError) in try parser.computeItem() })
        case "top": return .top(try number())
        case "skip": return .skip(try number())
        case "orderby":
            return .orderBy(try separated { (parser) throws(QueryError) in try parser.orderItem() })
        case "concat":
            let sequences = try separated { (parser) throws(QueryError) in try parser.transformations() }
            guard sequences.count > 1 else { throw syntax }
            return .concat(sequences)
        case "join", "outerjoin": return try join(isOuter: name == "outerjoin")
        case "nest":
            return .nest(try separated { (parser) throws(QueryError) in try parser.nestItem() })
        case "addnested":
            let path = try names()
            guard takeComma() else { throw syntax }
            return .addNested(path: path, try separated { (parser) throws(QueryError) in try parser.nestItem() })
        default:
            guard name.contains(".") || ExpressionWriter.hierarchyNames.contains(name) else {
                throw .syntax(offset: start)
            }
            return .call(name, try transformationArguments())
        }
    }

    private mutating func groupBy() throws(QueryError) -> Transformation {
        try expect("(")
        skipSpace()
        let items = try separated { (parser) throws(QueryError) in try parser.grouping() }
        let below = height
        skipSpace()
        try expect(")")
        guard takeComma() else { return .groupBy(items) }
        let steps = try transformations()
        height = max(below, height)
        return .groupBy(items, steps)
    }

    private mutating func grouping() throws(QueryError) -> GroupingItem {
        height = 0
        if take("rolluprecursive(") {
            skipSpace()
            let arguments = try transformationArguments()
            guard !arguments.isEmpty else { throw syntax }
            skipSpace()
            try expect(")")
            return .recursive(arguments)
        }
        guard take("rollup(") else { return .property(try names()) }
        skipSpace()
        let isTotal = take("$all")
        if isTotal { guard takeComma() else { throw syntax } }
        let levels = try separated { (parser) throws(QueryError) in try parser.names() }
        skipSpace()
        try expect(")")
        return .rollUp(levels, isTotal: isTotal)
    }

    private mutating func join(isOuter: Bool) throws(QueryError) -> Transformation {
        let path = try names()
        let alias = try alias()
        guard takeComma() else { return .join(path: path, as: alias, isOuter: isOuter) }
        return .join(path: path, as: alias, try transformations(), isOuter: isOuter)
    }

    private mutating func nestItem() throws(QueryError) -> NestItem {
        let steps = try transformations()
        let below = height
        let item = NestItem(steps, as: try alias())
        height = below
        return item
    }

    /// ` as Name`.
    mutating func alias() throws(QueryError) -> String {
        guard takeWord("as") else { throw syntax }
        return try identifier()
    }

    /// A word between spaces.
    private mutating func takeWord(_ word: String) -> Bool {
        let start = place
        if skipNeededSpace(), take(word), skipNeededSpace() { return true }
        place = start
        return false
    }

    mutating func aggregateItem() throws(QueryError) -> AggregateItem {
        var item = AggregateItem(try expression())
        let below = height
        if takeWord("with") { item.method = try method() }
        while takeWord("from") {
            var from = AggregateItem.From(try separated { (parser) throws(QueryError) in try parser.names() })
            if takeWord("with") { from.method = try method() }
            item.from.append(from)
        }
        if takeWord("as") { item.alias = try identifier() }
        height = below
        return item
    }

    private mutating func method() throws(QueryError) -> AggregateMethod {
        let start = place
        let name = try dottedName()
        switch name {
        case "sum": return .sum
        case "min": return .min
        case "max": return .max
        case "average": return .average
        case "countdistinct": return .countDistinct
        default: return .custom(try qualified(name, at: start))
        }
    }

    /// Of a hierarchical or custom transformation.
    private mutating func transformationArguments() throws(QueryError) -> [TransformationArgument] {
        if next == UInt8(ascii: ")") { return [] }
        return try separated { (parser) throws(QueryError) in try parser.transformationArgument() }
    }

    private mutating func transformationArgument() throws(QueryError) -> TransformationArgument {
        if takesKeepStart() {
            height = 0
            return .keepStart
        }
        let end = nameEnd(from: place)
        if end > place, byte(at: end) == UInt8(ascii: "=") {
            let name = try identifier()
            place += 1
            return .named(name, try expression())
        }
        let word = String(decoding: bytes[place..<min(end, place + 16)], as: UTF8.self)
        let isTransformation =
            word == "identity"
            || (ExpressionWriter.preservingNames.contains(word) && byte(at: end) == UInt8(ascii: "("))
        return isTransformation ? .transformations(try transformations()) : .expression(try orderItem())
    }

    private mutating func takesKeepStart() -> Bool {
        let start = place
        if take("keep"), skipNeededSpace(), take("start"), nameEnd(from: place) == place { return true }
        place = start
        return false
    }

    /// Items with commas between them; as high as the highest.
    mutating func separated<Item>(
        _ read: (inout ExpressionParser) throws(QueryError) -> Item
    ) throws(QueryError) -> [Item] {
        var (items, tallest): ([Item], Int) = ([], 0)
        repeat {
            height = 0
            items.append(try read(&self))
            tallest = max(tallest, height)
        } while takeComma()
        height = tallest
        return items
    }
}
