import Synchronization

/// A structured type that finds its own and its inherited properties by name. It shares its base type's view, so that many
/// subtypes of a large type cost nothing but themselves.
final class TypeView: Sendable {
    let type: StructuredType
    let base: TypeView?
    private let propertyPlaces: [String: Int]
    private let navigationPlaces: [String: Int]

    init(_ type: StructuredType, base: TypeView?) {
        (self.type, self.base) = (type, base)
        propertyPlaces = Dictionary(
            zip(type.properties.map(\.name), type.properties.indices), uniquingKeysWith: { first, _ in first })
        navigationPlaces = Dictionary(
            zip(type.navigationProperties.map(\.name), type.navigationProperties.indices),
            uniquingKeysWith: { first, _ in first })
    }

    /// The view itself and those of its base types, the nearest first; at most `Metadata.maxInheritanceDepth` and itself.
    var lineage: [TypeView] {
        var result = [self]
        var next = base
        while let view = next {
            result.append(view)
            next = view.base
        }
        return result
    }

    /// A redeclared property, which no valid file has, is the nearest type's.
    func property(_ name: String) -> Property? {
        var next: TypeView? = self
        while let view = next {
            if let place = view.propertyPlaces[name] { return view.type.properties[place] }
            next = view.base
        }
        return nil
    }

    func navigationProperty(_ name: String) -> NavigationProperty? {
        var next: TypeView? = self
        while let view = next {
            if let place = view.navigationPlaces[name] { return view.type.navigationProperties[place] }
            next = view.base
        }
        return nil
    }

    var properties: [Property] {
        base == nil ? type.properties : lineage.reversed().flatMap(\.type.properties)
    }

    var navigationProperties: [NavigationProperty] {
        base == nil ? type.navigationProperties : lineage.reversed().flatMap(\.type.navigationProperties)
    }
}

/// The views that were asked for. Shared by all users of one `Metadata`; grows to one view for each type at most.
final class TypeViews: Sendable {
    private struct Contents {
        var views: [QualifiedName: TypeView] = [:]
        /// Direct subtypes, in the order of their names; made when first asked for.
        var subtypes: [QualifiedName: [QualifiedName]]?
    }

    private let contents = Mutex(Contents())

    func known(_ name: QualifiedName) -> TypeView? { contents.withLock { $0.views[name] } }

    /// Keeps a view, or the one that another thread made meanwhile.
    func keep(_ view: TypeView) -> TypeView {
        contents.withLock { contents in
            if let other = contents.views[view.type.name] { return other }
            contents.views[view.type.name] = view
            return view
        }
    }

    /// - Parameter make: called outside the lock, perhaps by several threads at once, of whose results one is kept.
    func subtypes(make: () -> [QualifiedName: [QualifiedName]]) -> [QualifiedName: [QualifiedName]] {
        if let known = contents.withLock({ $0.subtypes }) { return known }
        let made = make()
        return contents.withLock { contents in
            if let other = contents.subtypes { return other }
            contents.subtypes = made
            return made
        }
    }
}
