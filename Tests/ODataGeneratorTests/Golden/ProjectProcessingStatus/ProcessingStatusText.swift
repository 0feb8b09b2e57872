// Written by `odata generate` for the service ProjectProcessingStatus. Do not edit: generate it again.

public import OData

/// Project Processing Status Description. Entities of the set `ProcessingStatusText`.
///
/// Properties are nil where the entity doesn't have them or has no value that fits their type; `entity` tells which.
public struct ProcessingStatusText: ODataEntity {
    public static let entitySetName = "ProcessingStatusText"
    public static let typeName = QualifiedName(
        "com.sap.gateway.srvd_a2x.api_entprojprocessingstatus.v0001", "ProcessingStatusTextType"
    )

    public var entity: Entity

    public init(entity: Entity) { self.entity = entity }

    public struct Key: ODataEntityKey {
        public var language: String
        public var processingStatus: String

        public init(language: String, processingStatus: String) {
            self.language = language
            self.processingStatus = processingStatus
        }

        public var entityKey: EntityKey {
            EntityKey([
                EntityKey.Part("Language", self.language.odataValue),
                EntityKey.Part("ProcessingStatus", self.processingStatus.odataValue),
            ])
        }
    }

    /// Nil if a part of it is missing.
    public var key: Key? {
        guard let language = self.language, let processingStatus = self.processingStatus else { return nil }
        return Key(language: language, processingStatus: processingStatus)
    }
}

// MARK: - Properties

extension ProcessingStatusText {
    /// Language Key
    ///
    /// Key; at most 2 characters.
    public var language: String? {
        get { entity["Language"].flatMap { try? String(odataValue: $0) } }
        set { entity["Language"] = newValue.odataValue }
    }

    /// Processing Status
    ///
    /// Key; at most 2 characters; text in `ProcessingStatusText`; upper case.
    public var processingStatus: String? {
        get { entity["ProcessingStatus"].flatMap { try? String(odataValue: $0) } }
        set { entity["ProcessingStatus"] = newValue.odataValue }
    }

    /// Status: Processing Status Text
    ///
    /// At most 60 characters; upper case.
    public var processingStatusText: String? {
        get { entity["ProcessingStatusText"].flatMap { try? String(odataValue: $0) } }
        set { entity["ProcessingStatusText"] = newValue.odataValue }
    }
}

// MARK: - Navigation

extension ProcessingStatusText {
    /// Nil if it was not expanded.
    public var processingStatusNavigation: ProcessingStatus? {
        get {
            if case .entity(let entity)? = entity["_ProcessingStatus"] { ProcessingStatus(entity: entity) } else { nil }
        }
        set { entity["_ProcessingStatus"] = newValue.map { .entity($0.entity) } }
    }
}

// MARK: - Names for filters, selections, expansions and orders

extension ProcessingStatusText {
    public static var language: TypedProperty<Self, String> { TypedProperty("Language") }
    public static var processingStatus: TypedProperty<Self, String> { TypedProperty("ProcessingStatus") }
    public static var processingStatusText: TypedProperty<Self, String> { TypedProperty("ProcessingStatusText") }
    public static var processingStatusNavigation: TypedProperty<Self, ProcessingStatus> {
        TypedProperty("_ProcessingStatus")
    }
}
