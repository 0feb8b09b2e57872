internal import Domain
internal import StrictJSON

/// What `/.well-known/oauth-authorization-server` says (RFC 8414 §2).
package enum AuthorizationServerMetadata {
    /// - Parameter issuer: exact `iss` of the caller tokens, an https URL without query, fragment and trailing slash.
    package static func json(issuer: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("issuer", issuer)
        writer.member("token_endpoint", issuer + "/oauth2/token")
        writer.member("jwks_uri", issuer + "/.well-known/jwks.json")
        writer.member("grant_types_supported", ["client_credentials"])
        writer.member("token_endpoint_auth_methods_supported", ["client_secret_basic", "client_secret_post"])
        // Required by the RFC; there is no authorization endpoint, so none.
        writer.member("response_types_supported", .array([]))
        writer.member("scopes_supported", .array(CallerTokenFormat.grantable.names.map { .string($0) }))
        writer.member(
            "authorization_details_types_supported", [.string(CallerTokenFormat.authorizationDetailsType)])
        writer.member("access_token_signing_alg_values_supported", [.string(CallerTokenFormat.algorithm)])
        writer.member("service_documentation", issuer + "/openapi.yaml")
        writer.endObject()
        return writer.bytes
    }
}
