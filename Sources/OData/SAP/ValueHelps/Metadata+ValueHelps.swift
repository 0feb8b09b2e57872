extension Metadata {
    /// The lists that a field's value can be picked from, as far as this document has them.
    ///
    /// From `Common.ValueList`; without those that `ValueListRelevantQualifiers` leaves out for all entities. If it is empty,
    /// another document may have some: see `valueHelpReferences`. At most 64 are looked at.
    ///
    /// - Parameters:
    ///   - property: a name, or a path through complex properties and navigations.
    ///   - includesKnown: adds lists of SAP's published services by the field's name, where the document has none.
    public func valueHelps(
        for property: String, in type: QualifiedName, includesKnown: Bool = false
    ) -> [ValueHelp] {
        let found = helps(
            valueHelpAnnotations(property, in: type), for: property, isFixed: hasFixedValues(property, in: type))
        if found.isEmpty, includesKnown, !hasValueHelp(property, in: type) {
            return KnownValueHelp.helps(for: property, fieldsOf: Set(properties(of: type).map(\.name)))
        }
        return found
    }

    /// As for a type, with what the set itself says about the property.
    public func valueHelps(for property: String, in set: EntitySet, includesKnown: Bool = false) -> [ValueHelp] {
        let own = annotations(ofPath: property, in: set)
        if own.first(where: { $0.term.name == "ValueList" }) != nil {
            let all = own + valueHelpAnnotations(property, in: set.type)
            return helps(all, for: property, isFixed: hasFixedValues(property, in: set.type))
        }
        return valueHelps(for: property, in: set.type, includesKnown: includesKnown)
    }

    /// Documents that have the field's value helps: `Common.ValueListReferences`, and for a version 2 field that only says
    /// `sap:value-list` this service's document with `sap-value-list`.
    public func valueHelpReferences(for property: String, in type: QualifiedName) -> [ValueHelpReference] {
        let annotations = valueHelpAnnotations(property, in: type)
        let references = annotations.valueHelpReferences
        guard references.isEmpty, annotations.all(.common, "ValueList").isEmpty,
            sapValueList(property, in: type) != nil,
            case .property(let found, let owner) = target(ofPath: property, from: type)
        else { return references }
        return [ValueHelpReference(url: "$metadata?sap-value-list=\(owner)/\(found.name)", isSameService: true)]
    }

    /// The value helps of a field that a referenced document has (`Common.ValueListMapping`, or `Common.ValueList` of this
    /// service's own larger document).
    ///
    /// - Parameters:
    ///   - document: what was read from the reference's URL.
    ///   - reference: one of `valueHelpReferences`.
    public func valueHelps(
        for property: String, in type: QualifiedName, from document: Metadata, at reference: ValueHelpReference
    ) -> [ValueHelp] {
        guard case .property(let found, let owner) = target(ofPath: property, from: type) else { return [] }
        var annotations = document.annotations(ofProperty: found.name, in: owner)
        for name in lineage(of: owner) where document.structuredType(name) == nil {
            annotations += document.externalAnnotations["\(name)/\(found.name)"] ?? []
        }
        let settings = valueHelpAnnotations(property, in: type).filter { $0.term.name != "ValueList" }
        let term = reference.isSameService ? "ValueList" : "ValueListMapping"
        let isFixed = hasFixedValues(property, in: type)
        return helps(settings + annotations, term, for: property, isFixed: isFixed, document).map {
            $0.moved(to: reference)
        }
    }

    // MARK: Parameters of operations

    /// The lists that a parameter's value can be picked from. Local paths are names of parameters of the operation.
    public func valueHelps(forParameter name: String, of operation: Operation) -> [ValueHelp] {
        guard let parameter = operation.parameters.first(where: { $0.name == name }) else { return [] }
        return helps(parameter.annotations, for: name, isFixed: parameter.sap["value-list"] == "fixed-values")
    }

    /// Documents that have the parameter's value helps.
    public func valueHelpReferences(forParameter name: String, of operation: Operation) -> [ValueHelpReference] {
        operation.parameters.first { $0.name == name }?.annotations.valueHelpReferences ?? []
    }

    /// The value helps of a parameter that a referenced document has.
    public func valueHelps(
        forParameter name: String, of operation: Operation, from document: Metadata, at reference: ValueHelpReference
    ) -> [ValueHelp] {
        let settings = operation.parameters.first { $0.name == name }?.annotations ?? []
        let target = "\(operation.name)(\(AnnotationTarget.signature(of: operation)))/\(name)"
        let mappings =
            (document.externalAnnotations[target] ?? [])
            + (document.externalAnnotations["\(operation.name)/\(name)"] ?? [])
        return helps(settings + mappings, "ValueListMapping", for: name, isFixed: false, document)
            .map { $0.moved(to: reference) }
    }

    /// Which of a field's value helps count.
    public func valueHelpSelection(for property: String, in type: QualifiedName) -> ValueHelpSelection {
        valueHelpAnnotations(property, in: type).selection
    }

    /// Whether the document says that there is a list, here or in another document.
    public func hasValueHelp(_ property: String, in type: QualifiedName) -> Bool {
        sapValueList(property, in: type) != nil
            || valueHelpAnnotations(property, in: type).contains {
                $0.term.namespace == Vocabulary.common.rawValue
                    && ($0.term.name == "ValueList" || $0.term.name == "ValueListReferences")
            }
    }

    /// `standard`, `fixed-values`, or `true` of older documents.
    private func sapValueList(_ property: String, in type: QualifiedName) -> String? {
        self.property(atPath: property, from: type)?.sap["value-list"].flatMap { $0 == "false" ? nil : $0 }
    }

    private func valueHelpAnnotations(_ property: String, in type: QualifiedName) -> [Annotation] {
        guard case .property(let found, let owner) = target(ofPath: property, from: type) else { return [] }
        return annotations(ofProperty: found.name, in: owner)
    }

    /// Of one field; services have up to five.
    private static let maxValueHelps = 64

    private func hasFixedValues(_ property: String, in type: QualifiedName) -> Bool {
        sapValueList(property, in: type) == "fixed-values"
    }

    /// - Parameter document: the one that has the annotations; this one, if nil.
    private func helps(
        _ annotations: [Annotation], _ term: String = "ValueList", for property: String, isFixed: Bool,
        _ document: Metadata? = nil
    ) -> [ValueHelp] {
        let selection = annotations.selection
        let hasFixedValues = isFixed || annotations.tag(.common, "ValueListWithFixedValues") == true
        let relevant = selection.relevantQualifiers.map { Set($0) }
        return annotations.all(.common, term).prefix(Self.maxValueHelps).compactMap { annotation in
            let qualifier = annotation.qualifier ?? ""
            if let relevant, !relevant.contains(qualifier) { return nil }
            guard let record = annotation.value.record else { return nil }
            let reader = ValueListReader(document: document ?? self, property: property, record: record)
            guard var help = reader.read() else { return nil }
            help.qualifier = annotation.qualifier
            help.hasFixedValues = hasFixedValues
            help.isForValidation = selection.validationQualifier == qualifier
            return help
        }
    }
}

extension ValueHelp {
    /// What a referenced document says of its own service is of that service to this one.
    fileprivate func moved(to reference: ValueHelpReference) -> ValueHelp {
        guard !reference.isSameService else { return self }
        var help = self
        let directory = RelativeReference.directory(of: reference.url)
        help.service = service.map { RelativeReference.join(directory, $0) } ?? directory
        return help
    }
}

extension [Annotation] {
    fileprivate var valueHelpReferences: [ValueHelpReference] {
        all(.common, "ValueListReferences").flatMap { annotation in
            annotation.value.elements.compactMap(\.constantText).map {
                ValueHelpReference(url: $0, qualifier: annotation.qualifier)
            }
        }
    }

    fileprivate var selection: ValueHelpSelection {
        let relevant = value(.common, "ValueListRelevantQualifiers")
        var selection = ValueHelpSelection()
        selection.path = relevant?.dynamicPath
        if case .collection(let elements) = relevant {
            let qualifiers = elements.compactMap(\.constantText)
            // An expression among them depends on the entity: nothing can be left out here.
            if qualifiers.count == elements.count { selection.relevantQualifiers = qualifiers }
        }
        selection.validationQualifier = text(.common, "ValueListForValidation")
        return selection
    }
}
