extension Entity {
    /// The key as the entity's properties have it.
    ///
    /// - Returns: nil if the type isn't known, or a key property is missing or null.
    public func key(in metadata: Metadata) -> EntityKey? {
        guard let type else { return nil }
        let properties = metadata.keyProperties(of: type)
        guard !properties.isEmpty else { return nil }
        var parts: [EntityKey.Part] = []
        for property in properties {
            guard let value = value(at: property.path), value != .null else { return nil }
            parts.append(EntityKey.Part(properties.count == 1 ? nil : property.name, value))
        }
        return EntityKey(parts)
    }

    /// A property's value, or one of a complex property by a path with slashes.
    private func value(at path: String) -> ODataValue? {
        var steps = path.split(separator: "/")[...]
        guard let first = steps.popFirst() else { return nil }
        var found = properties[String(first)]
        for step in steps {
            guard case .complex(let complex) = found else { return nil }
            found = complex[String(step)]
        }
        return found
    }
}
