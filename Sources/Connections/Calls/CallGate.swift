package import Domain
package import Logging
internal import Observability

/// What every use case does first and last: checks the permission, makes audit events, writes denials, translates errors.
package struct CallGate: Sendable {
    package let wallClock: any WallClock
    package let identifiers: IdentifierSource
    package let audit: any AuditStore
    package let logger: Logger

    package init(wallClock: any WallClock, identifiers: IdentifierSource, audit: any AuditStore, logger: Logger) {
        self.wallClock = wallClock
        self.identifiers = identifiers
        self.audit = audit
        self.logger = logger
    }

    /// The action under which a refused read is recorded: reads that succeed have no event of their own.
    static let refusedRead: AuditEvent.Action = .accessDenied

    /// Passes if the caller has the permissions; else records the denial and throws `.denied` with those that it lacks.
    func require(
        _ permissions: PermissionSet, for action: AuditEvent.Action = CallGate.refusedRead, object: String? = nil,
        _ context: CallContext
    ) async throws(UseCaseError) {
        let missing = permissions.subtracting(context.principal.permissions)
        guard !missing.isEmpty else { return }
        await recordDenial(of: action, object: object, reason: .permissionMissing, context)
        throw .denied(missing)
    }

    /// Passes if the caller is not bound to one tenant: for what belongs to the environment.
    func requireWholeEnvironment(
        for action: AuditEvent.Action, object: String? = nil, _ context: CallContext
    ) async throws(UseCaseError) {
        guard context.principal.tenantID != nil else { return }
        await recordDenial(of: action, object: object, reason: .tenantBound, context)
        throw .denied([])
    }

    /// An event of the caller's doing, now.
    func event(
        _ action: AuditEvent.Action, _ outcome: AuditEvent.Outcome = .success, tenant: TenantID?, object: String?,
        reason: AuditReason? = nil, _ context: CallContext
    ) -> AuditEvent {
        AuditEvent(
            id: identifiers.next(), environmentID: context.principal.environmentID, tenantID: tenant,
            at: wallClock.now(), actor: context.principal.auditName, action: action, outcome: outcome, object: object,
            reason: reason?.rawValue, requestID: context.requestID.isEmpty ? nil : context.requestID)
    }

    /// Writes an event that stands alone. A database that is away costs the event, not the answer: the refusal stands
    /// either way, and the log has it.
    package func record(_ event: AuditEvent) async {
        do throws(StoreError) {
            try await audit.append([event])
        } catch {
            logger.error(
                "an audit event could not be written",
                metadata: .facts([.code: event.action.rawValue, .reason: "\(error)"]))
        }
    }

    func recordDenial(
        of action: AuditEvent.Action, object: String?, reason: AuditReason, _ context: CallContext
    ) async {
        await record(
            event(action, .denied, tenant: context.principal.tenantID, object: object, reason: reason, context))
    }

    /// Runs store calls and says what their errors mean to the caller.
    func storing<T: Sendable>(
        _ kind: ObjectKind, _ body: () async throws(StoreError) -> T
    ) async throws(UseCaseError) -> T {
        do throws(StoreError) {
            return try await body()
        } catch {
            throw useCaseError(error, on: kind)
        }
    }

    func useCaseError(_ error: StoreError, on kind: ObjectKind) -> UseCaseError {
        switch error {
        case .unavailable: return .unavailable
        case .outcomeUnknown: return .outcomeUnknown
        case .conflict(let conflict): return .conflict(conflict)
        case .stale: return .stale
        case .notFound: return .notFound(kind)
        case .corrupt, .failed:
            logger.error("a store call failed", metadata: .facts([.code: kind.rawValue, .reason: "\(error)"]))
            return .internalFailure
        }
    }
}

/// Why an event was denied or failed: closed codes for ``AuditEvent/reason``.
package enum AuditReason: String, Sendable, CaseIterable {
    case permissionMissing = "permission_missing"
    /// A tenant's key asked for what only the environment's may do.
    case tenantBound = "tenant_bound"
    /// The connection, method or path is outside the caller token's restriction.
    case restricted
    case verificationFailed = "verification_failed"
    case envelopeRefused = "envelope_refused"
    case exceedsCaller = "exceeds_caller"
    case tokenEndpointFailed = "token_endpoint_failed"
}
