// Written by `odata generate` for the service SalesOrders. Do not edit: generate it again.

import OData

/// The service SalesOrders: its sets and operations, for a client of it.
struct SalesOrdersService: Sendable {
    let client: ODataClient

    init(client: ODataClient) { self.client = client }
}

// MARK: - Entity sets and singletons

extension SalesOrdersService {
    /// `A_SalesOrder`, of ``SalesOrder``.
    static var salesOrder: Query { Query("A_SalesOrder") }
}
