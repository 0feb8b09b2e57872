internal import HTTPTypes

extension BatchItemResponse {
    /// The refusal, as it would be read from an answer of its own.
    var serviceError: ServiceError { ServiceError(status: status, headers: headers, body: body) }
}
