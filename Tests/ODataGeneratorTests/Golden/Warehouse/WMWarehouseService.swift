// Written by `odata generate` for the service Warehouse. Do not edit: generate it again.

import OData

/// The service Warehouse: its sets and operations, for a client of it.
struct WMWarehouseService: Sendable {
    let client: ODataClient

    init(client: ODataClient) { self.client = client }
}

// MARK: - Entity sets and singletons

extension WMWarehouseService {
    /// `Bins`, of ``WMBin``.
    static var bins: Query { Query("Bins") }

    /// `Settings`, of ``WMSettings``.
    static var settings: Query { Query("Settings") }
}

// MARK: - Functions and actions

extension WMWarehouseService {
    /// The function `Search`.
    ///
    /// Gives the first page of the result; `ODataClient.call(_:_:)` tells whether there are more.
    func search(text: String, _ options: RequestOptions = RequestOptions()) async throws(ODataError) -> [WMBin] {
        var call = OperationCall("Search", kind: .function)
        call.parameters.append(OperationCall.Parameter("Text", text.odataValue))
        let result = try await client.call(call, options)
        return (result.entities?.entities ?? []).map { WMBin(entity: $0) }
    }

    /// The function `Search`.
    ///
    /// Gives the first page of the result; `ODataClient.call(_:_:)` tells whether there are more.
    func search(
        text: String, callParameter: Int32? = nil, _ options: RequestOptions = RequestOptions()
    ) async throws(ODataError) -> [WMBin] {
        var call = OperationCall("Search", kind: .function)
        call.parameters.append(OperationCall.Parameter("Text", text.odataValue))
        call.parameters.append(OperationCall.Parameter("Call", callParameter.odataValue))
        let result = try await client.call(call, options)
        return (result.entities?.entities ?? []).map { WMBin(entity: $0) }
    }

    /// The function `Load`.
    func load(_ options: RequestOptions = RequestOptions()) async throws(ODataError) -> ODataDecimal? {
        let call = OperationCall("Load", kind: .function)
        let result = try await client.call(call, options)
        return try decoded(result.value)
    }

    /// The action `Client`.
    @discardableResult
    func clientOperation(_ options: RequestOptions = RequestOptions()) async throws(ODataError) -> [WMLevel]? {
        let call = OperationCall("Client", kind: .action)
        let result = try await client.call(call, options)
        return try decoded(result.value)
    }

    /// The action `Move`, on `Bin`.
    @discardableResult
    func move(
        on binding: Query,
        to: WMBin,
        optionsParameter: WMAccess? = nil,
        tags: [String],
        _ options: RequestOptions = RequestOptions()
    ) async throws(ODataError) -> WMBin? {
        var call = OperationCall("wm.v1.Move", on: binding, kind: .action)
        call.parameters.append(OperationCall.Parameter("To", .entity(to.entity)))
        call.parameters.append(OperationCall.Parameter("Options", optionsParameter.odataValue))
        call.parameters.append(OperationCall.Parameter("Tags", tags.odataValue))
        let result = try await client.call(call, options)
        return result.entity.map { WMBin(entity: $0) }
    }

    /// The action `Clear`, on a collection of `Bin`.
    func clear(on binding: Query, _ options: RequestOptions = RequestOptions()) async throws(ODataError) {
        let call = OperationCall("wm.v1.Clear", on: binding, kind: .action)
        _ = try await client.call(call, options)
    }
}

extension WMWarehouseService {
    private func decoded<Value: ODataConvertible>(_ value: ODataValue?) throws(ODataError) -> Value? {
        guard let value, value != .null else { return nil }
        do { return try Value(odataValue: value) } catch { throw .value(error) }
    }
}
