package import Domain

extension Provider {
    /// What is wrong with an integration's settings for this provider; empty where all is well.
    ///
    /// An override of base or token URL is a template with the entry's own fields, under the lint's rules for a host that
    /// a tenant enters.
    package func problems(in settings: IntegrationSettings) -> [ProviderFieldProblem] {
        var problems: [ProviderFieldProblem] = []
        if let text = settings.baseURL, !isUsableOverride(text, settings, isBase: true) {
            problems.append(.init(field: "base_url", reason: reason(for: text, settings)))
        }
        if let text = settings.tokenURL {
            if tokenURL == nil {
                problems.append(.init(field: "token_url", reason: .notApplicable))
            } else if !isUsableOverride(text, settings, isBase: false) {
                problems.append(.init(field: "token_url", reason: reason(for: text, settings)))
            }
        }
        if let reason = clientIDProblem(settings.clientID) {
            problems.append(.init(field: "client_id", reason: reason))
        }
        if !settings.scopes.isEmpty {
            if !needsAccessToken {
                problems.append(.init(field: "scopes", reason: .notApplicable))
            } else if settings.scopes.count > 64 || !settings.scopes.allSatisfy(ScopeToken.isValid) {
                problems.append(.init(field: "scopes", reason: .malformed))
            }
        }
        if let pem = settings.trustedCertificates {
            if pem.utf8.count > 64 * 1_024 {
                problems.append(.init(field: "trusted_certificates", reason: .tooLong))
            } else if !pem.contains("-----BEGIN CERTIFICATE-----") || pem.contains("PRIVATE KEY") {
                problems.append(.init(field: "trusted_certificates", reason: .malformed))
            }
        }
        return problems
    }

    /// Whether the integration's own client secret may stand in: only where no tenant decides the host of the token URL,
    /// which is sent the secret, or of the base URL, which is sent the token. That token is the environment's, not the
    /// tenant's: whoever could have it sent to himself could read what belongs to others.
    package func allowsSharedClientSecret(_ settings: IntegrationSettings) -> Bool {
        guard let tokenURL = effectiveTokenURL(settings), clientSecretField != nil else { return false }
        return tokenURL.hasFixedHost && effectiveBaseURL(settings).hasFixedHost
    }

    /// The field that the integration's client secret stands in for.
    package var clientSecretField: String? {
        authentication.oauth2Client?.clientSecret.leadingPlaceholder
    }

    /// The field that the integration's client id stands in for.
    package var clientIDField: String? {
        authentication.oauth2Client?.clientID.leadingPlaceholder
    }

    func takesSharedClientSecret(_ name: String, _ settings: IntegrationSettings) -> Bool {
        name == clientSecretField && allowsSharedClientSecret(settings)
    }

    /// The override where it is one, else the entry's own. Settings were checked when they were stored.
    func effectiveBaseURL(_ settings: IntegrationSettings) -> Template {
        settings.baseURL.flatMap(Template.init) ?? baseURL
    }

    func effectiveTokenURL(_ settings: IntegrationSettings) -> Template? {
        guard let tokenURL else { return nil }
        return settings.tokenURL.flatMap(Template.init) ?? tokenURL
    }

    private func clientIDProblem(_ clientID: String?) -> ProviderFieldProblem.Reason? {
        guard let clientID else { return nil }
        guard let name = clientIDField, let field = field(name) else { return .notApplicable }
        return clientID.isEmpty ? .missing : field.problem(withValue: clientID)
    }

    private func reason(for text: String, _ settings: IntegrationSettings) -> ProviderFieldProblem.Reason {
        text.lowercased().hasPrefix("http://") && !settings.allowsPlainHTTP ? .plainHTTPRefused : .urlRefused
    }

    private func isUsableOverride(_ text: String, _ settings: IntegrationSettings, isBase: Bool) -> Bool {
        guard text.utf8.count <= 2_048, let template = Template(text) else { return false }
        let rules = URLTemplateRules(
            template: template, fields: fields, allowsPlainHTTP: settings.allowsPlainHTTP, isBase: isBase)
        return rules.findings().isEmpty
    }
}

/// A scope of RFC 6749 §3.3: visible ASCII without `"` and `\`.
enum ScopeToken {
    static func isValid(_ scope: String) -> Bool {
        !scope.isEmpty && scope.utf8.count <= 256
            && scope.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
    }
}
