internal import Connections
internal import Domain
internal import Sodium
internal import StrictJSON

enum IntegrationWire {
    static func answer(_ integration: Integration) -> JSONValue {
        let settings = integration.settings
        return [
            "id": .string(integration.id.description), "name": .string(integration.name.description),
            "provider": .string(integration.provider.description), "client_id": .optional(settings.clientID),
            "has_client_secret": .bool(integration.hasClientSecret), "scopes": .strings(settings.scopes),
            "base_url": .optional(settings.baseURL), "token_url": .optional(settings.tokenURL),
            "allowed_networks": .strings(settings.allowedNetworks.map(\.description)),
            "allows_plain_http": .bool(settings.allowsPlainHTTP),
            "allows_token_fetch": .bool(settings.allowsTokenFetch),
            "trusted_certificates": .optional(settings.trustedCertificates), "version": .int(integration.version),
            "created_at": .instant(integration.createdAt), "updated_at": .instant(integration.updatedAt),
        ]
    }

    /// Where the use cases' pointers stand on the wire: settings are members of the integration itself.
    static let pointers = [(from: "/settings", to: "")]

    /// What a request says of the settings; what it leaves out stays.
    private struct SettingsChange: Sendable {
        let clientID: Change<String?>
        let scopes: [String]?
        let baseURL: Change<String?>
        let tokenURL: Change<String?>
        let allowedNetworks: [CIDR]?
        let allowsPlainHTTP: Bool?
        let allowsTokenFetch: Bool?
        let trustedCertificates: Change<String?>

        init(_ body: inout ObjectReader) {
            clientID = body.change("client_id", maxBytes: 1_024)
            scopes = body.optionalList("scopes") { $0 }
            baseURL = body.change("base_url", maxBytes: 2_048)
            tokenURL = body.change("token_url", maxBytes: 2_048)
            allowedNetworks = body.optionalList("allowed_networks") { CIDR($0) }
            allowsPlainHTTP = body.optionalBool("allows_plain_http")
            allowsTokenFetch = body.optionalBool("allows_token_fetch")
            trustedCertificates = body.change("trusted_certificates", maxBytes: 65_536)
        }

        func applied(to settings: IntegrationSettings) -> IntegrationSettings {
            var settings = settings
            if case .set(let value) = clientID { settings.clientID = value }
            if let scopes { settings.scopes = scopes }
            if case .set(let value) = baseURL { settings.baseURL = value }
            if case .set(let value) = tokenURL { settings.tokenURL = value }
            if let allowedNetworks { settings.allowedNetworks = allowedNetworks }
            if let allowsPlainHTTP { settings.allowsPlainHTTP = allowsPlainHTTP }
            if let allowsTokenFetch { settings.allowsTokenFetch = allowsTokenFetch }
            if case .set(let value) = trustedCertificates { settings.trustedCertificates = value }
            return settings
        }
    }

    static func create(_ body: consuming ObjectReader) throws(Problem) -> NewIntegration {
        let name = body.required("name") { Slug($0) }
        let provider = body.required("provider") { Slug($0) }
        let settings = SettingsChange(&body)
        let secret = body.optionalSecret("client_secret")
        try body.finish()
        guard let name, let provider else { throw Problem(code: .internalError) }
        return NewIntegration(
            name: name, provider: provider, settings: settings.applied(to: IntegrationSettings()),
            clientSecret: secret)
    }

    struct Update: Sendable {
        private let settings: SettingsChange
        private let clientSecret: SecretBytes?

        init(_ body: consuming ObjectReader) throws(Problem) {
            settings = SettingsChange(&body)
            clientSecret = body.optionalSecret("client_secret")
            try body.finish()
        }

        /// The change against what is stored; holds the version it was made from, so that none in between is lost.
        func change(of stored: Integration) -> IntegrationChange {
            IntegrationChange(
                settings: settings.applied(to: stored.settings), clientSecret: clientSecret,
                expectedVersion: stored.version)
        }
    }
}
