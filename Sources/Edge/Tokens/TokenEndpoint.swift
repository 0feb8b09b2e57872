internal import Domain
internal import HTTPTypes
package import Identity
package import Sodium
internal import StrictJSON

/// The token endpoint (RFC 6749 §3.2, §4.4) apart from HTTP: what both listeners answer to `POST /oauth2/token`.
package struct TokenEndpoint: Sendable {
    private let authenticator: APIKeyAuthenticator
    private let tokens: CallerTokenGranting

    package init(authenticator: APIKeyAuthenticator, tokens: CallerTokenGranting) {
        self.authenticator = authenticator
        self.tokens = tokens
    }

    /// Authenticates the client and issues what its form asks for, or says why not (RFC 6749 §5.1, §5.2).
    ///
    /// - Parameters:
    ///   - form: the body, of the type `application/x-www-form-urlencoded`.
    ///   - authorization: the value of the header of that name.
    package func answer(
        form: SecretBytes, authorization: SecretBytes?, requestID: String
    ) async -> TokenEndpointAnswer {
        TokenEndpointAnswer(await respond(form: form, authorization: authorization, requestID: requestID))
    }

    /// As ``answer(form:authorization:requestID:)``, in the form of this listener.
    func respond(form: SecretBytes, authorization: SecretBytes?, requestID: String) async -> Answer {
        do throws(TokenError) {
            return Self.answer(try await issue(Self.read(form), authorization, requestID))
        } catch {
            return error.answer()
        }
    }

    private static func read(_ form: SecretBytes) throws(TokenError) -> FormParameters {
        do throws(FormParameters.Failure) {
            return try FormParameters(form)
        } catch {
            switch error {
            case .malformed: throw TokenError(Problem.invalid("", .malformed))
            case .duplicate: throw TokenError(Problem.invalid("", .duplicateMember))
            case .tooMany: throw TokenError(Problem.invalid("", .tooMany))
            }
        }
    }

    private func issue(
        _ form: FormParameters, _ authorization: SecretBytes?, _ requestID: String
    ) async throws(TokenError) -> IssuedToken {
        let client = try ClientCredentials(authorization: authorization, form)
        let caller: Principal
        do throws(AuthenticationError) {
            caller = try await authenticator.authenticate(client.key, claimedID: client.keyID)
        } catch {
            throw TokenError(error)
        }
        let request = try CallerTokenRequest(form, ownTenant: caller.tenantID)
        do throws(CallerTokenGranting.Failure) {
            return try await tokens.grant(request, to: caller, requestID: requestID)
        } catch {
            throw TokenError(error)
        }
    }

    private static func answer(_ token: IssuedToken) -> Answer {
        var writer = JSONWriter(reservingCapacity: token.text.count + 128)
        writer.beginObject()
        writer.key("access_token")
        writer.revealed(token.text, for: .tokenResponse)
        writer.member("token_type", "Bearer")
        writer.key("expires_in")
        writer.int(token.expiresIn.components.seconds)
        writer.member("scope", token.scope.names.joined(separator: " "))
        writer.endObject()
        var answer = Answer(.ok, contentType: .json, body: writer.bytes)
        answer.headers[.cacheControl] = "no-store"
        return answer
    }
}

/// An answer of the token endpoint for a listener that is not this target's.
package struct TokenEndpointAnswer: Sendable {
    package let status: Int
    /// All but those of the connection, names in lower case; `content-type` and `cache-control` are among them.
    package let headers: [(name: String, value: String)]
    package let body: [UInt8]

    init(_ answer: Answer) {
        status = answer.status.code
        let type = answer.contentType.map { [(name: "content-type", value: $0.rawValue)] } ?? []
        headers = type + answer.headers.map { (name: $0.name.canonicalName, value: $0.value) }
        body = answer.body
    }
}
