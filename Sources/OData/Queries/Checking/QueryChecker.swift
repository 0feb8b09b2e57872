/// Holds a whole query to the metadata.
struct QueryChecker {
    let metadata: Metadata
    let version: ODataVersion

    init(_ metadata: Metadata, _ version: ODataVersion) { (self.metadata, self.version) = (metadata, version) }

    /// - Returns: the query to be written: values in their properties' types, expanded paths in the version's form.
    func checked(_ query: Query) throws(QueryError) -> Query {
        var (result, walker) = (query, PathWalker(metadata, version))
        for (place, segment) in query.path.segments.enumerated() {
            result.path.segments[place] = try walker.step(segment)
        }
        let isCount = query.path.segments.last == .count
        let type = isCount ? typeBeforeCount(query) : walker.current
        if !isCount, let type, !type.isCollection { try OptionPlacement.check(query, version, isSingle: true) }
        result.options = try options(query.options, of: type, it: type, depth: 0)
        return result
    }

    private func typeBeforeCount(_ query: Query) -> TypeReference? {
        Query(path: ResourcePath(Array(query.path.segments.dropLast()))).resultType(in: metadata)
    }

    /// - Parameters:
    ///   - type: what the options are about, a collection or one of its kind; nil if that isn't known.
    ///   - it: what the path leads to.
    private func options(
        _ options: QueryOptions, of type: TypeReference?, it: TypeReference?, depth: Int
    ) throws(QueryError) -> QueryOptions {
        guard depth <= QueryExpression.maxDepth else { throw .tooDeep }
        var result = options
        let element = type.map { ExpressionChecker.element(of: $0) }
        var checker = ExpressionChecker(metadata, version, of: element)
        checker.it = it.map { ExpressionChecker.element(of: $0) }
        result.apply = try ApplyChecker.checked(options.apply, &checker)
        for (place, item) in options.compute.enumerated() {
            result.compute[place].expression = try checker.check(item.expression).expression
            checker.dynamicNames.insert(item.alias)
        }
        if let filter = options.filter { result.filter = try checker.condition(filter) }
        for (place, item) in options.orderBy.enumerated() {
            result.orderBy[place].expression = try checker.check(item.expression).expression
        }
        for (place, alias) in options.aliases.enumerated() {
            result.aliases[place].value = try checker.check(alias.value).expression
        }
        // Of anything but entities and complex values nothing can be selected or expanded.
        guard let element, case .named(let name) = element.base, metadata.structuredType(name) != nil else {
            return result
        }
        try expand(&result, of: name, it: it, depth)
        try select(&result, of: name, checker.dynamicNames)
        return result
    }

    private func expand(
        _ options: inout QueryOptions, of type: QualifiedName, it: TypeReference?, _ depth: Int
    ) throws(QueryError) {
        var items: [ExpandItem] = []
        for item in options.expand {
            // All navigations, a media entity's content, and annotations are no names of the type.
            if item.path.hasSuffix("*") || item.path.hasPrefix("$") || item.path.contains("@") {
                items.append(item)
                continue
            }
            var head = item
            let (path, rest, target) = try navigation(item.path, from: type)
            if let rest {
                head = ExpandItem(path)
                head.options.expand = [ExpandItem(rest, form: item.form, options: item.options)]
            }
            if let target {
                head.options = try self.options(head.options, of: target, it: it, depth: depth + 1)
            }
            merge(head, into: &items)
        }
        options.expand = items
    }

    /// A navigation stands in `$expand` once; what is wanted behind it stands in its options.
    private func merge(_ item: ExpandItem, into items: inout [ExpandItem]) {
        guard version.isV4,
            let place = items.firstIndex(where: {
                $0.path == item.path && $0.form == .entities && item.form == .entities
            })
        else { return items.append(item) }
        var options = item.options
        for nested in options.expand { merge(nested, into: &items[place].options.expand) }
        items[place].options.select += options.select
        (options.expand, options.select) = ([], [])
        if !options.isEmpty { items.append(item) }
    }

