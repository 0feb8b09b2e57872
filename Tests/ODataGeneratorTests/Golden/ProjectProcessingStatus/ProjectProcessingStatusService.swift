// Written by `odata generate` for the service ProjectProcessingStatus. Do not edit: generate it again.

public import OData

/// The service ProjectProcessingStatus: its sets and operations, for a client of it.
public struct ProjectProcessingStatusService: Sendable {
    public let client: ODataClient

    public init(client: ODataClient) { self.client = client }
}

// MARK: - Entity sets and singletons

extension ProjectProcessingStatusService {
    /// `ProcessingStatus`, of ``ProcessingStatus``.
    public static var processingStatus: Query { Query("ProcessingStatus") }

    /// `ProcessingStatusText`, of ``ProcessingStatusText``.
    public static var processingStatusText: Query { Query("ProcessingStatusText") }
}
