/// Follows a resource path through the metadata: what each segment leads to, and values in their properties' types.
struct PathWalker {
    let metadata: Metadata
    let version: ODataVersion
    /// What the path leads to so far; nil at the root, and where nothing is known any more.
    private(set) var current: TypeReference?
    /// From here on anything goes: open types, other services' types, ids.
    private var isUnknown = false
    private var isAtRoot = true
    /// Key values that stood as segments so far.
    private var keySegments = 0

    init(_ metadata: Metadata, _ version: ODataVersion) { (self.metadata, self.version) = (metadata, version) }

    /// - Returns: the segment to be written.
    mutating func step(_ segment: PathSegment) throws(QueryError) -> PathSegment {
        let isFirst = isAtRoot
        isAtRoot = false
        if case .keySegment = segment {} else { keySegments = 0 }
        switch segment {
        case .name(let name): try isFirst ? root(name) : member(name)
        case .qualified(let name): try qualified(name)
        case .key(let key):
            guard !isUnknown else { return segment }
            let checked = try KeyChecker(metadata, version).checked(key, of: try collectionType("key"))
            current?.isCollection = false
            return .key(checked)
        case .keySegment(let value):
            guard !isUnknown else { return segment }
            return .keySegment(try keySegment(value))
        case .call(let name, let arguments): return .call(name, try call(name, arguments, isFirst: isFirst))
        case .filter(let condition):
            guard !isUnknown else { return segment }
            _ = try collectionType("$filter")
            var element = current
            element?.isCollection = false
            var checker = ExpressionChecker(metadata, version, of: element)
            return .filter(try checker.condition(condition))
        case .crossjoin(let sets):
            for set in sets where metadata.entitySet(set) == nil { throw .unknownEntitySet(set) }
            current = TypeReference(.abstract("Edm.ComplexType"), isCollection: true)
        case .all: current = TypeReference(.abstract("Edm.EntityType"), isCollection: true)
        case .count:
            if let current, !isUnknown, !current.isCollection { throw .misplaced("$count") }
            current = .primitive(.int64)
        case .value: value()
        case .ref, .metadata, .batch, .entity, .contentID: forget()
        case .links, .each, .query: break
        }
        return segment
    }

    private mutating func forget() { (current, isUnknown) = (nil, true) }

    private mutating func lead(to type: TypeReference?) {
        guard let type else { return forget() }
        current = type
    }

    /// A media entity's own content is a stream.
    private mutating func value() {
        guard let current, case .named(let name) = current.base, metadata.structuredType(name) != nil else { return }
        self.current = .primitive(.stream)
    }

    private func collectionType(_ what: String) throws(QueryError) -> QualifiedName {
        guard let current, current.isCollection, case .named(let name) = current.base else { throw .misplaced(what) }
        return name
    }

    private mutating func root(_ name: String) throws(QueryError) {
        if let set = metadata.entitySet(name) {
            current = TypeReference(.named(set.type), isCollection: true)
        } else if let singleton = metadata.singleton(name) {
            current = TypeReference(.named(singleton.type))
        } else if let operation = metadata.operationImport(name) {
            lead(to: metadata.operations(operation.operation).first?.returnType)
        } else {
            throw .unknownEntitySet(name)
        }
    }

    private mutating func member(_ name: String) throws(QueryError) {
        guard !isUnknown, let current else { return }
        guard case .named(let type) = current.base else { throw .unknownName(name, in: Self.name(current)) }
        if !current.isCollection {
            if let property = metadata.property(name, of: type) {
                self.current = metadata.resolved(property.type)
                return
            }
            if let navigation = metadata.navigationProperty(name, of: type) {
                self.current = TypeReference(.named(navigation.target), isCollection: navigation.isCollection)
                return
            }
        }
        // A bound operation or a type without its namespace (4.01 part 1 §11.5.1), an open type's property.
        if version == .v401, let operation = boundOperations(current).first(where: { $0.name.name == name }) {
            return lead(to: operation.returnType)
        }
        guard metadata.structuredType(type) == nil || (metadata.isOpenType(type) && !current.isCollection) else {
            throw .unknownName(name, in: type.description)
        }
        forget()
    }

    private func boundOperations(_ type: TypeReference) -> [Operation] {
        guard case .named(let name) = type.base else { return [] }
        return metadata.boundOperations(of: name, collection: type.isCollection)
    }

    private mutating func qualified(_ name: QualifiedName) throws(QueryError) {
        let name = metadata.unaliased(name)
        if let type = metadata.structuredType(name) {
            let isCollection = current?.isCollection ?? false
            if let current, case .named(let base) = current.base, !isUnknown {
                guard metadata.isType(name, derivedFrom: base) || metadata.isType(base, derivedFrom: name) else {
                    throw .unknownName(name.description, in: base.description)
                }
            }
            isUnknown = false
            current = TypeReference(.named(type.name), isCollection: isCollection)
            return
        }
        guard !isUnknown else { return }
        guard let current else { throw .unknownEntitySet(name.description) }
        guard let operation = metadata.operations(name).first(where: { $0.isBound && binds($0, to: current) }) else {
            throw .unknownName(name.description, in: Self.name(current))
        }
        lead(to: operation.returnType)
    }

