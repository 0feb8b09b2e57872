/// One request as a value: what is to be sent, and what its answer means.
///
/// The same request can be sent by itself (`client.answer(to:)`), asynchronously (`client.begin(_:)`) or with others in a
/// batch (`ODataBatch`). It is made by functions such as `.entity`, `.create` and `.call`; the short forms of `ODataClient`
/// make and send it at once.
public struct ODataRequest<Value: Sendable>: Sendable {
    typealias Preparation = @Sendable (ServiceContext) throws(ODataError) -> PreparedRequest
    typealias Interpretation = @Sendable (Reply, ServiceContext) async throws(ODataError) -> Answer<Value>

    /// Writes the request for a service's version and model; nothing is sent when it throws.
    let prepare: Preparation
    let interpret: Interpretation

    init(prepare: @escaping Preparation, interpret: @escaping Interpretation) {
        (self.prepare, self.interpret) = (prepare, interpret)
    }

    /// The same request, its value as another type.
    func map<Other: Sendable>(
        _ change: @escaping @Sendable (Value) throws(ODataError) -> Other
    ) -> ODataRequest<Other> {
        let interpret = interpret
        return ODataRequest<Other>(prepare: prepare) { (reply, context) async throws(ODataError) -> Answer<Other> in
            let answer = try await interpret(reply, context)
            let value = try change(answer.value)
            return answer.map { _ in value }
        }
    }
}
