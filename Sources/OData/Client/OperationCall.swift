/// A function or action to be called, of either version, bound or by its import.
///
///     OperationCall("GetStock", ["Plant": "1010"])
///     OperationCall("com.sap.SalesOrder.Release", on: Query("SalesOrder").key("1"))
public struct OperationCall: Sendable, Hashable {
    /// An import's name, or a bound operation's with its namespace.
    public var name: String
    /// What a bound operation is called on; nil for an import.
    public var binding: Query?
    /// In the order in which they are written.
    public var parameters: [Parameter]
    /// Of the result: `$select`, `$expand`, and of a collection the others.
    public var options: QueryOptions
    /// nil: what the metadata says. Needed without metadata.
    public var kind: Operation.Kind?

    /// An argument, by the name that the metadata has for it.
    public struct Parameter: Sendable, Hashable {
        public var name: String
        public var value: ODataValue

        public init(_ name: String, _ value: ODataValue) { (self.name, self.value) = (name, value) }
    }

    /// - Parameters:
    ///   - name: an import's, or with its namespace a bound operation's.
    ///   - binding: what it is called on.
    ///   - parameters: nothing is checked before the call.
    public init(
        _ name: String, on binding: Query? = nil, _ parameters: KeyValuePairs<String, ODataValue> = [:],
        options: QueryOptions = QueryOptions(), kind: Operation.Kind? = nil
    ) {
        (self.name, self.binding, self.options, self.kind) = (name, binding, options, kind)
        self.parameters = parameters.map { Parameter($0.key, $0.value) }
    }

    /// A function's call as a query, to read its result through all pages (`entities(_:)`), or to go on from it.
    ///
    /// Collections and complex values go as parameter aliases, which alone may hold them (URL Conventions 4.01 §4.5.2).
    public var query: Query {
        var arguments: [NamedArgument] = []
        var query = binding ?? Query()
        for parameter in parameters {
            switch parameter.value {
            case .collection, .complex, .entity, .entities, .untyped:
                arguments.append(NamedArgument(parameter.name, .alias(parameter.name)))
                query = query.alias(parameter.name, .literal(parameter.value))
            case _:
                arguments.append(NamedArgument(parameter.name, .literal(parameter.value)))
            }
        }
        query.path.segments.append(.call(name, arguments))
        let aliases = query.options.aliases
        query.options = options
        query.options.aliases = aliases + options.aliases
        return query
    }
}

/// What a function or action gives.
public enum OperationResult: Sendable, Hashable {
    /// It gives nothing, or `null`.
    case none
    /// Primitive, complex, enumeration, or a collection of these.
    case value(ODataValue)
    case entity(Entity)
    /// The first page, with the link to the next; `client.entities(call.query)` reads all of them.
    case entities(EntityCollection)

    /// nil for another kind of result.
    public var value: ODataValue? {
        guard case .value(let value) = self else { return nil }
        return value
    }

    /// nil for another kind of result.
    public var entity: Entity? {
        guard case .entity(let entity) = self else { return nil }
        return entity
    }

    /// nil for another kind of result.
    public var entities: EntityCollection? {
        guard case .entities(let entities) = self else { return nil }
        return entities
    }
}
