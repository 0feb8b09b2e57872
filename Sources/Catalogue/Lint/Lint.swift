internal import Domain

/// What makes an entry dangerous, or useless, whoever wrote it.
struct Lint {
    let provider: Provider
    private var findings: [LintFinding] = []

    init(_ provider: Provider) { self.provider = provider }

    static func findings(_ provider: Provider) -> [LintFinding] {
        var lint = Lint(provider)
        lint.checkFields()
        lint.checkURLs()
        lint.checkAuthentication()
        lint.checkHeaders()
        lint.checkVerification()
        return lint.findings
    }

    private mutating func add(_ subject: String, _ reason: LintFinding.Reason) {
        let finding = LintFinding(subject: subject, reason: reason)
        if !findings.contains(finding) { findings.append(finding) }
    }

    private mutating func checkFields() {
        var seen: Set<String> = []
        for field in provider.fields {
            let subject = "fields.\(field.name)"
            if !seen.insert(field.name).inserted { add(subject, .duplicateField) }
            if !field.isSecret, SecretWords.suggestSecret(field.name) { add(subject, .secretNotMarked) }
            if field.isSecret, field.defaultValue != nil { add(subject, .secretWithDefault) }
            for value in [field.example, field.defaultValue].compactMap(\.self) where !field.isSecret {
                if field.problem(withValue: value) != nil { add(subject, .exampleRefused) }
            }
        }
    }

    private mutating func checkURLs() {
        check(provider.baseURL, "base_url", isBase: true)
        if let tokenURL = provider.tokenURL { check(tokenURL, "token_url", isBase: false) }
        if provider.needsAccessToken, provider.tokenURL == nil { add("token_url", .tokenURLMissing) }
        if !provider.needsAccessToken, provider.tokenURL != nil { add("token_url", .tokenURLUnused) }
    }

    private mutating func check(_ template: Template, _ key: String, isBase: Bool) {
        let rules = URLTemplateRules(template: template, fields: provider.fields, isBase: isBase)
        for (field, reason) in rules.findings() {
            let isOfTheField = field != nil && reason != .unknownPlaceholder
            add(isOfTheField ? "fields.\(field ?? key)" : key, reason)
        }
    }

    private mutating func checkAuthentication() {
        switch provider.authentication {
        case .basic(let username, let password):
            checkPlaceholders(username, "authentication.username", allowsSecrets: true)
            checkPlaceholders(password, "authentication.password", allowsSecrets: true)
            // A key may stand as the user name, before a constant password; a plain field never as the password.
            let credential = password.placeholders.isEmpty ? username : password
            requireSecret(credential, credential == username ? "authentication.username" : "authentication.password")
        case .header(let name, let value):
            checkPlaceholders(name, "authentication.name", allowsSecrets: false)
            checkCredential(value, "authentication.value")
            if let constant = name.constant, !HeaderName.isInjectable(constant) {
                add("authentication.name", .headerName)
            }
        case .query(_, let value):
            checkCredential(value, "authentication.value")
            add("authentication", .credentialInQuery)
        case .oauth2ClientCredentials(let client):
            check(client)
        case .oauth2RefreshToken(let client, let field):
            check(client)
            checkRefreshToken(field, client)
        }
    }

    private mutating func check(_ client: Authentication.OAuth2Client) {
        checkPlaceholders(client.clientID, "authentication.client_id", allowsSecrets: false)
        checkCredential(client.clientSecret, "authentication.client_secret")
        for parameter in client.parameters {
            checkPlaceholders(parameter.value, "authentication.parameters", allowsSecrets: false)
        }
    }

    /// The first refresh token is good for one request: what else would use it later would send a token that is spent, and some
    /// servers take that for theft.
    private mutating func checkRefreshToken(_ name: String, _ client: Authentication.OAuth2Client) {
        guard let field = provider.field(name) else { return add("authentication.refresh_token", .unknownPlaceholder) }
        if !field.isSecret { add("fields.\(name)", .secretNotMarked) }
        if !field.isRequired { add("fields.\(name)", .refreshTokenOptional) }
        if client.clientSecret.placeholders.contains(name) { add("authentication.client_secret", .refreshTokenReused) }
    }

    private mutating func checkHeaders() {
        for (key, headers) in [("headers", provider.headers), ("default_headers", provider.defaultHeaders)] {
            for header in headers {
                if !HeaderName.isInjectable(header.name) { add("\(key).\(header.name)", .headerName) }
                checkPlaceholders(header.value, "\(key).\(header.name)", allowsSecrets: false)
            }
        }
        if let csrf = provider.csrf, !HeaderName.isInjectable(csrf.header) { add("csrf", .headerName) }
        // Sent twice, and which of the two counts would be the upstream's choice.
        for header in provider.headers where header.name == credentialHeader {
            add("headers.\(header.name)", .headerName)
        }
    }

    /// The header that holds the credential; nil in the query, or where a field names it.
    private var credentialHeader: String? {
        switch provider.authentication {
        case .basic, .oauth2ClientCredentials, .oauth2RefreshToken: "authorization"
        case .header(let name, _): name.constant?.lowercased()
        case .query: nil
        }
    }

    private mutating func checkVerification() {
        let verification = provider.verification
        if verification.expectedStatuses.isEmpty { add("verification", .verificationMissing) }
        checkPlaceholders(verification.target, "verification.path", allowsSecrets: false)
        for (name, position) in verification.target.urlPlaceholders {
            guard let field = provider.field(name) else { continue }
            if !field.isRequired, field.defaultValue == nil { add("fields.\(name)", .optionalFieldInURL) }
            if position == .whole, field.pattern?.isAnchored != true { add("fields.\(name)", .patternNotAnchored) }
        }
    }

    /// What stands where a credential belongs holds a secret field, whatever that is called.
    private mutating func checkCredential(_ template: Template, _ subject: String) {
        checkPlaceholders(template, subject, allowsSecrets: true)
        requireSecret(template, subject)
    }

    private mutating func requireSecret(_ template: Template, _ subject: String) {
        let fields = template.placeholders.map { provider.field($0) }
        // An unknown field was reported already.
        guard fields.allSatisfy({ $0 != nil }), !fields.contains(where: { $0?.isSecret == true }) else { return }
        add(template.placeholders.last.map { "fields.\($0)" } ?? subject, .secretNotMarked)
    }

    private mutating func checkPlaceholders(_ template: Template, _ subject: String, allowsSecrets: Bool) {
        for name in template.placeholders {
            guard let field = provider.field(name) else {
                add(subject, .unknownPlaceholder)
                continue
            }
            if field.isSecret, !allowsSecrets { add(subject, .secretOutsideAuthentication) }
        }
    }
}

/// Names of fields that say that they hold a secret.
enum SecretWords {
    private static let anywhere: Set<Substring> = [
        "password", "passwd", "passphrase", "pwd", "secret", "assertion", "credential", "credentials",
    ]
    /// `api_key` and `access_token` hold one; `key_id` and `token_url` don't.
    private static let atTheEnd: Set<Substring> = ["key", "token", "apikey", "pin"]

    static func suggestSecret(_ name: String) -> Bool {
        let words = name.split(separator: "_")
        return words.contains(where: anywhere.contains) || words.last.map(atTheEnd.contains) ?? false
    }
}
