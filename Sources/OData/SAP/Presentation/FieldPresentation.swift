/// How a field is shown and what may be done with it, from `sap:` attributes of version 2 and the vocabularies of version 4.
///
/// A field that a document says nothing about may be created, updated, filtered and sorted by; that it must be given is not
/// told by most documents, SAP's mark keys alone as not nullable.
public struct FieldPresentation: Sendable, Hashable {
    /// `sap:label`, `Common.Label`; in the language that the document was asked for.
    public var label: String?
    /// For a column: `sap:heading`, `Common.Heading`.
    public var heading: String?
    /// For a tooltip: `sap:quickinfo`, `Common.QuickInfo`, `Core.Description`.
    public var quickInfo: String?
    /// Where the unit or currency of an amount or quantity is found.
    public var unit: UnitAssociation?
    /// Where the text for a code is found.
    public var text: TextAssociation?
    public var displayFormat: DisplayFormat?
    /// `sap:semantics` as it came; `currency-code` and `unit-of-measure` for `Common.IsCurrency` and `Common.IsUnit` too.
    public var semantics: String?
    public var isCreatable = true
    public var isUpdatable = true
    public var isFilterable = true
    public var isSortable = true
    /// The service refuses a query without a filter on it.
    public var isRequiredInFilter = false
    /// Never to be shown. See `hiddenPath` for fields that are hidden in some entities.
    public var isHidden = false
    /// A property that is true where the field is hidden (`UI.Hidden` with a path).
    public var hiddenPath: String?
    /// Only digits (`NonNegative`, `IsDigitSequence`): text all the same. Leading zeros are part of the value.
    public var isDigitSequence = false
    public var isUpperCase = false
    public var fieldControl: FieldControl?
    /// The service makes the value (`Core.Computed`).
    public var isComputed = false
    /// Only to be given when the entity is created (`Core.Immutable`).
    public var isImmutable = false
    /// What kind of filter it takes: `single-value`, `multi-value`, `interval`, and those of version 4.
    public var filterRestriction: String?

    public init() {}
}

/// The unit or currency of an amount: in another property, or the same for all entities.
public struct UnitAssociation: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        case currency
        case unit
        /// Version 2's `sap:unit` where the property that it names doesn't tell.
        case unknown
    }

    public enum Source: Sendable, Hashable {
        /// A property, from the entity that has the amount.
        case path(String)
        case constant(String)
    }

    public var source: Source
    public var kind: Kind

    public init(_ source: Source, kind: Kind) { (self.source, self.kind) = (source, kind) }

    /// The property's path; nil for a constant.
    public var path: String? {
        guard case .path(let path) = source else { return nil }
        return path
    }
}

/// The text of a code.
public struct TextAssociation: Sendable, Hashable {
    /// `UI.TextArrangement`.
    public enum Arrangement: String, Sendable, Hashable {
        case textFirst = "TextFirst"
        case textLast = "TextLast"
        case textSeparate = "TextSeparate"
        case textOnly = "TextOnly"
    }

    /// A property, from the entity that has the code: `CountryName`, `to_Country/Name`.
    public var path: String
    public var arrangement: Arrangement?

    public init(_ path: String, arrangement: Arrangement? = nil) { (self.path, self.arrangement) = (path, arrangement) }
}

/// `sap:display-format`.
public enum DisplayFormat: String, Sendable, Hashable {
    case date = "Date"
    case nonNegative = "NonNegative"
    case upperCase = "UpperCase"
}

/// Whether a field takes a value, for all entities or by a property of each (`sap:field-control`, `Common.FieldControl`).
public enum FieldControl: Sendable, Hashable {
    case mandatory
    case optional
    case readOnly
    /// Without a meaning for the entity; not to be shown.
    case inapplicable
    /// A property whose number tells: 7 mandatory, 3 optional, 1 read only, 0 inapplicable.
    case path(String)

    /// - Parameter number: the value of the property at `path`.
    /// - Returns: nil for another number.
    public init?(number: Int) {
        switch number {
        case 7: self = .mandatory
        case 3: self = .optional
        case 1: self = .readOnly
        case 0: self = .inapplicable
        default: return nil
        }
    }

    /// - Parameter member: a member of `Common.FieldControlType`, or its number.
    init?(member: String) {
        switch member {
        case "Mandatory": self = .mandatory
        case "Optional": self = .optional
        case "ReadOnly": self = .readOnly
        case "Inapplicable", "Hidden": self = .inapplicable
        default:
            guard let number = Int(member) else { return nil }
            self.init(number: number)
        }
    }
}
