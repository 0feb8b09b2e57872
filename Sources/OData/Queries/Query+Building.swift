extension Query {
    func adding(_ segments: [PathSegment]) -> Query {
        var copy = self
        copy.path.segments += segments
        return copy
    }

    func setting(_ change: (inout QueryOptions) -> Void) -> Query {
        var copy = self
        change(&copy.options)
        return copy
    }

    // MARK: Path

    /// The entity of this key; text stays text, with its leading zeros.
    public func key(_ value: ODataValue) -> Query { key(EntityKey(value)) }

    /// The same, of a value of Swift.
    @_disfavoredOverload
    public func key(_ value: some ODataConvertible) -> Query { key(EntityKey(value.queryLiteral)) }

    /// The entity of this key, all of its properties by name.
    public func key(_ parts: KeyValuePairs<String, ODataValue>) -> Query {
        key(EntityKey(parts.map { EntityKey.Part($0.key, $0.value) }))
    }

    /// A key as it came with an entity, or was made before.
    @_disfavoredOverload
    public func key(_ key: EntityKey) -> Query { adding([.key(key)]) }

    /// Key values as segments of their own, in the order of the type's key.
    public func keySegments(_ values: ODataValue...) -> Query { adding(values.map { .keySegment($0) }) }

    /// - Parameter path: navigations, properties, type casts, or bound operations without arguments, with slashes
    ///   between.
    public func navigate(_ path: String) -> Query { adding(Query.segments(path)) }

    /// The same by a property that generated code has.
    public func navigate(_ property: some NamedProperty) -> Query { navigate(property.name) }

    /// A property; the same as `navigate`.
    public func property(_ path: String) -> Query { navigate(path) }

    /// Only the entities of a derived type, or the entity as one.
    public func cast(to type: QualifiedName) -> Query { adding([.qualified(type)]) }

    /// A function of the service: an import at the root, or one that is bound to what the path leads to.
    ///
    /// - Parameter name: with its namespace if it is bound.
    public func function(_ name: String, _ arguments: KeyValuePairs<String, QueryExpression> = [:]) -> Query {
        adding([.call(name, arguments.map { NamedArgument($0.key, $0.value) })])
    }

    /// An action: an import at the root, or one that is bound. Its parameters are the body's.
    public func action(_ name: String) -> Query {
        adding([QualifiedName(name).map { .qualified($0) } ?? .name(name)])
    }

    /// How many there are: a number as text.
    public func countOnly() -> Query { adding([.count]) }
    /// `/$value`: a property as text or bytes, a media entity's content.
    public func rawValue() -> Query { adding([.value]) }

    /// The links instead of the entities: `$ref` of version 4. Version 2 has `links(_:)`.
    public func references() -> Query { adding([.ref]) }

    /// The links of a navigation: `$links/Nav` of version 2, `Nav/$ref` of version 4, by the version that it is written
    /// in.
    public func links(_ navigation: String) -> Query { adding([.links, .name(navigation)]) }

    /// Those members that a condition holds for, as a segment (4.01): for updates and actions on `each`.
    public func filterSegment(_ condition: QueryExpression) -> Query { adding([.filter(condition)]) }
    /// Each member of the collection, for an update or a bound action (4.01).
    public func each() -> Query { adding([.each]) }

    // MARK: Options

    /// Only those that the condition holds for. A second call adds its condition by `and`.
    public func filter(_ condition: QueryExpression) -> Query {
        setting { options in options.filter = options.filter.map { $0 && condition } ?? condition }
    }

    /// Only these properties, besides those of earlier calls.
    public func select(_ paths: String...) -> Query { select(paths) }
    /// Only these properties, besides those of earlier calls.
    public func select(_ paths: [String]) -> Query { setting { $0.select += paths.map { SelectItem($0) } } }
    /// Only these properties, besides those of earlier calls.
    public func select(_ properties: any NamedProperty...) -> Query { select(properties.map(\.name)) }
    /// A property with options of its own, which 4.01 has.
    public func select(_ item: SelectItem) -> Query { setting { $0.select.append(item) } }

    /// What the navigation leads to, in the same answer.
    ///
    /// - Parameter nested: options of the expanded entities, set on an empty query.
    public func expand(_ path: String, _ nested: (Query) -> Query = { $0 }) -> Query {
        let inner = nested(Query())
        let rest = inner.path.segments.map { segment in
            switch segment {
            case .name(let name): "/" + name
            case .qualified(let name): "/" + name.description
            // No path of names: refused when the query is written.
            default: "/()"
            }
        }
        return expand(ExpandItem(path + rest.joined(), options: inner.options))
    }

    /// What the navigation leads to, in the same answer.
    public func expand(_ property: some NamedProperty, _ nested: (Query) -> Query = { $0 }) -> Query {
        expand(property.name, nested)
    }

    /// What the navigation leads to, or its references or count alone.
    public func expand(_ item: ExpandItem) -> Query { setting { $0.expand.append(item) } }

    /// Besides those of earlier calls, which come first.
    public func orderBy(_ items: OrderItem...) -> Query { setting { $0.orderBy += items } }
    /// At most so many; negative is refused when the query is written.
    public func top(_ count: Int) -> Query { setting { $0.top = count } }
    /// Without the first ones; negative is refused when the query is written.
    public func skip(_ count: Int) -> Query { setting { $0.skip = count } }

    /// The answer says how many there are besides.
    public func count(_ isWanted: Bool = true) -> Query { setting { $0.count = isWanted } }

    /// Free text, all of it as one word or phrase: nothing in it is an operator.
    public func search(_ text: String) -> Query { search(.term(text)) }
    /// Free text with operators. Version 4.
    public func search(_ expression: SearchExpression) -> Query { setting { $0.search = expression } }

    /// A value that the service computes for each instance, under a name (4.01).
    public func compute(_ expression: QueryExpression, as alias: String) -> Query {
        setting { $0.compute.append(ComputeItem(expression, as: alias)) }
    }

    /// Transformations, after those of earlier calls.
    public func apply(_ transformations: Transformation...) -> Query { setting { $0.apply += transformations } }

    /// Of an expanded navigation.
    public func levels(_ levels: ExpandLevels) -> Query { setting { $0.levels = levels } }
    /// `json`, or a media type. The client asks by headers; a service may know this alone.
    public func format(_ format: String) -> Query { setting { $0.format = format } }
    /// Where in an ordered collection a new member goes (4.01); negative counts from the end.
    public func index(_ index: Int) -> Query { setting { $0.index = index } }
    /// From a `nextLink`; the server's own.
    public func skipToken(_ token: String) -> Query { setting { $0.skipToken = token } }
    /// From a `deltaLink`; the server's own. Version 2 has it as a custom option, `!deltatoken`.
    public func deltaToken(_ token: String) -> Query { setting { $0.deltaToken = token } }
    /// The version of the model that the client knows (4.01 part 1 §11.2.12).
    public func schemaVersion(_ version: String) -> Query { setting { $0.schemaVersion = version } }
    /// The entity that a `$ref` is removed of.
    public func id(_ id: String) -> Query { setting { $0.id = id } }

    /// The value of a parameter alias; its name is without the `@`.
    public func alias(_ name: String, _ value: QueryExpression) -> Query {
        setting { $0.aliases.append(QueryAlias(name, value)) }
    }

    /// An option of the service, such as `sap-client`.
    public func custom(_ name: String, _ value: String?) -> Query {
        setting { $0.custom.append(CustomOption(name, value)) }
    }
}
