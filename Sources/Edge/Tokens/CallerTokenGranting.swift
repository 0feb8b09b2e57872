package import Connections
internal import Domain
package import Identity
internal import Synchronization

/// Issues a caller token and records it: no token leaves without its audit event.
package struct CallerTokenGranting: Sendable {
    package enum Failure: Error, Hashable, Sendable {
        case refused(CallerTokenIssueError)
        case storeUnavailable
    }

    private let issuer: CallerTokenIssuer
    private let tenants: any TenantStore
    private let gate: CallGate
    private let known = KnownTenants()

    package init(issuer: CallerTokenIssuer, tenants: any TenantStore, gate: CallGate) {
        self.issuer = issuer
        self.tenants = tenants
        self.gate = gate
    }

    /// - Throws: `.refused(.tenantNotFound)` also for a tenant that the environment doesn't have.
    func grant(
        _ request: CallerTokenRequest, to caller: Principal, requestID: String
    ) async throws(Failure) -> IssuedToken {
        try await requireTenant(request.tenantID, of: caller)
        let token: IssuedToken
        do throws(CallerTokenIssueError) {
            token = try await issuer.issue(
                for: caller, tenant: request.tenantID, permissions: request.permissions,
                restriction: request.restriction, lifetime: request.lifetime)
        } catch {
            throw .refused(error)
        }
        try await record(token, request.tenantID, caller, requestID)
        return token
    }

    private func requireTenant(_ id: TenantID, of caller: Principal) async throws(Failure) {
        let scope = TenantScope(environmentID: caller.environmentID, tenantID: id)
        guard caller.tenantID == nil || caller.tenantID == id else { throw .refused(.tenantNotFound) }
        let now = gate.wallClock.now()
        if known.contains(scope, now: now) { return }
        let found: Tenant?
        do throws(StoreError) {
            found = try await tenants.find(id, in: ReadScope(environmentID: scope.environmentID, tenantID: id))
        } catch {
            throw .storeUnavailable
        }
        guard found != nil else { throw .refused(.tenantNotFound) }
        known.insert(scope, now: now)
    }

    private func record(
        _ token: IssuedToken, _ tenantID: TenantID, _ caller: Principal, _ requestID: String
    ) async throws(Failure) {
        let event = AuditEvent(
            id: gate.identifiers.next(), environmentID: caller.environmentID, tenantID: tenantID,
            at: gate.wallClock.now(), actor: caller.auditName, action: .callerTokenIssued, outcome: .success,
            object: token.jti, requestID: requestID)
        do throws(StoreError) {
            try await gate.audit.append([event])
        } catch {
            throw .storeUnavailable
        }
    }
}

/// Tenants that were there a moment ago, so that a token costs no read. One deleted since opens nothing with a token.
private final class KnownTenants: Sendable {
    private static let memory = Duration.seconds(60)
    private static let capacity = 4_096
    private let seen = Mutex<[TenantScope: Timestamp]>([:])

    func contains(_ scope: TenantScope, now: Timestamp) -> Bool {
        seen.withLock { seen in seen[scope].map { now - $0 < Self.memory } ?? false }
    }

    func insert(_ scope: TenantScope, now: Timestamp) {
        seen.withLock { seen in
            if seen.count >= Self.capacity { seen.removeAll(keepingCapacity: true) }
            seen[scope] = now
        }
    }
}
