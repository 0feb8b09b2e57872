/// What became of one request of a batch.
public enum BatchItemResult: Sendable, Hashable {
    /// Done (a status below 300), or 304 where the request had a condition.
    case response(BatchItemResponse)
    /// Refused by itself. A change set's requests get `changeSetFailed`.
    case failed(ServiceError)
    /// Its change set was refused, and nothing of it was done.
    /// - culprit: the request that the service blames, if it says which.
    case changeSetFailed(ServiceError, culprit: BatchReference?)
    /// A request before it failed and the service stopped there: not done, it may be sent again.
    case notExecuted
    /// The service answered others and not this one, and nothing before it failed: it may have been done.
    case unanswered

    /// The answer, if there is one.
    ///
    /// - Throws: what the refusal means, as for a request of its own; `.service` with status 424 for `notExecuted`, and
    ///   `.malformed(.batch)` for `unanswered`, whose `isOutcomeUnknown` is true.
    public func get() throws(ODataError) -> BatchItemResponse {
        switch self {
        case .response(let response): return response
        case .failed(let error), .changeSetFailed(let error, culprit: _): throw ODataError(error)
        case .notExecuted: throw .service(ServiceError(status: 424))
        case .unanswered: throw .malformed(PayloadError(.batch))
        }
    }
}

/// The answers of a batch, each with its request.
public struct BatchResults: Sendable, Hashable {
    /// In the order of the requests, those of change sets each.
    public let items: [BatchItemResult]

    /// - Returns: `unanswered` for a reference of another batch.
    public subscript(_ reference: BatchReference) -> BatchItemResult {
        items.indices.contains(reference.index) ? items[reference.index] : .unanswered
    }

    /// Whether all was done.
    public var isComplete: Bool {
        items.allSatisfy {
            guard case .response = $0 else { return false }
            return true
        }
    }
}

extension BatchResponse {
    /// Gives each answer to its request: by the ID that it names, else by its order.
    ///
    /// A service may answer the requests of a change set in any order, and then names them. A change set that failed has one
    /// answer. Answers that are missing at the end are `notExecuted` after a failure if the service was not asked to go on.
    ///
    /// - Parameter request: the batch that was sent.
    /// - Throws: `.malformed(.batch)` if there are answers that belong to no request, or two that belong to one: then nothing
    ///   is known about any of them.
    public func results(for request: BatchRequest) throws(ODataError) -> BatchResults {
        var matcher = BatchMatcher(request.identified())
        switch format {
        case .multipart: try matcher.match(parts)
        case .json: try matcher.matchByID(parts)
        }
        return BatchResults(items: matcher.finished())
    }
}
