/// What a path of names leads to from a type.
public enum PathTarget: Sendable, Hashable {
    /// A structural property, and the type that declares or inherits it.
    case property(Property, of: QualifiedName)
    case navigation(NavigationProperty, of: QualifiedName)
    /// The type itself, or a derived one that the path casts to.
    case type(QualifiedName)
}

extension Metadata {
    /// Follows a path of properties, navigations and type casts (`to_Address/Country`, `Address/City`, `ns.Manager/Level`).
    ///
    /// - Returns: nil if a name is none of the type before it, or if a primitive property has a rest behind it.
    public func target(ofPath path: String, from type: QualifiedName) -> PathTarget? {
        var current: QualifiedName? = type
        var target = PathTarget.type(type)
        for segment in path.split(separator: "/", omittingEmptySubsequences: true) {
            guard let here = current else { return nil }
            let name = String(segment)
            if let property = property(name, of: here) {
                target = .property(property, of: here)
                if case .named(let next) = resolved(property.type).base { current = next } else { current = nil }
            } else if let navigation = navigationProperty(name, of: here) {
                (target, current) = (.navigation(navigation, of: here), navigation.target)
            } else if let cast = QualifiedName(name), isType(cast, derivedFrom: here) {
                (target, current) = (.type(cast), cast)
            } else {
                return nil
            }
        }
        return target
    }

    /// The property at the end of a path, if it ends in one.
    public func property(atPath path: String, from type: QualifiedName) -> Property? {
        guard case .property(let property, _) = target(ofPath: path, from: type) else { return nil }
        return property
    }

    /// The set that a navigation of this set's entities leads to, by its binding.
    ///
    /// - Parameter navigation: a name or a path through complex properties; type casts in the binding's path don't matter.
    /// - Returns: nil without a binding, or where it leads to a singleton, into a containment or to another service.
    public func target(of navigation: String, from set: EntitySet) -> EntitySet? {
        bindingTarget(of: navigation, in: set.bindings).flatMap { entitySet($0) }
    }

    /// As for a set.
    public func target(of navigation: String, from singleton: Singleton) -> EntitySet? {
        bindingTarget(of: navigation, in: singleton.bindings).flatMap { entitySet($0) }
    }

    /// The singleton that a navigation of this set's entities leads to, by its binding.
    public func targetSingleton(of navigation: String, from set: EntitySet) -> Singleton? {
        bindingTarget(of: navigation, in: set.bindings).flatMap { singleton($0) }
    }

    /// The names of the sets that the navigations of a set lead to, by path without type casts: for all of them at once.
    func bindingTargets(of set: EntitySet) -> [String: String] {
        Dictionary(
            set.bindings.compactMap { binding in
                localTarget(binding.target).map { (Self.withoutCasts(binding.path).joined(separator: "/"), $0) }
            }, uniquingKeysWith: { first, _ in first })
    }

    private func bindingTarget(of navigation: String, in bindings: [NavigationBinding]) -> String? {
        if let exact = bindings.first(where: { $0.path == navigation }) { return localTarget(exact.target) }
        let path = Self.withoutCasts(navigation)
        return bindings.first { Self.withoutCasts($0.path) == path }.flatMap { localTarget($0.target) }
    }

    private static func withoutCasts(_ path: String) -> [Substring] {
        path.split(separator: "/").filter { !$0.contains(".") }
    }

    /// `Set`, or `namespace.Container/Set` if the container is of this document.
    private func localTarget(_ target: String) -> String? {
        let segments = target.split(separator: "/")
        switch segments.count {
        case 1: return target
        case 2:
            guard let container = QualifiedName(segments[0]), index.schemaNames.contains(container.namespace) else {
                return nil
            }
            return String(segments[1])
        default: return nil
        }
    }
}
