/// What a service lets be done with an entity set, from `sap:` attributes and the Capabilities vocabulary.
///
/// Where the document says nothing the answer is yes, but for `isSearchable` in version 2 (SAP's default for
/// `sap:searchable` is false).
public struct SetCapabilities: Sendable, Hashable {
    /// Whether the set can be asked for at all; some can only be navigated to (`sap:addressable`, `ReadRestrictions`).
    public var isReadable = true
    /// Whether one entity can be asked for by its key.
    public var isReadableByKey = true
    public var isInsertable = true
    public var isUpdatable = true
    public var isDeletable = true
    /// A property that is true in entities that can be updated, where that depends (`sap:updatable-path`, a path).
    public var updatablePath: String?
    public var deletablePath: String?
    public var isSearchable = true
    public var isCountable = true
    public var supportsTop = true
    public var supportsSkip = true
    public var isFilterable = true
    public var isSortable = true
    public var isExpandable = true
    public var isSelectable = true
    /// A query without a filter is refused.
    public var requiresFilter = false
    /// Each must occur in a filter.
    public var requiredFilterProperties: [String] = []
    /// Each must be given in a new entity.
    public var requiredInsertProperties: [String] = []
    public var nonFilterableProperties: Set<String> = []
    public var nonSortableProperties: Set<String> = []
    public var nonInsertableProperties: Set<String> = []
    public var nonUpdatableProperties: Set<String> = []
    public var nonExpandableNavigations: Set<String> = []
    public var nonCountableNavigations: Set<String> = []
    /// By property: `SingleValue`, `MultiValue`, `SingleRange`, `MultiRange`, `SearchExpression`, `MultiRangeOrSearchExpression`.
    public var filterExpressions: [String: String] = [:]
    /// Whether changes can be asked for (`sap:change-tracking`, `ChangeTracking`).
    public var tracksChanges = false
    /// Whether a tag must be sent with changes (`Core.OptimisticConcurrency`, or `ConcurrencyMode` of a property).
    public var needsETag = false

    public init() {}
}

extension Metadata {
    /// What can be done with a set.
    public func capabilities(of set: EntitySet) -> SetCapabilities {
        var reader = CapabilityReader(sap: set.sap, searchableByDefault: version.isV4) { name in
            set.annotations.value(.capabilities, name)
        }
        reader.result.needsETag =
            set.annotations.first(.core, "OptimisticConcurrency") != nil
            || properties(of: set.type).contains { $0.isConcurrencyToken }
        return reader.read()
    }

    /// What can be done with what a navigation leads to: the target set's own capabilities, restricted by what this set says
    /// about the navigation (`NavigationRestrictions`).
    public func capabilities(ofNavigation path: String, from set: EntitySet) -> SetCapabilities {
        let restriction = set.annotations.value(.capabilities, "NavigationRestrictions")?.record?[
            "RestrictedProperties"]?
            .elements.lazy.compactMap(\.record).first { $0["NavigationProperty"]?.typedPath == path }
        let target = target(of: path, from: set)
        let navigation = annotations(ofProperty: path, in: set.type)
        let reader = CapabilityReader(sap: target?.sap ?? SAPAttributes(), searchableByDefault: version.isV4) { name in
            restriction?[name] ?? navigation.value(.capabilities, name)
                ?? target?.annotations.value(.capabilities, name)
        }
        return reader.read()
    }
}

/// Reads capabilities from wherever they stand.
private struct CapabilityReader {
    let sap: SAPAttributes
    /// The value of a term of the Capabilities vocabulary.
    let find: (String) -> AnnotationExpression?
    var result = SetCapabilities()

    init(sap: SAPAttributes, searchableByDefault: Bool, _ find: @escaping (String) -> AnnotationExpression?) {
        (self.sap, self.find) = (sap, find)
        result.isSearchable = searchableByDefault
    }

    private func flag(_ attribute: String?, _ term: String, _ property: String? = nil, default value: Bool) -> Bool {
        let annotation = property.map { find(term)?.record?[$0] } ?? find(term)
        return attribute.flatMap { sap.flag($0) } ?? annotation?.constantFlag ?? value
    }

    private func paths(_ term: String, _ property: String) -> [String] {
        find(term)?.record?[property]?.elements.compactMap(\.typedPath) ?? []
    }

    consuming func read() -> SetCapabilities {
        readAccess()
        readChanges()
        readQueries()
        readProperties()
        return result
    }

    private mutating func readAccess() {
        let reading = find("ReadRestrictions")?.record
        result.isReadable = flag("addressable", "ReadRestrictions", "Readable", default: true)
        let byKey = reading?["ReadByKeyRestrictions"]?.record?["Readable"]?.constantFlag
        result.isReadableByKey = byKey ?? (reading?["Readable"]?.constantFlag ?? true)
        result.tracksChanges = flag("change-tracking", "ChangeTracking", "Supported", default: false)
    }

    private mutating func readChanges() {
        result.isInsertable = flag("creatable", "InsertRestrictions", "Insertable", default: true)
        result.isUpdatable = flag("updatable", "UpdateRestrictions", "Updatable", default: true)
        result.isDeletable = flag("deletable", "DeleteRestrictions", "Deletable", default: true)
        result.updatablePath = sap["updatable-path"] ?? find("UpdateRestrictions")?.record?["Updatable"]?.dynamicPath
        result.deletablePath = sap["deletable-path"] ?? find("DeleteRestrictions")?.record?["Deletable"]?.dynamicPath
        result.requiredInsertProperties = paths("InsertRestrictions", "RequiredProperties")
        result.nonInsertableProperties = Set(paths("InsertRestrictions", "NonInsertableProperties"))
        result.nonUpdatableProperties = Set(paths("UpdateRestrictions", "NonUpdatableProperties"))
    }

    private mutating func readQueries() {
        let isSearchable = result.isSearchable
        result.isSearchable = flag("searchable", "SearchRestrictions", "Searchable", default: isSearchable)
        result.isCountable = flag("countable", "CountRestrictions", "Countable", default: true)
        let isPageable = sap.flag("pageable") ?? true
        result.supportsTop = flag("topable", "TopSupported", default: isPageable)
        result.supportsSkip = flag(nil, "SkipSupported", default: isPageable)
        result.isFilterable = flag(nil, "FilterRestrictions", "Filterable", default: true)
        result.isSortable = flag(nil, "SortRestrictions", "Sortable", default: true)
        result.isExpandable = flag(nil, "ExpandRestrictions", "Expandable", default: true)
        result.isSelectable = flag(nil, "SelectSupport", "Supported", default: true)
        result.requiresFilter = flag("requires-filter", "FilterRestrictions", "RequiresFilter", default: false)
    }

    private mutating func readProperties() {
        result.requiredFilterProperties = paths("FilterRestrictions", "RequiredProperties")
        result.nonFilterableProperties = Set(paths("FilterRestrictions", "NonFilterableProperties"))
        result.nonSortableProperties = Set(paths("SortRestrictions", "NonSortableProperties"))
        result.nonExpandableNavigations = Set(paths("ExpandRestrictions", "NonExpandableProperties"))
        result.nonCountableNavigations = Set(paths("CountRestrictions", "NonCountableNavigationProperties"))
        let restrictions = find("FilterRestrictions")?.record?["FilterExpressionRestrictions"]?.elements ?? []
        for restriction in restrictions.lazy.compactMap(\.record) {
            guard let path = restriction["Property"]?.typedPath,
                let expression = restriction["AllowedExpressions"]?.memberName
            else { continue }
            result.filterExpressions[path] = expression
        }
    }
}