    private func binds(_ operation: Operation, to type: TypeReference) -> Bool {
        guard let binding = operation.parameters.first?.type, binding.isCollection == type.isCollection else {
            return false
        }
        if case .named(let bound) = binding.base, case .named(let own) = type.base {
            return metadata.isType(own, derivedFrom: bound)
        }
        return binding.base == type.base
    }

    private mutating func keySegment(_ value: ODataValue) throws(QueryError) -> ODataValue {
        guard let current, current.isCollection || keySegments > 0 else { throw .misplaced("key") }
        guard case .named(let type) = current.base, metadata.structuredType(type)?.kind != .complex else {
            return try ordinal(value)
        }
        let properties = metadata.keyProperties(of: type)
        guard keySegments < properties.count else { throw .keyMismatch(expected: properties.map(\.name)) }
        let property = properties[keySegments]
        keySegments += 1
        self.current?.isCollection = keySegments < properties.count
        guard let declared = metadata.property(atPath: property.path, from: type)?.type else { return value }
        return try KeyChecker(metadata, version).converted(value, to: declared)
    }

    /// A member of an ordered collection by its number, negative from the end (4.01 part 2 §4.10).
    private mutating func ordinal(_ value: ODataValue) throws(QueryError) -> ODataValue {
        current?.isCollection = false
        do throws(ValueError) {
            if case .string(let text) = value { return try ODataValue(literal: text, version: version, type: .int64) }
            return try value.converted(to: .primitive(.int64), version: version, metadata: nil)
        } catch {
            throw .value(error)
        }
    }

    private mutating func call(
        _ name: String, _ arguments: [NamedArgument], isFirst: Bool
    ) throws(QueryError) -> [NamedArgument] {
        guard !isUnknown else { return arguments }
        let candidates: [(Operation, Int)]
        if isFirst {
            guard let operation = metadata.operationImport(name) else {
                // A key that is given by an alias reads like a call.
                guard arguments.count == 1, arguments[0].name == nil, let set = metadata.entitySet(name) else {
                    throw .unknownEntitySet(name)
                }
                current = TypeReference(.named(set.type))
                return arguments
            }
            candidates = metadata.operations(operation.operation).map { ($0, 0) }
        } else if let current {
            let qualified = QualifiedName(name).map { metadata.unaliased($0) }
            let all =
                qualified.map { metadata.operations($0) } ?? boundOperations(current).filter { $0.name.name == name }
            candidates = all.filter { $0.isBound && binds($0, to: current) }.map { ($0, 1) }
        } else {
            candidates = []
        }
        let given = Set(arguments.compactMap(\.name))
        for (operation, bound) in candidates {
            let parameters = operation.parameters.dropFirst(bound)
            guard given.isSubset(of: parameters.map(\.name)),
                parameters.allSatisfy({ given.contains($0.name) || $0.isOptional || $0.type.isNullable })
            else { continue }
            let checked = try convert(arguments, Array(parameters))
            lead(to: operation.returnType)
            return checked
        }
        guard let operation = candidates.first else { throw .unknownName(name, in: current.map(Self.name) ?? "") }
        let names = operation.0.parameters.dropFirst(operation.1).map(\.name)
        throw .unknownName(given.subtracting(names).sorted().first ?? names.first ?? name, in: name)
    }

    private func convert(
        _ arguments: [NamedArgument], _ parameters: [Operation.Parameter]
    ) throws(QueryError) -> [NamedArgument] {
        var result = arguments
        for (place, argument) in arguments.enumerated() {
            guard case .literal(let value) = argument.value,
                let parameter = parameters.first(where: { $0.name == argument.name })
            else { continue }
            let converted = try KeyChecker(metadata, version).converted(value, to: parameter.type)
            result[place].value = .literal(converted)
        }
        return result
    }

    static func name(_ type: TypeReference) -> String {
        switch type.base {
        case .primitive(let primitive): primitive.rawValue
        case .named(let name): name.description
        case .abstract(let name): name
        }
    }

    // MARK: For reading

    /// Whether key values may follow as segments.
    var takesKey: Bool { !isUnknown && (current?.isCollection == true || keySegments > 0) }

    /// Whether the name is something other than a key behind what was read.
    func knows(_ name: String) -> Bool {
        guard let current, case .named(let type) = current.base else { return true }
        if let qualified = QualifiedName(name).map({ metadata.unaliased($0) }) {
            return metadata.structuredType(qualified) != nil || !metadata.operations(qualified).isEmpty
        }
        if !current.isCollection, metadata.property(name, of: type) != nil { return true }
        return boundOperations(current).contains { $0.name.name == name }
    }

    /// Whether parentheses behind the name hold arguments, not a key.
    func isFunction(_ name: String, isFirst: Bool) -> Bool {
        if isFirst { return metadata.entitySet(name) == nil && metadata.operationImport(name) != nil }
        guard let current, !isUnknown, case .named(let type) = current.base,
            metadata.navigationProperty(name, of: type) == nil
        else { return false }
        return boundOperations(current).contains { $0.name.name == name }
    }
}

extension Metadata {
    /// The name with its namespace in place of an alias (`SAP__self.Copy`).
    func unaliased(_ name: QualifiedName) -> QualifiedName {
        guard let schema = schemas.first(where: { $0.alias == name.namespace }) else { return name }
        return QualifiedName(schema.namespace, name.name)
    }
}
