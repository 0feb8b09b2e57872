/// Holds keys to the metadata: as many values as the type has key properties, by their names, in their types.
struct KeyChecker {
    let metadata: Metadata
    let version: ODataVersion

    init(_ metadata: Metadata, _ version: ODataVersion) { (self.metadata, self.version) = (metadata, version) }

    /// - Throws: `.keyMismatch` with the names that the type has; `.value`.
    func checked(_ key: EntityKey, of type: QualifiedName) throws(QueryError) -> EntityKey {
        let properties = metadata.keyProperties(of: type)
        // Another service's type, or one whose key isn't known.
        guard !properties.isEmpty else { return key }
        let expected = properties.map(\.name)
        if key.parts.count == 1, key.parts[0].name == nil {
            guard properties.count == 1 else { throw .keyMismatch(expected: expected) }
            return EntityKey(try value(key.parts[0].value, properties[0], of: type))
        }
        guard key.parts.count == properties.count else { throw .keyMismatch(expected: expected) }
        var parts = key.parts
        for (place, part) in key.parts.enumerated() {
            guard let property = properties.first(where: { $0.name == part.name }),
                parts[..<place].allSatisfy({ $0.name != part.name })
            else { throw .keyMismatch(expected: expected) }
            parts[place].value = try value(part.value, property, of: type)
        }
        return EntityKey(parts)
    }

    private func value(
        _ value: ODataValue, _ property: KeyProperty, of type: QualifiedName
    ) throws(QueryError) -> ODataValue {
        guard let declared = metadata.property(atPath: property.path, from: type)?.type else { return value }
        return try converted(value, to: declared)
    }

    func converted(_ value: ODataValue, to type: TypeReference) throws(QueryError) -> ODataValue {
        do throws(ValueError) {
            return try value.converted(to: type, version: version, metadata: metadata)
        } catch {
            throw .value(error)
        }
    }
}
