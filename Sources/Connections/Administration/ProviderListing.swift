package import Catalogue
package import Domain

/// The catalogue's entries for callers; nothing in them is anybody's secret.
package struct ProviderListing: Sendable {
    private let gate: CallGate
    private let catalogue: Catalogue

    package init(gate: CallGate, catalogue: Catalogue) {
        self.gate = gate
        self.catalogue = catalogue
    }

    /// All entries by name. Needs `integrations:read`.
    package func list(_ context: CallContext) async throws(UseCaseError) -> [Provider] {
        try await gate.require(.readIntegrations, context)
        return catalogue.providers
    }

    /// Needs `integrations:read`.
    package func read(_ name: Slug, _ context: CallContext) async throws(UseCaseError) -> Provider {
        try await gate.require(.readIntegrations, object: name.description, context)
        guard let provider = catalogue.provider(name) else { throw .notFound(.provider) }
        return provider
    }
}
