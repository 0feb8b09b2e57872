import Domain
import Postgres

/// Which rows a transaction may see: what row-level security reads from its two settings.
///
/// Every scope but ``authentication(_:)`` and ``inIndexOrder`` sets the same two names, so that reads of different tenants share a pipeline
/// and none leaves a setting behind for the next.
enum RowScope: Hashable, Sendable {
    /// Rows of one tenant, to read and to write.
    case tenant(TenantScope)
    /// Rows of the environment itself, to read and to write; rows of all its tenants, to read, secrets excepted.
    case environment(EnvironmentID)
    /// Signing keys, revoked API keys, due refreshes and lifecycle events of every environment, to read; lifecycle events
    /// to delete too.
    case installation
    /// ``installation``, for statements that must walk an index in its order: the planner, which can't know how much is due
    /// by now, gets no other choice. In a transaction of its own alone, for it sets more than the others.
    case inIndexOrder
    /// The one API key that a caller names, to read.
    case authentication(APIKeyID)

    init(_ scope: ReadScope) {
        self =
            scope.tenantID.map { .tenant(TenantScope(environmentID: scope.environmentID, tenantID: $0)) }
            ?? .environment(scope.environmentID)
    }

    /// Where an audit event belongs.
    init(of event: AuditEvent) {
        self.init(ReadScope(environmentID: event.environmentID, tenantID: event.tenantID))
    }

    var context: SessionContext {
        switch self {
        case .tenant(let scope):
            Self.context(environment: scope.environmentID.hexadecimal, tenant: scope.tenantID.hexadecimal)
        case .environment(let id):
            Self.context(environment: id.hexadecimal, tenant: Self.every)
        case .installation:
            Self.context(environment: Self.every, tenant: Self.every)
        case .inIndexOrder:
            [
                "sallyport.environment": Self.every, "sallyport.tenant": Self.every, "enable_seqscan": "off",
                "enable_bitmapscan": "off",
            ]
        case .authentication(let id):
            ["sallyport.environment": "", "sallyport.tenant": "", "sallyport.api_key": id.hexadecimal]
        }
    }

    private static let every = "*"

    private static func context(environment: String, tenant: String) -> SessionContext {
        ["sallyport.environment": environment, "sallyport.tenant": tenant]
    }
}

extension EntityID {
    /// 32 hexadecimal digits, a form of `uuid` that PostgreSQL reads.
    var hexadecimal: String { Self.digits(high) + Self.digits(low) }

    var value: PostgresValue { .uuid(high: high, low: low) }

    private static func digits(_ half: UInt64) -> String {
        let text = String(half, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }
}
