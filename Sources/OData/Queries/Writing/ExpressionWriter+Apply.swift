extension ExpressionWriter {
    mutating func transformations(_ steps: [Transformation]) throws(QueryError) {
        try needs(.v4, "$apply")
        try enter()
        defer { leave() }
        guard !steps.isEmpty else { throw .misplaced("$apply") }
        for (place, step) in steps.enumerated() {
            if place > 0 { text += "/" }
            try transformation(step)
        }
    }

    private mutating func transformation(_ step: Transformation) throws(QueryError) {
        switch step {
        case .aggregate(let items):
            text += "aggregate("
            try separated(items, "aggregate") { (writer, item) throws(QueryError) in try writer.aggregateItem(item) }
        case .groupBy(let items, let steps):
            text += "groupby(("
            try separated(items, "groupby") { (writer, item) throws(QueryError) in try writer.grouping(item) }
            text += ")"
            if !steps.isEmpty {
                text += ","
                try transformations(steps)
            }
        case .filter(let condition):
            text += "filter("
            try expression(condition)
        case .search(let condition):
            text += "search("
            try search(condition)
        case .compute(let items):
            text += "compute("
            try separated(items, "compute") { (writer, item) throws(QueryError) in try writer.computeItem(item) }
        case .limit(let kind, let amount, let expression):
            text += kind.rawValue + "("
            try self.expression(amount)
            text += ","
            try self.expression(expression)
        case .top(let count): try number("top", count)
        case .skip(let count): try number("skip", count)
        case .orderBy(let items):
            text += "orderby("
            try separated(items, "orderby") { (writer, item) throws(QueryError) in try writer.orderItem(item) }
        case .identity:
            text += "identity"
            return
        case .concat(let sequences):
            guard sequences.count > 1 else { throw .misplaced("concat") }
            text += "concat("
            try separated(sequences, "concat") { (writer, steps) throws(QueryError) in try writer.transformations(steps)
            }
        case .join(let path, let alias, let steps, let isOuter):
            text += (isOuter ? "outerjoin(" : "join(") + (try Self.names(path))
            text += " as " + (try Self.identifier(alias))
            if !steps.isEmpty {
                text += ","
                try transformations(steps)
            }
        case .nest(let items):
            text += "nest("
            try separated(items, "nest") { (writer, item) throws(QueryError) in try writer.nestItem(item) }
        case .addNested(let path, let items):
            text += "addnested(" + (try Self.names(path)) + ","
            try separated(items, "addnested") { (writer, item) throws(QueryError) in try writer.nestItem(item) }
        case .call(let name, let arguments):
            guard Self.hierarchyNames.contains(name) || Identifier.isQualified(name) else { throw .invalidName(name) }
            text += name + "("
            try transformationArguments(arguments, of: name)
        }
        text += ")"
    }

    static let hierarchyNames: Set<String> = ["ancestors", "descendants", "traverse"]

    /// Transformations among the arguments are those that keep instances (data aggregation §3.1), by whose names they
    /// are known from expressions.
    private mutating func transformationArguments(
        _ arguments: [TransformationArgument], of name: String
    ) throws(QueryError) {
        for (place, argument) in arguments.enumerated() {
            if place > 0 { text += "," }
            switch argument {
            case .expression(let item):
                let start = text.utf8.endIndex
                try orderItem(item)
                guard !Self.beginsTransformation(text[start...]) else { throw .misplaced(String(text[start...])) }
            case .named(let name, let value):
                text += try Self.identifier(name) + "="
                try expression(value)
            case .transformations(let steps):
                let start = text.utf8.endIndex
                try transformations(steps)
                guard Self.beginsTransformation(text[start...]) else { throw .misplaced(name) }
            case .keepStart: text += "keep start"
            }
        }
    }

    static let preservingNames: Set<String> = Set(
        ["filter", "search", "orderby", "top", "skip"] + Transformation.LimitKind.allCases.map(\.rawValue)
    ).union(hierarchyNames)

    static func beginsTransformation(_ text: Substring) -> Bool {
        let word = text.utf8.prefix { byte in
            byte != UInt8(ascii: "(") && byte != UInt8(ascii: "/") && byte != UInt8(ascii: ",")
                && byte != UInt8(ascii: ")")
        }
        let name = String(text[word.startIndex..<word.endIndex])
        if name == "identity" { return true }
        return preservingNames.contains(name) && text.utf8[word.endIndex...].first == UInt8(ascii: "(")
    }

    private mutating func number(_ name: String, _ count: Int) throws(QueryError) {
        guard count >= 0 else { throw .misplaced(name) }
        text += name + "(" + String(count)
    }

    private mutating func nestItem(_ item: NestItem) throws(QueryError) {
        try transformations(item.transformations)
        text += " as " + (try Self.identifier(item.alias))
    }

    private mutating func grouping(_ item: GroupingItem) throws(QueryError) {
        switch item {
        case .property(let path): text += try Self.names(path)
        case .rollUp(let levels, let isTotal):
            guard !levels.isEmpty else { throw .misplaced("rollup") }
            text += isTotal ? "rollup($all," : "rollup("
            for (place, level) in levels.enumerated() { text += (place > 0 ? "," : "") + (try Self.names(level)) }
            text += ")"
        case .recursive(let arguments):
            guard !arguments.isEmpty else { throw .misplaced("rolluprecursive") }
            text += "rolluprecursive("
            try transformationArguments(arguments, of: "rolluprecursive")
            text += ")"
        }
    }

    mutating func aggregateItem(_ item: AggregateItem) throws(QueryError) {
        try expression(item.expression)
        if let method = item.method { text += " with " + (try Self.methodName(method)) }
        for from in item.from {
            guard !from.properties.isEmpty else { throw .misplaced("from") }
            text += " from "
            for (place, path) in from.properties.enumerated() {
                text += (place > 0 ? "," : "") + (try Self.names(path))
            }
            if let method = from.method { text += " with " + (try Self.methodName(method)) }
        }
        if let alias = item.alias { text += " as " + (try Self.identifier(alias)) }
    }

    private static func methodName(_ method: AggregateMethod) throws(QueryError) -> String {
        switch method {
        case .sum: "sum"
        case .min: "min"
        case .max: "max"
        case .average: "average"
        case .countDistinct: "countdistinct"
        case .custom(let name): try qualified(name)
        }
    }

    /// A path of names and type casts.
    static func names(_ path: String) throws(QueryError) -> String {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.allSatisfy({ Identifier.isValid($0) || Identifier.isQualified($0) }) else {
            throw .invalidName(path)
        }
        return path
    }

    /// The items with commas between them.
    mutating func separated<Item>(
        _ items: [Item], _ place: String, _ write: (inout ExpressionWriter, Item) throws(QueryError) -> Void
    ) throws(QueryError) {
        guard !items.isEmpty else { throw .misplaced(place) }
        for (index, item) in items.enumerated() {
            if index > 0 { text += "," }
            try write(&self, item)
        }
    }
}
