internal import Connections
internal import Domain
internal import HTTPTypes

/// One request as handlers see it.
struct Call: Sendable {
    /// The variable segments of the path, in order.
    let parameters: [String]
    let query: QueryParameters
    let headers: HTTPFields
    let body: IncomingBody
    let requestID: String
    let deadline: ContinuousClock.Instant

    /// The path's variable segment as identifier; what can't be one names nothing.
    func id<Kind: EntityKind>(of _: Kind.Type) throws(Problem) -> EntityID<Kind> {
        guard let text = parameters.first, let id = EntityID<Kind>(text) else { throw Problem(code: .notFound) }
        return id
    }

    /// The version that an `If-Match` asks for.
    func expectedVersion() throws(Problem) -> Int64? {
        switch EntityTag.condition(headers[.ifMatch]) {
        case .any: return nil
        case .version(let version): return version
        case .never: throw Problem(code: .stale)
        }
    }

    func context(of principal: Principal) -> CallContext {
        CallContext(principal: principal, requestID: requestID, deadline: deadline)
    }
}
