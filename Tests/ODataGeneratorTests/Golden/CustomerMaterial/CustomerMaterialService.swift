// Written by `odata generate` for the service CustomerMaterial. Do not edit: generate it again.

public import OData

/// The service CustomerMaterial: its sets and operations, for a client of it.
public struct CustomerMaterialService: Sendable {
    public let client: ODataClient

    public init(client: ODataClient) { self.client = client }
}

// MARK: - Entity sets and singletons

extension CustomerMaterialService {
    /// `A_CustomerMaterial`, of ``CustomerMaterial``.
    public static var customerMaterial: Query { Query("A_CustomerMaterial") }
}
