/// Holds expressions to the metadata: names must be there, and literals become the types of what they are compared
/// with.
///
/// Coarse on purpose: what a service makes of an expression whose types are unusual is the service's to say.
struct ExpressionChecker {
    typealias Checked = (expression: QueryExpression, type: TypeReference?)

    let metadata: Metadata
    let version: ODataVersion
    /// What names belong to; nil if nobody knows.
    var this: TypeReference?
    var it: TypeReference?
    /// Names that `$compute` and `$apply` made.
    var dynamicNames: Set<String> = []
    /// In data aggregation a path goes through collections.
    var allowsCollections = false
    private var variables: [String: TypeReference?] = [:]
    private var depth = 0

    init(_ metadata: Metadata, _ version: ODataVersion, of type: TypeReference?) {
        (self.metadata, self.version) = (metadata, version)
        (this, it) = (type, type)
    }

    /// An expression that must be a Boolean.
    mutating func condition(_ node: QueryExpression) throws(QueryError) -> QueryExpression {
        let (checked, type) = try check(node)
        try Self.expect(.boolean, type)
        return checked
    }

    private static func expect(_ expected: PrimitiveType, _ type: TypeReference?) throws(QueryError) {
        guard let type, case .primitive(let primitive) = type.base else { return }
        guard primitive == expected, !type.isCollection else {
            throw .value(.mismatch(expected: expected.rawValue))
        }
    }

    mutating func check(_ node: QueryExpression) throws(QueryError) -> Checked {
        depth += 1
        defer { depth -= 1 }
        guard depth <= QueryExpression.maxDepth else { throw .tooDeep }
        switch node {
        case .literal, .json: return (node, nil)
        case .path(let path):
            let (checked, type) = try self.path(path)
            return (.path(checked), type)
        case .not(let operand): return (.not(try condition(operand)), .primitive(.boolean))
        case .negate(let operand):
            let (checked, type) = try check(operand)
            return (.negate(checked), type)
        case .and(let members): return (.and(try conditions(members)), .primitive(.boolean))
        case .or(let members): return (.or(try conditions(members)), .primitive(.boolean))
        case .binary(let symbol, let left, let right): return try binary(symbol, left, right)
        case .call(let function, let arguments): return try call(function, arguments)
        case .cast(let operand, let type):
            var checked: QueryExpression?
            if let operand { checked = try check(operand).expression }
            return (.cast(checked, type), reference(type))
        case .isOf(let operand, let type):
            var checked: QueryExpression?
            if let operand { checked = try check(operand).expression }
            return (.isOf(checked, type), .primitive(.boolean))
        case .choice(let branches):
            var checked = branches
            for place in branches.indices {
                checked[place].condition = try condition(branches[place].condition)
                checked[place].value = try check(branches[place].value).expression
            }
            return (.choice(checked), nil)
        case .list(let members): return (.list(try all(members)), nil)
        case .array(let elements): return (.array(try all(elements)), nil)
        case .object(var members):
            for place in members.indices { members[place].value = try check(members[place].value).expression }
            return (.object(members), nil)
        }
    }

    private mutating func conditions(_ members: [QueryExpression]) throws(QueryError) -> [QueryExpression] {
        var checked: [QueryExpression] = []
        for member in members { checked.append(try condition(member)) }
        return checked
    }

    private mutating func all(_ members: [QueryExpression]) throws(QueryError) -> [QueryExpression] {
        var checked: [QueryExpression] = []
        for member in members { checked.append(try check(member).expression) }
        return checked
    }

    private func reference(_ type: QueryTypeName) -> TypeReference {
        // A type of a default namespace: which one is the service's to say.
        if type.name.namespace.isEmpty { return TypeReference(.abstract("Edm.PrimitiveType")) }
        let primitive = PrimitiveType(rawValue: type.name.description)
        let base: TypeReference.Base = primitive.map { .primitive($0) } ?? .named(metadata.unaliased(type.name))
        return TypeReference(base, isCollection: type.isCollection)
    }

    private mutating func binary(
        _ symbol: QueryOperator, _ left: QueryExpression, _ right: QueryExpression
    ) throws(QueryError) -> Checked {
        var (first, second) = (try check(left), try check(right))
        switch symbol {
        case .in:
            if case .list(let members) = second.expression, let type = first.type {
                var converted: [QueryExpression] = []
                for member in members { converted.append(try convert(member, to: type)) }
                second.expression = .list(converted)
            }
        case .has: if let type = first.type { second.expression = try convert(second.expression, to: type) }
        default:
            guard symbol.isComparison else {
                // A sum of two types is the service's to say.
                return (.binary(symbol, first.expression, second.expression), nil)
            }
            if let type = first.type { second.expression = try convert(second.expression, to: type) }
            if let type = second.type { first.expression = try convert(first.expression, to: type) }
        }
        return (.binary(symbol, first.expression, second.expression), .primitive(.boolean))
    }

    /// A literal in the type of what it is compared with; anything else stays.
    private func convert(_ node: QueryExpression, to type: TypeReference) throws(QueryError) -> QueryExpression {
        guard case .literal(let value) = node, value != .null, !type.isCollection else { return node }
        let resolved = metadata.resolved(type)
        switch resolved.base {
        case .primitive: break
        case .named(let name): guard metadata.enumerationType(name) != nil else { return node }
        case .abstract: return node
        }
        return .literal(try KeyChecker(metadata, version).converted(value, to: resolved))
    }

