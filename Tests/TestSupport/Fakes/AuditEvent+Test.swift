package import Domain

extension AuditEvent {
    /// An event for rows that a test makes itself.
    package static func test(
        _ environment: EnvironmentID, _ identifiers: IdentifierSource, tenant: TenantID? = nil,
        action: Action = .environmentCreated, at: Timestamp
    ) -> AuditEvent {
        AuditEvent(
            id: identifiers.next(), environmentID: environment, tenantID: tenant, at: at, actor: "test",
            action: action, outcome: .success, object: nil)
    }
}
