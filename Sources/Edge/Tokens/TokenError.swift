package import HTTPTypes
internal import Identity
internal import StrictJSON

/// An error of the token endpoint (RFC 6749 §5.2, RFC 9396 §5).
package struct TokenError: Error, Hashable, Sendable {
    package enum Code: String, Sendable, CaseIterable {
        case invalidRequest = "invalid_request"
        case invalidClient = "invalid_client"
        case unauthorizedClient = "unauthorized_client"
        case unsupportedGrantType = "unsupported_grant_type"
        case invalidScope = "invalid_scope"
        case invalidAuthorizationDetails = "invalid_authorization_details"
        case serverError = "server_error"
        case temporarilyUnavailable = "temporarily_unavailable"

        package var status: HTTPResponse.Status {
            switch self {
            case .invalidClient: .unauthorized
            case .invalidRequest, .unauthorizedClient, .unsupportedGrantType, .invalidScope,
                .invalidAuthorizationDetails:
                .badRequest
            case .serverError: .internalServerError
            case .temporarilyUnavailable: .serviceUnavailable
            }
        }

        var description: String {
            switch self {
            case .invalidRequest: "The request is not valid."
            case .invalidClient: "The API key is not valid."
            case .unauthorizedClient: "The caller may not have a token issued."
            case .unsupportedGrantType: "The grant type is not supported."
            case .invalidScope: "The scope is unknown or exceeds the key."
            case .invalidAuthorizationDetails: "The authorization details are not valid."
            case .serverError: "Something went wrong here."
            case .temporarilyUnavailable: "The service is not available now."
            }
        }
    }

    let code: Code
    let description: String
    /// Where the request can't be read as one at all (size, time, type), its own status.
    var problem: ProblemCode?

    init(_ code: Code, _ description: String? = nil) {
        self.code = code
        self.description = description ?? code.description
    }

    init(_ error: AuthenticationError) {
        switch error {
        case .refused: self.init(.invalidClient)
        case .storeUnavailable: self.init(.temporarilyUnavailable)
        }
    }

    init(_ failure: CallerTokenGranting.Failure) {
        switch failure {
        case .storeUnavailable: self.init(.temporarilyUnavailable)
        case .refused(.notAnAPIKey): self.init(.unauthorizedClient)
        case .refused(.tenantNotFound): self.init(.invalidRequest, "There is no such tenant.")
        case .refused(.invalidScope): self.init(.invalidScope)
        case .refused(.invalidRestriction): self.init(.invalidAuthorizationDetails)
        case .refused(.invalidLifetime): self.init(.invalidRequest, "lifetime is out of 30 to 900 seconds.")
        case .refused(.signingKeyUnavailable): self.init(.temporarilyUnavailable)
        }
    }

    /// A body that could not be read: 413, 415, 408 and 400 stay what they are, in this endpoint's form.
    init(_ problem: Problem) {
        self.init(.invalidRequest, problem.code.title + ".")
        self.problem = problem.code
    }

    func answer() -> Answer {
        var answer = Answer.json(
            ["error": .string(code.rawValue), "error_description": .string(description)],
            status: problem?.status ?? code.status)
        answer.headers[.cacheControl] = "no-store"
        answer.problemCode = problem?.rawValue ?? code.rawValue
        answer.closesConnection = problem.map { Problem(code: $0).closesConnection } ?? false
        switch code {
        case .invalidClient: answer.headers[.wwwAuthenticate] = "Basic realm=\"sallyport\", charset=\"UTF-8\""
        case .temporarilyUnavailable: answer.headers[.retryAfter] = "1"
        case .invalidRequest, .unauthorizedClient, .unsupportedGrantType, .invalidScope,
            .invalidAuthorizationDetails, .serverError:
            break
        }
        return answer
    }
}
