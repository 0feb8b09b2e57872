/// Annotations that stand apart from their element (`<Annotations Target=…>`, `$Annotations`), with where they belong.
struct TargetedAnnotations: Sendable {
    /// As the document has it, with its alias.
    var target: String
    var annotations: [Annotation]
}

extension MetadataParts {
    /// Puts annotations to their elements, behind those that are there; what has no element here goes to `externalAnnotations`.
    ///
    /// Linear in elements and targets. Targets are those of CSDL XML 4.01 §14.2.1: types, members, parameters, return types
    /// (of all overloads, or of the one whose parameter types stand in parentheses), sets, singletons, imports, the
    /// container and schemas. Longer paths, such as a navigation of one set, stay apart, by target.
    ///
    /// - Parameter aliases: namespaces by alias.
    mutating func place(_ targets: [TargetedAnnotations], aliases: [String: String]) {
        var placer = AnnotationPlacer(aliases: aliases, namespaces: Set(schemas.map(\.namespace)))
        for target in targets { placer.sort(target, in: self) }
        placer.finish(&self)
    }
}

/// Sorts targets by the element they belong to, so that each type is gone through once.
private struct AnnotationPlacer {
    typealias Pending = [String: [Annotation]]

    let aliases: [String: String]
    /// By type, then by the rest of the target (empty for the type itself).
    var structured: [QualifiedName: Pending] = [:]
    var enumerations: [QualifiedName: Pending] = [:]
    var plain: [QualifiedName: [Annotation]] = [:]
    var operations: [QualifiedName: [(signature: String?, rest: String, annotations: [Annotation])]] = [:]
    var children: Pending = [:]
    var container: [Annotation] = []
    var schemas: Pending = [:]
    var external: Pending = [:]

    let namespaces: Set<String>

    init(aliases: [String: String], namespaces: Set<String>) {
        (self.aliases, self.namespaces) = (aliases, namespaces)
    }

    mutating func sort(_ target: TargetedAnnotations, in parts: MetadataParts) {
        let path = AnnotationTarget(target.target, aliases: aliases)
        if path.rest.isEmpty, namespaces.contains(path.head) {
            schemas[path.head, default: []] += target.annotations
            return
        }
        guard let name = path.name else {
            external[path.text, default: []] += target.annotations
            return
        }
        if parts.structuredTypes[name] != nil, !path.rest.contains("/") {
            structured[name, default: [:]][path.rest, default: []] += target.annotations
        } else if parts.enumerationTypes[name] != nil {
            enumerations[name, default: [:]][path.rest, default: []] += target.annotations
        } else if parts.operations[name] != nil {
            operations[name, default: []].append((path.signature, path.rest, target.annotations))
        } else if parts.container.name == name {
            sortContainer(path, target.annotations)
        } else if path.rest.isEmpty, parts.typeDefinitions[name] != nil || parts.terms[name] != nil {
            plain[name, default: []] += target.annotations
        } else {
            external[path.text, default: []] += target.annotations
        }
    }

    private mutating func sortContainer(_ path: AnnotationTarget, _ annotations: [Annotation]) {
        if path.rest.isEmpty {
            container += annotations
        } else if path.rest.contains("/") {
            external[path.text, default: []] += annotations
        } else {
            children[path.rest, default: []] += annotations
        }
    }

    mutating func finish(_ parts: inout MetadataParts) {
        placeInTypes(&parts)
        placeInEnumerations(&parts)
        placeInOperations(&parts)
        placeInContainer(&parts)
        for (name, annotations) in plain {
            parts.typeDefinitions[name]?.annotations += annotations
            parts.terms[name]?.annotations += annotations
        }
        for place in parts.schemas.indices {
            if let found = take(parts.schemas[place].namespace, from: \.schemas) {
                parts.schemas[place].annotations += found
            }
        }
        for (target, annotations) in external { parts.externalAnnotations[target, default: []] += annotations }
    }

    private mutating func take(_ key: String, from pending: WritableKeyPath<Self, Pending>) -> [Annotation]? {
        self[keyPath: pending].removeValue(forKey: key)
    }

