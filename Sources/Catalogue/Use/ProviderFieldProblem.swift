/// One thing wrong with the fields of a connection, or with the settings of an integration; never holds the value.
package struct ProviderFieldProblem: Hashable, Sendable {
    package enum Reason: String, Hashable, Sendable, CaseIterable {
        case missing
        /// The provider has no such field.
        case unknown
        case tooLong = "too_long"
        /// Control characters, or text outside the allowed form.
        case malformed
        case patternMismatch = "pattern_mismatch"
        /// A secret field was given among the plain ones.
        case secretExpected = "secret_expected"
        /// A plain field was given among the secrets.
        case plainExpected = "plain_expected"
        /// Plain HTTP where the integration doesn't allow it.
        case plainHTTPRefused = "plain_http_refused"
        /// No absolute URL without user information, query and dot segments, or a header name that callers don't own.
        case urlRefused = "url_refused"
        /// The provider has no use for it.
        case notApplicable = "not_applicable"
    }

    /// A field's name; or a setting's (`base_url`, `token_url`, `scopes`, `client_id`, `trusted_certificates`).
    package let field: String
    package let reason: Reason

    package init(field: String, reason: Reason) {
        self.field = field
        self.reason = reason
    }
}

/// Every problem found, in the order of the provider's fields.
package struct ProviderFieldProblems: Error, Hashable, Sendable {
    package let problems: [ProviderFieldProblem]
}
