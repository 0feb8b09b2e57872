internal import Catalogue
internal import Domain
internal import Sodium

/// Rules for an integration's settings, beside those of the catalogue.
enum SettingsRules {
    static func check(
        _ settings: IntegrationSettings, clientSecret: SecretBytes?, for provider: Provider
    ) throws(UseCaseError) {
        var problems = provider.problems(in: settings).map {
            InputProblem(in: "settings", member: $0.field, InputProblemCode($0.reason))
        }
        if settings.allowedNetworks.count > 64 { problems.append(InputProblem("/settings/allowed_networks", .tooMany)) }
        if settings.allowsTokenFetch, !provider.needsAccessToken {
            problems.append(InputProblem("/settings/allows_token_fetch", .notApplicable))
        }
        if let problem = self.problem(of: clientSecret, settings, provider) { problems.append(problem) }
        guard problems.isEmpty else { throw .invalid(problems) }
    }

    /// Whether a stored client secret, or the token that it is traded for, would go to another place than the one that it
    /// was entered for.
    static func movesTheSecret(from old: IntegrationSettings, to new: IntegrationSettings) -> Bool {
        old.tokenURL != new.tokenURL || old.baseURL != new.baseURL || (new.allowsPlainHTTP && !old.allowsPlainHTTP)
    }

    private static func problem(
        of secret: SecretBytes?, _ settings: IntegrationSettings, _ provider: Provider
    ) -> InputProblem? {
        guard let secret else { return nil }
        let pointer = "/client_secret"
        // Where a tenant decides the token endpoint's host, or the API's, he would have the environment's secret, or its
        // token, sent to himself.
        guard provider.allowsSharedClientSecret(settings) else { return InputProblem(pointer, .notApplicable) }
        if secret.count == 0 { return InputProblem(pointer, .empty) }
        if secret.count > 4_096 { return InputProblem(pointer, .tooLong) }
        let isClean = secret.withBytes { bytes in
            bytes.byteOffsets.allSatisfy { bytes[$0] >= 0x20 && bytes[$0] != 0x7F }
        }
        return isClean ? nil : InputProblem(pointer, .malformed)
    }
}

extension InputProblemCode {
    init(_ reason: ProviderFieldProblem.Reason) {
        switch reason {
        case .missing: self = .missing
        case .unknown: self = .unknown
        case .tooLong: self = .tooLong
        case .malformed: self = .malformed
        case .patternMismatch: self = .patternMismatch
        case .secretExpected: self = .secretExpected
        case .plainExpected: self = .plainExpected
        case .plainHTTPRefused: self = .plainHTTPRefused
        case .urlRefused: self = .urlRefused
        case .notApplicable: self = .notApplicable
        }
    }
}