    private mutating func placeInTypes(_ parts: inout MetadataParts) {
        for (name, pending) in structured {
            guard var type = parts.structuredTypes.removeValue(forKey: name) else { continue }
            var rest = pending
            type.annotations += rest.removeValue(forKey: "") ?? []
            for place in type.properties.indices where !rest.isEmpty {
                type.properties[place].annotations += rest.removeValue(forKey: type.properties[place].name) ?? []
            }
            for place in type.navigationProperties.indices where !rest.isEmpty {
                let found = rest.removeValue(forKey: type.navigationProperties[place].name)
                type.navigationProperties[place].annotations += found ?? []
            }
            parts.structuredTypes[name] = type
            keep(rest, below: name)
        }
    }

    private mutating func placeInEnumerations(_ parts: inout MetadataParts) {
        for (name, pending) in enumerations {
            guard var type = parts.enumerationTypes.removeValue(forKey: name) else { continue }
            var rest = pending
            type.annotations += rest.removeValue(forKey: "") ?? []
            for place in type.members.indices where !rest.isEmpty {
                type.members[place].annotations += rest.removeValue(forKey: type.members[place].name) ?? []
            }
            parts.enumerationTypes[name] = type
            keep(rest, below: name)
        }
    }

    private mutating func placeInOperations(_ parts: inout MetadataParts) {
        for (name, pending) in operations {
            guard var overloads = parts.operations.removeValue(forKey: name) else { continue }
            // One overload's annotations by signature, so that many overloads and many targets don't multiply.
            var bySignature: [String?: Pending] = [:]
            for entry in pending {
                bySignature[entry.signature, default: [:]][entry.rest, default: []] += entry.annotations
            }
            keepUnplaced(&bySignature, of: name, overloads)
            for place in overloads.indices {
                for signature in [nil, AnnotationTarget.signature(of: overloads[place])] {
                    if let found = bySignature[signature] { overloads[place].annotate(with: found) }
                }
            }
            parts.operations[name] = overloads
        }
    }

    /// Takes out what no overload has a place for, and what would be copied too often: a target without parentheses is for
    /// all overloads, and a hostile file has as many of both as it likes.
    private mutating func keepUnplaced(
        _ pending: inout [String?: Pending], of name: QualifiedName, _ overloads: [Operation]
    ) {
        let signatures = Set(overloads.map { AnnotationTarget.signature(of: $0) })
        let parameters = Set(overloads.lazy.flatMap(\.parameters).map(\.name))
        for (signature, rests) in pending {
            let copies = signature == nil ? overloads.count : 1
            let isKnown = signature.map { signatures.contains($0) } ?? true
            for (rest, annotations) in rests {
                let hasPlace = isKnown && (rest.isEmpty || rest == "$ReturnType" || parameters.contains(rest))
                if hasPlace, copies == 1 || copies * annotations.count <= Self.maxCopies { continue }
                pending[signature]?[rest] = nil
                let head = name.description + (signature.map { "(\($0))" } ?? "")
                external[rest.isEmpty ? head : head + "/" + rest, default: []] += annotations
            }
        }
    }

    private static let maxCopies = 10_000

    private mutating func placeInContainer(_ parts: inout MetadataParts) {
        parts.container.annotations += container
        for place in parts.container.entitySets.indices where !children.isEmpty {
            let found = take(parts.container.entitySets[place].name, from: \.children)
            parts.container.entitySets[place].annotations += found ?? []
        }
        for place in parts.container.singletons.indices where !children.isEmpty {
            let found = take(parts.container.singletons[place].name, from: \.children)
            parts.container.singletons[place].annotations += found ?? []
        }
        for place in parts.container.operationImports.indices where !children.isEmpty {
            let found = take(parts.container.operationImports[place].name, from: \.children)
            parts.container.operationImports[place].annotations += found ?? []
        }
        if let name = parts.container.name { keep(children, below: name) }
    }

    private mutating func keep(_ rest: Pending, below name: QualifiedName) {
        for (path, annotations) in rest { external[name.description + "/" + path, default: []] += annotations }
    }
}

extension Operation {
    fileprivate mutating func annotate(with pending: [String: [Annotation]]) {
        annotations += pending[""] ?? []
        returnTypeAnnotations += pending["$ReturnType"] ?? []
        for place in parameters.indices { parameters[place].annotations += pending[parameters[place].name] ?? [] }
    }
}
