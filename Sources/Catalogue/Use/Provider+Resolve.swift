package import Domain
package import Sodium

extension Provider {
    /// Checks what was entered for a connection and fixes where it goes.
    ///
    /// - Parameters:
    ///   - fields: plain values by field name.
    ///   - secrets: secret values by field name; only looked at for length and control characters.
    ///   - settings: the integration's; its base and token URL replace the entry's templates, under the same rules. A
    ///     field that has no place left need not be given.
    ///   - integrationHasClientSecret: whether the integration holds the client secret for all tenants. It stands in only
    ///     where ``allowsSharedClientSecret(_:)``, so that nobody can have it, or its token, sent to himself.
    /// - Throws: every problem found.
    package func resolve(
        fields given: [String: String], secrets: [String: SecretBytes], settings: IntegrationSettings,
        integrationHasClientSecret: Bool = false
    ) throws(ProviderFieldProblems) -> ResolvedConnection {
        let fields = completed(given, settings: settings)
        let unused = replacedFields(settings)
        var problems = unknownFields(given, secrets)
        for field in self.fields {
            let standsIn =
                unused.contains(field.name)
                || integrationHasClientSecret && takesSharedClientSecret(field.name, settings)
            if let reason = problem(with: field, fields, secrets, standsIn: standsIn) {
                problems.append(ProviderFieldProblem(field: field.name, reason: reason))
            }
        }
        guard problems.isEmpty else { throw ProviderFieldProblems(problems: problems) }
        return try resolveURLs(fields, settings, stored: withDefaults(given))
    }

    /// The values in force: what was given, the integration's client id, the entry's defaults. An empty value counts as
    /// none.
    package func completed(_ given: [String: String], settings: IntegrationSettings) -> [String: String] {
        var fields = withDefaults(given)
        if let clientID = settings.clientID, let name = clientIDField, fields[name] == nil { fields[name] = clientID }
        return fields
    }

    private func withDefaults(_ given: [String: String]) -> [String: String] {
        var fields = given.filter { !$0.value.isEmpty }
        for field in self.fields where fields[field.name] == nil { fields[field.name] = field.defaultValue }
        return fields
    }

    private func unknownFields(
        _ given: [String: String], _ secrets: [String: SecretBytes]
    ) -> [ProviderFieldProblem] {
        (Array(given.keys) + secrets.keys).filter { field($0) == nil }.sorted()
            .map { ProviderFieldProblem(field: $0, reason: .unknown) }
    }

    /// The fields of the entry's URLs that stand nowhere else, where the integration's own URLs took their place.
    private func replacedFields(_ settings: IntegrationSettings) -> Set<String> {
        let replaced = [baseURL, tokenURL].compactMap(\.self)
        let inForce =
            [effectiveBaseURL(settings), effectiveTokenURL(settings), verification.target].compactMap(\.self)
            + authentication.templates + (headers + defaultHeaders).map(\.value)
        return Set(replaced.flatMap(\.placeholders)).subtracting(inForce.flatMap(\.placeholders))
    }

    /// - Parameter standsIn: something else takes the field's place, so that it may be left out.
    private func problem(
        with field: ProviderField, _ fields: [String: String], _ secrets: [String: SecretBytes], standsIn: Bool
    ) -> ProviderFieldProblem.Reason? {
        if field.isSecret {
            if fields[field.name] != nil { return .secretExpected }
            guard let secret = secrets[field.name], secret.count > 0 else {
                return field.isRequired && !standsIn ? .missing : nil
            }
            return field.problem(withSecret: secret)
        }
        if secrets[field.name] != nil { return .plainExpected }
        guard let value = fields[field.name] else { return field.isRequired && !standsIn ? .missing : nil }
        return field.problem(withValue: value)
    }

    private func resolveURLs(
        _ fields: [String: String], _ settings: IntegrationSettings, stored: [String: String]
    ) throws(ProviderFieldProblems) -> ResolvedConnection {
        var problems: [ProviderFieldProblem] = []
        let base = effectiveBaseURL(settings)
        let origin = expanded(base, fields).flatMap(Origin.init)
        if let origin {
            if origin.scheme == .http, !settings.allowsPlainHTTP {
                problems.append(.init(field: culprit(base, "base_url"), reason: .plainHTTPRefused))
            }
        } else {
            problems.append(.init(field: culprit(base, "base_url"), reason: .urlRefused))
        }
        var tokenURL: URLParts?
        if let template = effectiveTokenURL(settings) {
            tokenURL = expanded(template, fields).flatMap { URLParts($0) }
            if tokenURL == nil {
                problems.append(.init(field: culprit(template, "token_url"), reason: .urlRefused))
            } else if tokenURL?.scheme == .http, !settings.allowsPlainHTTP {
                problems.append(.init(field: culprit(template, "token_url"), reason: .plainHTTPRefused))
            }
        }
        if let origin, verificationURL(fields, origin: origin) == nil {
            problems.append(.init(field: culprit(verification.target, "verification_path"), reason: .urlRefused))
        }
        if let name = injectedHeaderName(fields), !HeaderName.isInjectable(name) {
            problems.append(.init(field: headerNameField ?? "header_name", reason: .malformed))
        }
        guard problems.isEmpty, let origin else { throw ProviderFieldProblems(problems: problems) }
        return ResolvedConnection(origin: origin, tokenURL: tokenURL, fields: stored)
    }

    /// Nil where a template gives no text: each of its fields was checked before, so that only an optional field that is
    /// used in a URL can be missing.
    private func expanded(_ template: Template, _ fields: [String: String]) -> String? {
        try? template.expandURL(fields)
    }

    /// The field to name for a URL that is refused: the one that decides the host.
    private func culprit(_ template: Template, _ fallback: String) -> String {
        let placeholders = template.urlPlaceholders
        return placeholders.first { $0.position == .whole || $0.position == .authority }?.name
            ?? placeholders.first?.name ?? fallback
    }
}

extension ProviderField {
    func problem(withValue value: String) -> ProviderFieldProblem.Reason? {
        if value.utf8.count > maxLength { return .tooLong }
        if value.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) { return .malformed }
        if let pattern, !pattern.matches(value) { return .patternMismatch }
        return nil
    }

    /// A pattern would need the secret as text, so only length and control characters count.
    func problem(withSecret secret: SecretBytes) -> ProviderFieldProblem.Reason? {
        if secret.count > maxLength { return .tooLong }
        let isClean = secret.withBytes { bytes in
            bytes.byteOffsets.allSatisfy { bytes[$0] >= 0x20 && bytes[$0] != 0x7F }
        }
        return isClean ? nil : .malformed
    }
}
