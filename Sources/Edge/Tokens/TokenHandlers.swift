internal import Domain
internal import HTTPTypes
internal import Identity
internal import Sodium
internal import StrictJSON

enum TokenHandlers {
    static let routes: [ControlPlaneRoute] = [
        .open(.post, "/oauth2/token", access: .client, token),
        .open(.get, "/.well-known/jwks.json", jwks),
        .open(.get, "/.well-known/oauth-authorization-server", metadata),
    ]

    @Sendable private static func token(
        _ services: ControlPlaneServices, _ call: Call
    ) async throws(Problem) -> Answer {
        let form: SecretBytes
        do throws(Problem) {
            form = try await call.body.form()
        } catch {
            return TokenError(error).answer()
        }
        let authorization = call.headers[.authorization].map { SecretBytes(utf8: $0) }
        return await services.tokenEndpoint.respond(
            form: form, authorization: authorization, requestID: call.requestID)
    }

    /// May be kept for five minutes; the tag is a hash of the keys.
    @Sendable private static func jwks(
        _ services: ControlPlaneServices, _ call: Call
    ) async throws(Problem) -> Answer {
        let keys = services.signingKeys.jwks()
        let tag = "\"\(Base64URL.encode(SHA256.hash(keys)))\""
        let isUnchanged = EntityTag.matches(tag, ifNoneMatch: call.headers[.ifNoneMatch])
        var answer = isUnchanged ? Answer(.notModified) : Answer(.ok, contentType: .jwks, body: keys)
        answer.headers[.eTag] = tag
        answer.headers[.cacheControl] = "public, max-age=300"
        return answer
    }

    @Sendable private static func metadata(
        _ services: ControlPlaneServices, _ call: Call
    ) async throws(Problem) -> Answer {
        var answer = Answer(.ok, contentType: .json, body: AuthorizationServerMetadata.json(issuer: services.issuer))
        answer.headers[.cacheControl] = "public, max-age=300"
        return answer
    }
}
