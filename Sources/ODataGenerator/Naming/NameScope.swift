/// Names that are taken, in one place of the code. A name that is taken gets a word behind it, then a number.
struct NameScope {
    private var taken: Set<String>
    /// For files, whose names some file systems compare so.
    private let ignoresCase: Bool

    init(reserved: Set<String> = [], ignoringCase: Bool = false) {
        ignoresCase = ignoringCase
        taken = ignoringCase ? Set(reserved.map { $0.lowercased() }) : reserved
    }

    /// - Parameter suffix: what a name gets that is taken: `ageProperty`.
    mutating func unused(_ name: String, suffix: String) -> String {
        if insert(name) { return name }
        if insert(name + suffix) { return name + suffix }
        var number = 2
        while !insert(name + suffix + String(number)) { number += 1 }
        return name + suffix + String(number)
    }

    private mutating func insert(_ name: String) -> Bool {
        taken.insert(ignoresCase ? name.lowercased() : name).inserted
    }
}

/// Names that mean something in generated code.
enum ReservedNames {
    /// What generated code names, or what everybody's code does.
    static let types: Set<String> = [
        "Any", "AnyObject", "Array", "Bool", "Double", "Error", "Float", "Hashable", "Int", "Int16", "Int32", "Int64",
        "Int8",
        "Never", "Optional", "Protocol", "Self", "Sendable", "Set", "String", "Swift", "Type", "UInt8", "Void",
        "CalendarDate", "ComplexValue", "Entity", "EntityCollection", "EntityKey", "EnumerationValue", "ETag",
        "GUID", "GeoValue", "Key", "LocalDateTime", "Metadata", "OData", "ODataClient", "ODataConvertible",
        "ODataDecimal",
        "ODataDuration", "ODataEntity", "ODataEntityKey", "ODataError", "ODataValue", "OffsetDateTime", "OperationCall",
        "QualifiedName", "Query", "RequestOptions", "StreamReference", "TimeOfDay", "TypedProperty", "ValueError",
    ]

    static let entityMembers: Set<String> = [
        "entity", "entitySetName", "typeName", "key", "etag", "init", "self", "hash", "hashValue", "Key", "Type",
        "Self",
    ]

    static let complexMembers: Set<String> = [
        "value", "typeName", "odataValue", "elements", "init", "self", "hash", "hashValue", "Type", "Self",
    ]

    static let enumerationMembers: Set<String> = [
        "unknown", "name", "names", "typeName", "odataValue", "elements", "contains", "union", "init", "self", "hash",
        "hashValue", "Type", "Self",
    ]

    static let keyMembers: Set<String> = ["entityKey", "init", "self", "hash", "hashValue", "Type", "Self"]
    static let serviceMembers: Set<String> = ["client", "decoded", "init", "self", "Type", "Self"]
    static let parameters: Set<String> = [
        "call", "options", "binding", "self", "init", "client", "result", "decoded",
    ]
}