    /// The first navigation of a path and what stands behind it.
    ///
    /// Version 2 writes navigations of navigations as one path; version 4 nests them.
    ///
    /// - Returns: the path to the navigation, the rest, and what the navigation leads to (nil for a stream).
    private func navigation(
        _ path: String, from type: QualifiedName
    ) throws(QueryError) -> (String, rest: String?, target: TypeReference?) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        var (owner, target): (QualifiedName?, TypeReference?) = (type, nil)
        for (place, part) in parts.enumerated() {
            guard let here = owner else { throw .unknownName(part, in: parts[..<place].joined(separator: "/")) }
            if target != nil, version.isV4, !part.contains(".") {
                return (parts[..<place].joined(separator: "/"), parts[place...].joined(separator: "/"), target)
            }
            if let navigation = metadata.navigationProperty(part, of: here) {
                owner = navigation.target
                target = TypeReference(.named(navigation.target), isCollection: navigation.isCollection)
            } else if let property = metadata.property(part, of: here) {
                let declared = metadata.resolved(property.type)
                if declared.base == .primitive(.stream), place == parts.count - 1 { return (path, nil, nil) }
                guard case .named(let next) = declared.base else { throw .misplaced(path) }
                (owner, target) = (next, nil)
            } else if let cast = QualifiedName(part).map({ metadata.unaliased($0) }),
                metadata.isType(cast, derivedFrom: here)
            {
                owner = cast
                if target != nil { target?.base = .named(cast) }
            } else {
                throw .unknownName(part, in: here.description)
            }
        }
        guard let target else { throw .misplaced(path) }
        return (path, nil, target)
    }

    private func select(
        _ options: inout QueryOptions, of type: QualifiedName, _ dynamicNames: Set<String>
    ) throws(QueryError) {
        var kept: [SelectItem] = []
        for var item in options.select {
            if version.isV4, try moveToExpand(item, &options, of: type, dynamicNames) { continue }
            let target = try selected(item.path, from: type, dynamicNames)
            if !item.options.isEmpty, let target {
                item.options = try self.options(item.options, of: target, it: target, depth: 1)
            }
            kept.append(item)
        }
        // Selecting something of an expanded navigation alone means all of the rest.
        options.select = kept
    }

    /// `to_Item/Quantity` of version 2 is the expanded navigation's own `$select` in version 4.
    private func moveToExpand(
        _ item: SelectItem, _ options: inout QueryOptions, of type: QualifiedName, _ dynamicNames: Set<String>
    ) throws(QueryError) -> Bool {
        guard let slash = item.path.firstIndex(of: "/"), item.options.isEmpty else { return false }
        let name = String(item.path[..<slash])
        guard let navigation = metadata.navigationProperty(name, of: type),
            let place = options.expand.firstIndex(where: { $0.path == name && $0.form == .entities })
        else { return false }
        let rest = String(item.path[item.path.index(after: slash)...])
        // The expansion itself was checked before this came to it.
        _ = try selected(rest, from: navigation.target, dynamicNames)
        options.expand[place].options.select.append(SelectItem(rest))
        return true
    }

    /// - Returns: what is selected, where it has parts.
    private func selected(
        _ path: String, from type: QualifiedName, _ dynamicNames: Set<String>
    ) throws(QueryError) -> TypeReference? {
        var current: QualifiedName? = type
        var result: TypeReference?
        for part in path.split(separator: "/", omittingEmptySubsequences: false).map(String.init) {
            if part == "*" || part.hasSuffix(".*") || part.hasPrefix("@") { return nil }
            guard let here = current else { throw .unknownName(part, in: path) }
            guard metadata.structuredType(here) != nil else { return nil }
            if let property = metadata.property(part, of: here) {
                let declared = metadata.resolved(property.type)
                result = declared
                if case .named(let next) = declared.base { current = next } else { current = nil }
            } else if let navigation = metadata.navigationProperty(part, of: here) {
                current = navigation.target
                result = TypeReference(.named(navigation.target), isCollection: navigation.isCollection)
            } else if let name = QualifiedName(part).map({ metadata.unaliased($0) }) {
                if metadata.isType(name, derivedFrom: here) {
                    current = name
                } else if metadata.operations(name).isEmpty {
                    throw .unknownName(part, in: here.description)
                } else {
                    return nil
                }
            } else if metadata.isOpenType(here) || dynamicNames.contains(part)
                || metadata.boundOperations(of: here).contains(where: { $0.name.name == part })
            {
                return nil
            } else {
                throw .unknownName(part, in: here.description)
            }
        }
        return result
    }
}
