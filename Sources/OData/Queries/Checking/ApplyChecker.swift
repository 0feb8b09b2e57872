/// Holds `$apply` to the metadata, and gathers the names that it makes.
enum ApplyChecker {
    static func checked(
        _ steps: [Transformation], _ checker: inout ExpressionChecker, depth: Int = 0
    ) throws(QueryError) -> [Transformation] {
        guard depth <= QueryExpression.maxDepth else { throw .tooDeep }
        var result: [Transformation] = []
        for step in steps { result.append(try checked(step, &checker, depth)) }
        return result
    }

    private static func checked(
        _ step: Transformation, _ checker: inout ExpressionChecker, _ depth: Int
    ) throws(QueryError) -> Transformation {
        switch step {
        case .aggregate(let items): return .aggregate(try aggregates(items, &checker))
        case .groupBy(let items, let steps):
            for item in items {
                guard case .property(let path) = item else { continue }
                _ = try onPaths(&checker) { (checker) throws(QueryError) in try checker.check(.property(path)) }
            }
            return .groupBy(items, try checked(steps, &checker, depth: depth + 1))
        case .filter(let condition): return .filter(try checker.condition(condition))
        case .compute(var items):
            for place in items.indices {
                items[place].expression = try checker.check(items[place].expression).expression
                checker.dynamicNames.insert(items[place].alias)
            }
            return .compute(items)
        case .limit(let kind, let amount, let value):
            return .limit(kind, try checker.check(amount).expression, by: try checker.check(value).expression)
        case .orderBy(var items):
            for place in items.indices {
                items[place].expression = try checker.check(items[place].expression).expression
            }
            return .orderBy(items)
        case .concat(let sequences):
            var result: [[Transformation]] = []
            for sequence in sequences { result.append(try checked(sequence, &checker, depth: depth + 1)) }
            return .concat(result)
        case .join(let path, let alias, let steps, let isOuter):
            // What is joined is a related collection; its names are its own.
            checker.dynamicNames.insert(alias)
            return .join(path: path, as: alias, steps, isOuter: isOuter)
        case .nest(let items):
            for item in items { checker.dynamicNames.insert(item.alias) }
            return step
        case .addNested(_, let items):
            for item in items { checker.dynamicNames.insert(item.alias) }
            return step
        case .search, .top, .skip, .identity, .call: return step
        }
    }

    private static func aggregates(
        _ items: [AggregateItem], _ checker: inout ExpressionChecker
    ) throws(QueryError) -> [AggregateItem] {
        var items = items
        for place in items.indices {
            // Without a method it is a custom aggregate, which is no property.
            if items[place].method != nil {
                let expression = items[place].expression
                items[place].expression = try onPaths(&checker) { (checker) throws(QueryError) in
                    try checker.check(expression).expression
                }
            }
            if let alias = items[place].alias { checker.dynamicNames.insert(alias) }
        }
        return items
    }

    /// Paths of data aggregation go through collections.
    private static func onPaths<Result>(
        _ checker: inout ExpressionChecker, _ body: (inout ExpressionChecker) throws(QueryError) -> Result
    ) throws(QueryError) -> Result {
        checker.allowsCollections = true
        defer { checker.allowsCollections = false }
        return try body(&checker)
    }
}
