// Written by `odata generate` for the service ProjectProcessingStatus. Do not edit: generate it again.

public import OData

/// Project Processing Status. Entities of the set `ProcessingStatus`.
///
/// Properties are nil where the entity doesn't have them or has no value that fits their type; `entity` tells which.
public struct ProcessingStatus: ODataEntity {
    public static let entitySetName = "ProcessingStatus"
    public static let typeName = QualifiedName(
        "com.sap.gateway.srvd_a2x.api_entprojprocessingstatus.v0001", "ProcessingStatusType"
    )

    public var entity: Entity

    public init(entity: Entity) { self.entity = entity }

    public struct Key: ODataEntityKey {
        public var processingStatus: String

        public init(processingStatus: String) {
            self.processingStatus = processingStatus
        }

        public var entityKey: EntityKey {
            EntityKey([EntityKey.Part("ProcessingStatus", self.processingStatus.odataValue)])
        }
    }

    /// Nil if a part of it is missing.
    public var key: Key? {
        guard let processingStatus = self.processingStatus else { return nil }
        return Key(processingStatus: processingStatus)
    }
}

// MARK: - Properties

extension ProcessingStatus {
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

extension ProcessingStatus {
    /// Nil if it was not expanded.
    public var processingStatusTextNavigation: [ProcessingStatusText]? {
        get {
            guard case .entities(let collection)? = entity["_ProcessingStatusText"] else { return nil }
            return collection.entities.map { ProcessingStatusText(entity: $0) }
        }
        set { entity["_ProcessingStatusText"] = newValue.map { .entities(EntityCollection($0.map(\.entity))) } }
    }
}

// MARK: - Names for filters, selections, expansions and orders

extension ProcessingStatus {
    public static var processingStatus: TypedProperty<Self, String> { TypedProperty("ProcessingStatus") }
    public static var processingStatusText: TypedProperty<Self, String> { TypedProperty("ProcessingStatusText") }
    public static var processingStatusTextNavigation: TypedProperty<Self, [ProcessingStatusText]> {
        TypedProperty("_ProcessingStatusText")
    }
}
