internal import Connections
internal import Domain
internal import StrictJSON

enum ProviderHandlers {
    static let routes: [ControlPlaneRoute] = [
        .keyed(.get, "/v1/providers", .readIntegrations, list),
        .keyed(.get, "/v1/providers/{provider_name}", .readIntegrations, read),
    ]

    /// The catalogue is small: one page, in the shape of every list.
    @Sendable private static func list(
        _ services: ControlPlaneServices, _ call: Call, _ caller: Principal
    ) async throws(Problem) -> Answer {
        let providers = try await asking { () async throws(UseCaseError) in
            try await services.providers.list(call.context(of: caller))
        }
        return .json([
            "result": .array(providers.map(ProviderWire.answer)), "next_cursor": .null, "prev_cursor": .null,
        ])
    }

    @Sendable private static func read(
        _ services: ControlPlaneServices, _ call: Call, _ caller: Principal
    ) async throws(Problem) -> Answer {
        guard let name = call.parameters.first.flatMap({ Slug($0) }) else { throw Problem(code: .notFound) }
        let provider = try await asking { () async throws(UseCaseError) in
            try await services.providers.read(name, call.context(of: caller))
        }
        return .json(ProviderWire.answer(provider))
    }
}
