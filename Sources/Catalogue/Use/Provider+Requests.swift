package import Domain
internal import Grants
package import Sodium

extension Provider {
    /// The request for an access token.
    ///
    /// - Parameters:
    ///   - refreshToken: the one to trade in; only, and always, where ``grantInput`` says so.
    ///   - fields: ``Connection/fields``.
    ///   - secrets: the connection's secrets; the caller puts the integration's client secret under ``clientSecretField``
    ///     where the connection has none of its own and ``allowsSharedClientSecret(_:)`` holds.
    ///   - poolKey: names tenant and connection.
    /// - Throws: `.missingToken` where the provider has no token endpoint, or takes another grant.
    package func tokenRequest(
        refreshToken: SecretBytes? = nil, fields: [String: String], secrets: [String: SecretBytes],
        settings: IntegrationSettings, poolKey: String, timeout: Duration = .seconds(10)
    ) throws(InjectionError) -> OutboundRequest {
        guard let client = authentication.oauth2Client else { throw .missingToken }
        let fields = completed(fields, settings: settings)
        let url = try tokenURL(fields, settings)
        let clientID = try expandPlain(client.clientID, fields)
        let clientSecret = try expandSecret(client.clientSecret, fields, secrets)
        let scopes = requestedScopes(settings)
        let extra = try parameters(client, fields)
        switch (grantInput, refreshToken) {
        case (.clientCredentials, nil):
            return ClientCredentialsGrant.request(
                tokenURL: url, clientID: clientID, clientSecret: clientSecret,
                authentication: client.clientAuthentication, scopes: scopes, extra: extra,
                destination: settings.destination, poolKey: poolKey,
                trustedCertificates: settings.trustedCertificates, timeout: timeout)
        case (.refreshToken, let refreshToken?):
            return RefreshTokenGrant.request(
                tokenURL: url, clientID: clientID, clientSecret: clientSecret,
                authentication: client.clientAuthentication, refreshToken: refreshToken, scopes: scopes, extra: extra,
                destination: settings.destination, poolKey: poolKey,
                trustedCertificates: settings.trustedCertificates, timeout: timeout)
        case (.none, _), (.clientCredentials, _?), (.refreshToken, nil):
            throw .missingToken
        }
    }

    /// The scopes that a token request names: the integration's, else the entry's; empty for the server's default.
    package func requestedScopes(_ settings: IntegrationSettings) -> [String] {
        settings.scopes.isEmpty ? authentication.oauth2Client?.scopes ?? [] : settings.scopes
    }

    /// The token endpoint of a connection; nil where the provider has none, or its URL no longer makes one.
    ///
    /// - Parameter fields: ``Connection/fields``.
    package func tokenEndpoint(fields: [String: String], settings: IntegrationSettings) -> TokenEndpointKey? {
        guard needsAccessToken else { return nil }
        // A URL that can't be made is reported by the request that needs it.
        guard let url = try? tokenURL(completed(fields, settings: settings), settings) else { return nil }
        return TokenEndpointKey(url)
    }

    private func tokenURL(
        _ fields: [String: String], _ settings: IntegrationSettings
    ) throws(InjectionError) -> URLParts {
        guard let template = effectiveTokenURL(settings) else { throw .missingToken }
        guard let url = try expandedURL(template, fields) else { throw .unusableValue("token_url") }
        return url
    }

    /// One whose optional field was not given is left out.
    private func parameters(
        _ client: Authentication.OAuth2Client, _ fields: [String: String]
    ) throws(InjectionError) -> [(name: String, value: String)] {
        var parameters: [(name: String, value: String)] = []
        for parameter in client.parameters where parameter.value.placeholders.allSatisfy({ fields[$0] != nil }) {
            parameters.append((parameter.name, try expandPlain(parameter.value, fields)))
        }
        return parameters
    }

    /// The call that proves an account. Read its status with ``Verification/outcome(of:)``.
    ///
    /// - Parameter origin: ``Connection/origin``, so that the call goes where the proxy will go and nowhere else.
    package func verificationRequest(
        origin: Origin, fields: [String: String], secrets: [String: SecretBytes], accessToken: SecretBytes? = nil,
        settings: IntegrationSettings, poolKey: String, timeout: Duration = .seconds(10)
    ) throws(InjectionError) -> OutboundRequest {
        let fields = completed(fields, settings: settings)
        let injection = try injection(fields: fields, secrets: secrets, accessToken: accessToken)
        guard let url = verificationURL(fields, origin: origin) else { throw .unusableValue("verification_path") }
        var headers: [(name: String, value: OutboundRequest.HeaderValue)] = []
        for header in defaultHeaders
        where !injection.headers.contains(where: { $0.name == header.name })
            && header.value.placeholders.allSatisfy({ fields[$0] != nil })
        {
            headers.append((header.name, .plain(try expandPlain(header.value, fields))))
        }
        headers += injection.headers.map { ($0.name, .secret($0.value)) }
        return OutboundRequest(
            method: verification.method, url: try adding(injection.query, to: url), headers: headers,
            destination: settings.destination, poolKey: poolKey, trustedCertificates: settings.trustedCertificates,
            timeout: timeout, maxBodyBytes: 1 << 20)
    }

    /// Nil for a path that leaves the origin or isn't one.
    func verificationURL(_ fields: [String: String], origin: Origin) -> URLParts? {
        // A path whose field is missing or unusable is no path.
        guard let target = try? verification.target.expandURL(fields), target.hasPrefix("/"), !target.hasPrefix("//"),
            let url = URLParts(origin.description + target)
        else { return nil }
        let staysHome = url.scheme == origin.scheme && url.host == origin.host && url.port == origin.port
        return staysHome ? url : nil
    }

    private func expandedURL(
        _ template: Template, _ fields: [String: String]
    ) throws(InjectionError) -> URLParts? {
        do {
            return URLParts(try template.expandURL(fields))
        } catch {
            throw InjectionError(error)
        }
    }

    /// A credential in the query becomes part of the URL's text here: the last step before the wire.
    private func adding(
        _ query: [(name: String, value: SecretBytes)], to url: URLParts
    ) throws(InjectionError) -> URLParts {
        guard !query.isEmpty else { return url }
        var text = url.query.map { $0 + "&" } ?? ""
        for (index, parameter) in query.enumerated() {
            guard let value = parameter.value.revealUTF8(for: .verification) else {
                throw .unusableValue(parameter.name)
            }
            text += (index == 0 ? "" : "&") + parameter.name + "=" + value
        }
        let origin = Origin(scheme: url.scheme, host: url.host, port: url.port, basePath: "")
        guard let complete = URLParts(origin.description + url.path + "?" + text) else {
            throw .unusableValue("verification_path")
        }
        return complete
    }
}
