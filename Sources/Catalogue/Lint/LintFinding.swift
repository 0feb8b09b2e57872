/// One thing wrong with a catalogue entry.
package struct LintFinding: Error, Hashable, Sendable {
    package enum Severity: Hashable, Sendable {
        /// The entry isn't loaded.
        case error
        case warning
    }

    package enum Reason: String, Hashable, Sendable, CaseIterable {
        // The file.
        case unreadable
        case tooLarge = "too_large"
        case notYAML = "not_yaml"
        /// An entry of the directory, or of the binary, has the same name as another one beside it.
        case duplicateName = "duplicate_name"
        // Its form.
        case unknownKey = "unknown_key"
        case duplicateKey = "duplicate_key"
        case missingKey = "missing_key"
        case wrongType = "wrong_type"
        case invalidValue = "invalid_value"
        // Fields.
        case duplicateField = "duplicate_field"
        /// The name says password, secret, key, token or assertion, or the value stands where a credential belongs, and
        /// `secret` isn't true.
        case secretNotMarked = "secret_not_marked"
        case secretWithDefault = "secret_with_default"
        /// Example or default doesn't match the field's own pattern or length.
        case exampleRefused = "example_refused"
        // Templates.
        case unknownPlaceholder = "unknown_placeholder"
        /// A secret field outside the authentication.
        case secretOutsideAuthentication = "secret_outside_authentication"
        /// A URL needs each of its fields: required, or with a default.
        case optionalFieldInURL = "optional_field_in_url"
        /// A host, or a whole URL, that its owner enters, without a pattern.
        case freeHost = "free_host"
        case patternNotAnchored = "pattern_not_anchored"
        /// The pattern takes `/ @ \ ? #`, white space or another character that ends a host or adds to it.
        case patternAdmitsDelimiters = "pattern_admits_delimiters"
        /// A pattern of a host can only be tried with an example.
        case exampleMissing = "example_missing"
        /// Neither `https://` nor a field that holds a whole URL.
        case notHTTPS = "not_https"
        /// What the template makes of the examples is no URL, or not one for this place.
        case malformedURL = "malformed_url"
        // The rest.
        case headerName = "header_name"
        case verificationMissing = "verification_missing"
        case tokenURLMissing = "token_url_missing"
        /// OAuth is the only use of a token URL.
        case tokenURLUnused = "token_url_unused"
        /// Nothing stands in for the first refresh token.
        case refreshTokenOptional = "refresh_token_optional"
        /// A refresh token is sent as one and stands nowhere else.
        case refreshTokenReused = "refresh_token_reused"
        /// A credential in the query ends up in the logs of whatever stands on the way.
        case credentialInQuery = "credential_in_query"
    }

    /// The file, where the entry came from one.
    package let file: String?
    /// Of the file, from 1.
    package let line: Int?
    /// The key or field concerned, as the entry calls it: `base_url`, `fields.host`.
    package let subject: String
    package let reason: Reason

    package init(file: String? = nil, line: Int? = nil, subject: String, reason: Reason) {
        self.file = file
        self.line = line
        self.subject = subject
        self.reason = reason
    }

    package var severity: Severity { reason == .credentialInQuery ? .warning : .error }

    /// `file:line: subject: reason`, for the operator who wrote the entry.
    package var message: String {
        let place = [file, line.map(String.init)].compactMap(\.self).joined(separator: ":")
        return (place.isEmpty ? "" : place + ": ") + "\(subject): \(reason.rawValue)"
    }

    func at(file: String, line: Int?) -> Self {
        Self(file: file, line: line ?? self.line, subject: subject, reason: reason)
    }
}

/// Why a catalogue isn't loaded: every finding of every file.
package struct CatalogueError: Error, Hashable, Sendable {
    package let findings: [LintFinding]
}
