/// A list of values to pick a field's value from, and how its columns belong to fields of the entity.
///
/// Made by `Metadata.valueHelps`; `query` says what to ask for.
public struct ValueHelp: Sendable, Hashable {
    public struct Parameter: Sendable, Hashable {
        public enum Direction: Sendable, Hashable {
            /// The entity's value restricts the list.
            case `in`
            /// The row's value goes into the entity.
            case out
            case inOut
            /// The list is restricted to this value.
            case constant(ODataValue)
            /// A column that is shown only.
            case display
            /// A column to filter by, which is not shown.
            case filter
        }

        public var direction: Direction
        /// A field of the entity, or its path; nil for columns that belong to none.
        public var localPath: String?
        /// A property of the list.
        public var column: String
        /// An empty or initial local value restricts the list too (`InitialValueIsSignificant`).
        public var initialValueIsSignificant = false

        public init(_ direction: Direction, local localPath: String? = nil, column: String) {
            (self.direction, self.localPath, self.column) = (direction, localPath, column)
        }
    }

    public struct Order: Sendable, Hashable {
        public var column: String
        public var isDescending: Bool

        public init(_ column: String, isDescending: Bool = false) {
            (self.column, self.isDescending) = (column, isDescending)
        }
    }

    /// Between which columns a row holds, for lists with a row for each period.
    public struct Validity: Sendable, Hashable {
        public var from: String
        public var to: String

        public init(from: String, to: String) { (self.from, self.to) = (from, to) }
    }

    /// The field that it is for.
    public var property: String
    /// Of the annotation; nil for the main one.
    public var qualifier: String?
    public var label: String?
    /// The set to ask, below `service` or below the service that the entity is of.
    public var collectionPath: String
    /// The other service's root: relative to this service's document, or beginning at the host; nil for this service.
    public var service: String?
    /// The version that `service` speaks; of this service where it is nil.
    public var version: ODataVersion
    public var isSearchSupported = false
    public var parameters: [Parameter] = []
    /// Few values that hardly change: to be shown in a drop-down list.
    public var hasFixedValues = false
    /// What is typed is to be checked against this list (`ValueListForValidation`).
    public var isForValidation = false
    /// 1: ask when the user wants to see something; 2: ask at once.
    public var fetchValues: Int?
    public var presentationVariantQualifier: String?
    public var selectionVariantQualifier: String?
    /// From the presentation variant, where the list is of this service.
    public var order: [Order] = []
    /// The column that describes the value, or a path to it.
    public var descriptionPath: String?
    /// Columns that are text, where the list is of this service: others can't be searched for a text.
    var textColumns: Set<String>?
    /// Where the description has a row for each language: the column with the language, beside the description.
    public var languageColumn: String?
    public var validity: Validity?

    public init(for property: String, collectionPath: String, version: ODataVersion) {
        (self.property, self.collectionPath, self.version) = (property, collectionPath, version)
    }

    /// The column whose value goes into the field; nil if no parameter says so.
    public var keyColumn: String? {
        parameters.first { parameter in
            guard parameter.localPath == property else { return false }
            switch parameter.direction {
            case .out, .inOut: return true
            case .in, .constant, .display, .filter: return false
            }
        }?.column
    }

    /// What a picked row means for the entity: local paths, and the row's values.
    ///
    /// - Parameter row: the values of the row by column. Columns that it lacks are left out.
    public func values(from row: [String: ODataValue]) -> [String: ODataValue] {
        var result: [String: ODataValue] = [:]
        for parameter in parameters where parameter.direction == .out || parameter.direction == .inOut {
            if let path = parameter.localPath, let value = row[parameter.column] { result[path] = value }
        }
        return result
    }
}

/// Another document that has a field's value helps.
public struct ValueHelpReference: Sendable, Hashable {
    /// Relative to this service's `$metadata`, as it stands there.
    public var url: String
    public var qualifier: String?
    /// The document is this service's own with more annotations (`sap-value-list`), not another service's.
    public var isSameService: Bool

    public init(url: String, qualifier: String? = nil, isSameService: Bool = false) {
        (self.url, self.qualifier, self.isSameService) = (url, qualifier, isSameService)
    }
}

/// Which of several value helps count.
public struct ValueHelpSelection: Sendable, Hashable {
    /// Qualifiers of those that count for all entities, empty for the main one; nil: all do, or `path` tells.
    public var relevantQualifiers: [String]?
    /// A property with the qualifiers, which differ from entity to entity.
    public var path: String?
    /// The one to check what is typed against: its qualifier, empty for the main one; nil for none.
    public var validationQualifier: String?
}
