package import Domain

/// One operation of the control plane, as data: what is served, what the isolation test enumerates, what logs and metrics
/// name, and what `docs/openapi.yaml` is compared with.
package struct ControlPlaneRoute: Sendable {
    package enum Method: String, Sendable, CaseIterable {
        case get = "GET"
        case post = "POST"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    package enum Access: Hashable, Sendable {
        /// Anybody.
        case open
        /// The route authenticates its client itself (RFC 6749 §2.3).
        case client
        /// An API key that has this permission.
        case apiKey(PermissionSet)
    }

    enum Handler: Sendable {
        case open(@Sendable (ControlPlaneServices, Call) async throws(Problem) -> Answer)
        case keyed(@Sendable (ControlPlaneServices, Call, Principal) async throws(Problem) -> Answer)
    }

    package let method: Method
    /// `/v1/tenants/{tenant_id}`: braces stand for one segment.
    package let template: String
    package let access: Access
    /// Query parameters that it knows; every other is refused.
    package let queryNames: [String]
    let handler: Handler

    private init(_ method: Method, _ template: String, _ access: Access, _ queryNames: [String], _ handler: Handler) {
        self.method = method
        self.template = template
        self.access = access
        self.queryNames = queryNames
        self.handler = handler
    }

    static func keyed(
        _ method: Method, _ template: String, _ permission: PermissionSet, query: [String] = [],
        _ handler: @escaping @Sendable (ControlPlaneServices, Call, Principal) async throws(Problem) -> Answer
    ) -> Self {
        Self(method, template, .apiKey(permission), query, .keyed(handler))
    }

    static func open(
        _ method: Method, _ template: String, access: Access = .open,
        _ handler: @escaping @Sendable (ControlPlaneServices, Call) async throws(Problem) -> Answer
    ) -> Self {
        Self(method, template, access, [], .open(handler))
    }

    /// Every route of the control plane.
    package static let all: [ControlPlaneRoute] =
        TenantHandlers.routes + IntegrationHandlers.routes + ConnectionHandlers.routes + APIKeyHandlers.routes
        + AuditHandlers.routes + ProviderHandlers.routes + TokenHandlers.routes + OperationsHandlers.routes
}
