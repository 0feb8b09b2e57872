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
        do throws(TokenError) {
            return try await issue(services, call)
        } catch {
            return error.answer()
        }
    }

    private static func issue(_ services: ControlPlaneServices, _ call: Call) async throws(TokenError) -> Answer {
        let form: FormParameters
        do throws(Problem) {
            form = try await call.body.form()
        } catch {
            throw TokenError(error)
        }
        let client = try ClientCredentials(authorization: call.headers[.authorization], form)
        let caller: Principal
        do throws(AuthenticationError) {
            caller = try await services.authenticator.authenticate(client.key, claimedID: client.keyID)
        } catch {
            throw TokenError(error)
        }
        let request = try CallerTokenRequest(form, ownTenant: caller.tenantID)
        do throws(CallerTokenGranting.Failure) {
            return answer(try await services.tokens.grant(request, to: caller, requestID: call.requestID))
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