    private mutating func call(
        _ function: QueryFunction, _ arguments: [QueryExpression]
    ) throws(QueryError) -> Checked {
        var (checked, types): ([QueryExpression], [TypeReference?]) = ([], [])
        for argument in arguments {
            let (expression, type) = try check(argument)
            checked.append(expression)
            types.append(type)
        }
        let ofText = types.first.flatMap { $0 } == nil || Self.isText(types[0])
        if function.takesText || ([.contains, .indexOf].contains(function) && ofText) {
            // Of `replace`, too, all are text.
            for place in checked.indices {
                if let type = types[place], !type.isCollection { try Self.expect(.string, metadata.resolved(type)) }
                checked[place] = try convert(checked[place], to: .primitive(.string))
            }
        }
        let result = function.resultType.map { TypeReference.primitive($0) }
        return (.call(function, checked), result ?? types.first.flatMap { $0 })
    }

    private static func isText(_ type: TypeReference?) -> Bool {
        type?.base == .primitive(.string) && type?.isCollection == false
    }

    // MARK: Paths

    private mutating func path(_ path: MemberPath) throws(QueryError) -> (MemberPath, TypeReference?) {
        var checked = path
        var current: TypeReference?
        var start = 0
        switch path.root {
        case .implicit:
            current = this
            if case .name(let name)? = path.steps.first, let variable = variables[name] {
                (current, start) = (variable, 1)
            } else if case .name(let name)? = path.steps.first, dynamicNames.contains(name) {
                return (checked, nil)
            }
        case .it: current = it
        case .this: current = this
        case .these:
            current = this
            current?.isCollection = true
        case .alias: return (checked, nil)
        case .root:
            guard case .name(let name)? = path.steps.first else { return (checked, nil) }
            current = try rootType(name)
            start = 1
        }
        for place in path.steps.indices.dropFirst(start) {
            guard let type = current else { break }
            let (step, next) = try self.step(path.steps[place], from: type)
            (checked.steps[place], current) = (step, next)
        }
        return (checked, current)
    }

    private func rootType(_ name: String) throws(QueryError) -> TypeReference {
        if let set = metadata.entitySet(name) { return TypeReference(.named(set.type), isCollection: true) }
        guard let singleton = metadata.singleton(name) else { throw .unknownEntitySet(name) }
        return TypeReference(.named(singleton.type))
    }

    private mutating func step(
        _ step: MemberStep, from type: TypeReference
    ) throws(QueryError) -> (MemberStep, TypeReference?) {
        switch step {
        case .name(let name): return (step, try member(name, of: type))
        case .type(let name):
            let name = metadata.unaliased(name)
            // Without parentheses only a type can stand here; one of another service is taken as it is.
            if metadata.structuredType(name) == nil,
                metadata.schemas.contains(where: { $0.namespace == name.namespace })
            {
                throw .unknownName(name.description, in: PathWalker.name(type))
            }
            return (step, TypeReference(.named(name), isCollection: type.isCollection))
        case .key(let key):
            guard type.isCollection, case .named(let name) = type.base else { throw .misplaced("key") }
            return (.key(try KeyChecker(metadata, version).checked(key, of: name)), TypeReference(.named(name)))
        case .call(let name, let arguments):
            var checked = arguments
            for place in arguments.indices { checked[place].value = try check(arguments[place].value).expression }
            let operations = QualifiedName(name).map { metadata.operations(metadata.unaliased($0)) } ?? []
            return (.call(name, checked), operations.first?.returnType)
        case .any(let lambda):
            guard let lambda else { return (step, .primitive(.boolean)) }
            return (.any(try self.lambda(lambda, over: type)), .primitive(.boolean))
        case .all(let lambda): return (.all(try self.lambda(lambda, over: type)), .primitive(.boolean))
        case .filter(let condition): return (.filter(try inner(condition, of: type)), type)
        case .count(let filter, let search):
            var checked: QueryExpression?
            if let filter { checked = try inner(filter, of: type) }
            return (.count(filter: checked, search: search), .primitive(.int64))
        case .annotation: return (step, nil)
        case .aggregate(var item):
            var inner = self
            inner.this = Self.element(of: type)
            inner.allowsCollections = true
            // A custom aggregate is no property.
            guard item.method != nil else { return (step, nil) }
            item.expression = try inner.check(item.expression).expression
            return (.aggregate(item), nil)
        }
    }

    private func member(_ name: String, of type: TypeReference) throws(QueryError) -> TypeReference? {
        guard case .named(let owner) = type.base else {
            if case .abstract = type.base { return nil }
            throw .unknownName(name, in: PathWalker.name(type))
        }
        guard metadata.structuredType(owner) != nil else { return nil }
        guard !type.isCollection || allowsCollections else { throw .misplaced(name) }
        if let property = metadata.property(name, of: owner) { return metadata.resolved(property.type) }
        if let navigation = metadata.navigationProperty(name, of: owner) {
            return TypeReference(.named(navigation.target), isCollection: navigation.isCollection)
        }
        guard metadata.isOpenType(owner) || dynamicNames.contains(name) else {
            throw .unknownName(name, in: owner.description)
        }
        return nil
    }

    static func element(of type: TypeReference) -> TypeReference {
        var element = type
        element.isCollection = false
        return element
    }

    private mutating func lambda(_ lambda: Lambda, over type: TypeReference) throws(QueryError) -> Lambda {
        let before = variables[lambda.variable]
        variables[lambda.variable] = .some(Self.element(of: type))
        defer { variables[lambda.variable] = before }
        return Lambda(lambda.variable, try condition(lambda.predicate))
    }

    /// A condition on a collection's members, whose names are theirs.
    private mutating func inner(_ node: QueryExpression, of type: TypeReference) throws(QueryError) -> QueryExpression {
        let outer = this
        this = Self.element(of: type)
        defer { this = outer }
        return try condition(node)
    }
}
