extension Metadata {
    /// How a property of a type is shown. Restrictions of sets are those of the first set of the type.
    ///
    /// - Parameter property: a name, or a path through complex properties and navigations, whose last name counts.
    /// - Returns: the plain presentation for a property that the type doesn't have.
    public func presentation(of property: String, in type: QualifiedName) -> FieldPresentation {
        presentation(of: property, in: type, PresentationContext(of: type, entitySet(ofType: type), in: self))
    }

    /// How a property of a set's entities is shown, with the restrictions of this set.
    public func presentation(of property: String, in set: EntitySet) -> FieldPresentation {
        presentation(of: property, in: set.type, PresentationContext(of: set.type, set, in: self))
    }

    /// - Parameter context: what is the same for all properties of a type.
    func presentation(
        of path: String, in type: QualifiedName, _ context: PresentationContext
    ) -> FieldPresentation {
        guard case .property(let property, let owner) = target(ofPath: path, from: type) else {
            return FieldPresentation()
        }
        var builder = PresentationBuilder(
            property: property, annotations: annotations(ofProperty: property.name, in: owner))
        if let set = context.set {
            builder.annotations = annotations(ofPath: path, in: set) + builder.annotations
            builder.restrict(by: context.capabilities, path)
            builder.isRequiredInFilter = context.requiredInFilter.contains(path)
        }
        builder.typeArrangement = context.arrangement
        return builder.build { [self] in self.property(atPath: $0, from: owner) }
    }

    /// The text of a code property, as `presentation` tells it, without the rest.
    public func text(of property: String, in type: QualifiedName) -> TextAssociation? {
        presentation(of: property, in: type).text
    }
}

/// What is the same for all properties of a type: to be made once for many of them.
struct PresentationContext {
    let set: EntitySet?
    let capabilities: SetCapabilities
    let requiredInFilter: Set<String>
    /// `UI.TextArrangement` of the type.
    let arrangement: String?

    init(of type: QualifiedName, _ set: EntitySet?, in metadata: Metadata) {
        self.set = set
        capabilities = set.map { metadata.capabilities(of: $0) } ?? SetCapabilities()
        requiredInFilter = Set(capabilities.requiredFilterProperties)
        arrangement = metadata.annotations(ofType: type).value(.ui, "TextArrangement")?.memberName
    }
}

/// Puts a presentation together.
struct PresentationBuilder {
    let property: Property
    var annotations: [Annotation]
    var typeArrangement: String?
    var isRequiredInFilter = false
    private var result = FieldPresentation()

    init(property: Property, annotations: [Annotation]) { (self.property, self.annotations) = (property, annotations) }

    private var sap: SAPAttributes { property.sap }

    mutating func restrict(by set: SetCapabilities, _ path: String) {
        if set.nonInsertableProperties.contains(path) { result.isCreatable = false }
        if set.nonUpdatableProperties.contains(path) { result.isUpdatable = false }
        if set.nonFilterableProperties.contains(path) || !set.isFilterable { result.isFilterable = false }
        if set.nonSortableProperties.contains(path) || !set.isSortable { result.isSortable = false }
        result.filterRestriction = set.filterExpressions[path]
    }

    /// - Parameter find: a property by its path from the type that has this one.
    consuming func build(_ find: (String) -> Property?) -> FieldPresentation {
        addTexts()
        addUnit(find)
        addForm()
        addChanges()
        addVisibility()
        return result
    }

    private mutating func addTexts() {
        result.label = sap["label"] ?? annotations.text(.common, "Label")
        result.heading = sap["heading"] ?? annotations.text(.common, "Heading")
        result.quickInfo =
            sap["quickinfo"] ?? annotations.text(.common, "QuickInfo") ?? annotations.text(.core, "Description")
        let annotation = annotations.first(.common, "Text")
        guard let path = sap["text"].flatMap({ $0.isEmpty ? nil : $0 }) ?? annotation?.value.dynamicPath else { return }
        let arranged =
            arrangement(annotation?.annotations ?? []) ?? arrangement(annotations)
            ?? typeArrangement.flatMap { .init(rawValue: $0) }
        result.text = TextAssociation(path, arrangement: arranged)
    }

    /// It stands at `Common.Text`, at the property beside it, or at the type for all its properties.
    private func arrangement(_ annotations: [Annotation]) -> TextAssociation.Arrangement? {
        annotations.value(.ui, "TextArrangement")?.memberName.flatMap { .init(rawValue: $0) }
    }

    private mutating func addUnit(_ find: (String) -> Property?) {
        if let path = sap["unit"], !path.isEmpty {
            let kind: UnitAssociation.Kind =
                switch find(path)?.sap["semantics"] {
                case "currency-code": .currency
                case "unit-of-measure": .unit
                default: .unknown
                }
            result.unit = UnitAssociation(.path(path), kind: kind)
        }
        for (term, kind) in [("ISOCurrency", UnitAssociation.Kind.currency), ("Unit", .unit)] where result.unit == nil {
            guard let value = annotations.value(.measures, term) else { continue }
            if let path = value.dynamicPath {
                result.unit = UnitAssociation(.path(path), kind: kind)
            } else if let text = value.constantText {
                result.unit = UnitAssociation(.constant(text), kind: kind)
            }
        }
    }

    private mutating func addForm() {
        result.displayFormat = sap["display-format"].flatMap { DisplayFormat(rawValue: $0) }
        result.isDigitSequence =
            result.displayFormat == .nonNegative || annotations.tag(.common, "IsDigitSequence") == true
        result.isUpperCase = result.displayFormat == .upperCase || annotations.tag(.common, "IsUpperCase") == true
        result.semantics = sap["semantics"]
        guard result.semantics == nil else { return }
        if annotations.tag(.common, "IsCurrency") == true { result.semantics = "currency-code" }
        if annotations.tag(.common, "IsUnit") == true { result.semantics = "unit-of-measure" }
    }

    private mutating func addChanges() {
        result.isComputed = annotations.tag(.core, "Computed") == true
        result.isImmutable = annotations.tag(.core, "Immutable") == true
        if let path = sap["field-control"], !path.isEmpty {
            result.fieldControl = .path(path)
        } else if let value = annotations.value(.common, "FieldControl") {
            result.fieldControl =
                value.dynamicPath.map { .path($0) } ?? value.memberName.flatMap { FieldControl(member: $0) }
        }
        let permission = annotations.value(.core, "Permissions")?.memberName
        let isReadOnly =
            result.isComputed || permission == "Read" || result.fieldControl == .readOnly
            || result.fieldControl == .inapplicable
        if sap.flag("creatable") == false || isReadOnly { result.isCreatable = false }
        if sap.flag("updatable") == false || isReadOnly || result.isImmutable { result.isUpdatable = false }
        if sap.flag("filterable") == false { result.isFilterable = false }
        if sap.flag("sortable") == false { result.isSortable = false }
        result.isRequiredInFilter = isRequiredInFilter || sap.flag("required-in-filter") == true
        result.filterRestriction = sap["filter-restriction"] ?? result.filterRestriction
    }

    private mutating func addVisibility() {
        let hidden = annotations.value(.ui, "Hidden")
        result.hiddenPath = hidden?.dynamicPath
        result.isHidden =
            sap.flag("visible") == false || hidden?.constantFlag == true || result.fieldControl == .inapplicable
    }
}
