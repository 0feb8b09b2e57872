package import Domain

/// Reads the audit log.
package struct AuditReading: Sendable {
    private let gate: CallGate

    package init(gate: CallGate) { self.gate = gate }

    /// Needs `audit:read`; a tenant's key sees that tenant's events alone.
    ///
    /// - Parameter tenantID: shows one tenant's events; another than the caller's own is `.notFound(.tenant)`.
    package func list(
        tenantID: TenantID?, action: AuditEvent.Action?, page: PageRequest<AuditEventKind>, _ context: CallContext
    ) async throws(UseCaseError) -> Page<AuditEvent> {
        try await gate.require(.readAudit, context)
        let scope = try context.narrowedScope(to: tenantID)
        return try await gate.storing(.tenant) { () async throws(StoreError) in
            try await gate.audit.list(in: scope, action: action, page: page)
        }
    }
}

extension CallContext {
    /// What the caller may see, narrowed to one tenant if it asks for one.
    func narrowedScope(to tenantID: TenantID?) throws(UseCaseError) -> ReadScope {
        guard let tenantID else { return principal.readScope }
        guard principal.tenantID == nil || principal.tenantID == tenantID else { throw .notFound(.tenant) }
        return ReadScope(environmentID: principal.environmentID, tenantID: tenantID)
    }
}
