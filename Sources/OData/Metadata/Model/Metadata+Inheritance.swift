extension Metadata {
    /// How many base types a type may have above it. Readers refuse documents with more, and with circles.
    static let maxInheritanceDepth = 64

    /// Key properties in order: the type's own, else those of the nearest base type that has some.
    public func keyProperties(of type: QualifiedName) -> [KeyProperty] {
        view(of: type)?.lineage.first { !$0.type.key.isEmpty }?.type.key ?? []
    }

    /// Structural properties, those of the furthest base type first. Empty for a type that the document doesn't have.
    public func properties(of type: QualifiedName) -> [Property] { view(of: type)?.properties ?? [] }

    /// Navigation properties, those of the furthest base type first.
    public func navigationProperties(of type: QualifiedName) -> [NavigationProperty] {
        view(of: type)?.navigationProperties ?? []
    }

    /// A structural property that the type declares or inherits; constant time.
    public func property(_ name: String, of type: QualifiedName) -> Property? { view(of: type)?.property(name) }

    /// A navigation property that the type declares or inherits; constant time.
    public func navigationProperty(_ name: String, of type: QualifiedName) -> NavigationProperty? {
        view(of: type)?.navigationProperty(name)
    }

    /// Whether the type is `ancestor` or derives from it, directly or not.
    public func isType(_ type: QualifiedName, derivedFrom ancestor: QualifiedName) -> Bool {
        type == ancestor || view(of: type)?.lineage.contains { $0.type.name == ancestor } == true
    }

    /// The type itself and its base types, the nearest first. Empty for a type that the document doesn't have.
    public func lineage(of type: QualifiedName) -> [QualifiedName] { view(of: type)?.lineage.map(\.type.name) ?? [] }

    /// Whether the type or one of its base types takes properties that the document doesn't name.
    public func isOpenType(_ type: QualifiedName) -> Bool {
        view(of: type)?.lineage.contains { $0.type.isOpen } ?? false
    }

    /// Whether the type or one of its base types is a media entity.
    public func isMediaEntity(_ type: QualifiedName) -> Bool {
        view(of: type)?.lineage.contains { $0.type.hasStream } ?? false
    }

    /// Types that name this one as their base, by name.
    public func directSubtypes(of type: QualifiedName) -> [QualifiedName] {
        let all = index.views.subtypes {
            var found: [QualifiedName: [QualifiedName]] = [:]
            for type in structuredTypes.values {
                if let base = type.baseType { found[base, default: []].append(type.name) }
            }
            return found.mapValues { $0.sorted { $0.description < $1.description } }
        }
        return all[type] ?? []
    }

    /// - Returns: nil for a type that the document doesn't have.
    func view(of type: QualifiedName) -> TypeView? {
        if let known = index.views.known(type) { return known }
        var base: TypeView?
        var chain: [StructuredType] = []
        var next: QualifiedName? = type
        // The bound ends it even where the parts were not checked for circles.
        while let name = next, let found = structuredTypes[name], chain.count <= Self.maxInheritanceDepth {
            if let known = index.views.known(name) {
                base = known
                break
            }
            chain.append(found)
            next = found.baseType
        }
        for type in chain.reversed() { base = index.views.keep(TypeView(type, base: base)) }
        return base
    }
}

extension MetadataParts {
    /// Looks for types whose base types lead back to them, or are more than 64. Linear in the number of types.
    ///
    /// Readers call it before they make `Metadata`, and report `inheritanceCycle`.
    ///
    /// - Returns: a type of the circle or the end of the long chain; nil if all is well.
    func checkInheritance() -> QualifiedName? {
        /// How many base types stand above; −1 while its own chain is being walked.
        var depths: [QualifiedName: Int] = [:]
        for (name, type) in structuredTypes where type.baseType != nil {
            var chain: [QualifiedName] = []
            var next: QualifiedName? = name
            var above = 0
            while let current = next, let found = structuredTypes[current] {
                if let known = depths[current] {
                    if known < 0 { return current }
                    above = known + 1
                    break
                }
                depths[current] = -1
                chain.append(current)
                next = found.baseType
            }
            for current in chain.reversed() {
                if above > Metadata.maxInheritanceDepth { return current }
                depths[current] = above
                above += 1
            }
        }
        return nil
    }
}
