extension ODataRequest where Value == OperationResult {
    /// Calls a function or action, of either version, bound or by its import.
    ///
    /// Functions are read with their parameters in the URL, actions posted with theirs in the body; imports of version 2 have
    /// them in the URL and the method that the metadata says.
    public static func call(_ call: OperationCall) -> ODataRequest<OperationResult> {
        ODataRequest { (context) throws(ODataError) in
            try ResolvedCall(call, context).request(context)
        } interpret: { (reply, context) async throws(ODataError) -> Answer<OperationResult> in
            try await ResolvedCall(call, context).result(reply, context)
        }
    }
}

extension ODataClient {
    /// Calls a function or action. A bound action that wants its entity's tag gets it by `options.headers[.ifMatch]`.
    ///
    /// - Throws: `.query(.unknownName)` for an operation or parameter that the metadata doesn't have.
    @discardableResult
    public func call(
        _ call: OperationCall, _ options: RequestOptions = RequestOptions()
    ) async throws(ODataError) -> OperationResult {
        try await result(.call(call), options)
    }
}
