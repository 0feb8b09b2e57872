import Connections
import Domain
@testable import Edge
import Sodium
import TestSupport

/// One object of each kind, and the path of every route with them.
struct Fixtures: Sendable {
    let tenant: TenantID
    let integration: IntegrationID
    let connection: ConnectionID
    let apiKey: APIKeyID

    /// Objects of the tenant of the rig's world.
    static func paths(_ rig: Rig) async throws -> Fixtures {
        let integration = try await rig.world.integrate("generic-basic", name: "fixture")
        let connection = try await rig.world.linkBasic(integration)
        let key = try await rig.makeKey(.all, tenant: rig.world.tenant.id)
        return Fixtures(
            tenant: rig.world.tenant.id, integration: integration.id, connection: connection.id, apiKey: key.key.id)
    }

    func path(of route: ControlPlaneRoute) -> String {
        route.template.replacing("{tenant_id}", with: tenant.description)
            .replacing("{integration_id}", with: integration.description)
            .replacing("{connection_id}", with: connection.description)
            .replacing("{api_key_id}", with: apiKey.description).replacing("{provider_name}", with: "generic-basic")
    }

    /// A body that the route takes, nil where it takes none.
    func body(of route: ControlPlaneRoute) -> String? {
        switch (route.method, route.template) {
        case (.post, "/v1/tenants"): #"{"name":"New"}"#
        case (.patch, "/v1/tenants/{tenant_id}"): #"{"name":"Renamed"}"#
        case (.post, "/v1/integrations"): #"{"name":"new","provider":"generic-basic"}"#
        case (.patch, "/v1/integrations/{integration_id}"): #"{"allowed_networks":["10.0.0.0/8"]}"#
        case (.post, "/v1/connections"):
            """
            {"tenant_id":"\(tenant)","integration":"\(integration)","fields":{"base_url":"https://api.example.com","username":"u"},\
            "secrets":{"password":"p"}}
            """
        case (.patch, "/v1/connections/{connection_id}"): #"{"display_name":"Renamed"}"#
        case (.post, "/v1/api-keys"): #"{"name":"new","permissions":["proxy"]}"#
        case (.get, _), (.post, _), (.patch, _), (.delete, _): nil
        }
    }
}

extension ControlPlaneRoute {
    var name: String { "\(method.rawValue) \(template)" }

    var permission: PermissionSet? {
        if case .apiKey(let permission) = access { permission } else { nil }
    }
}
