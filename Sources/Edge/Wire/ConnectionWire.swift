internal import Connections
internal import Domain
internal import StrictJSON

enum ConnectionWire {
    static func answer(_ connection: Connection) -> JSONValue {
        let fields = connection.fields.sorted { $0.key < $1.key }.map { JSONMember($0.key, .string($0.value)) }
        return [
            "id": .string(connection.id.description), "tenant_id": .string(connection.scope.tenantID.description),
            "integration_id": .string(connection.integrationID.description),
            "display_name": .optional(connection.displayName), "status": .string(connection.status.rawValue),
            "status_reason": .optional(connection.statusReason?.rawValue),
            "origin": .string(connection.origin.description), "fields": .object(fields),
            "version": .int(connection.version), "created_at": .instant(connection.createdAt),
            "updated_at": .instant(connection.updatedAt), "verified_at": .instant(connection.verifiedAt),
        ]
    }

    /// With how its refreshes stand; null where nothing is refreshed.
    static func answer(_ connection: Connection, _ refresh: RefreshState?) -> JSONValue {
        .object((answer(connection).members ?? []) + [JSONMember("refresh", refresh.map(answer) ?? .null)])
    }

    private static func answer(_ refresh: RefreshState) -> JSONValue {
        [
            "last_success_at": .instant(refresh.lastSuccessAt), "next_refresh_at": .instant(refresh.nextRefreshAt),
            "consecutive_failures": .int(Int64(refresh.consecutiveFailures)),
            "last_error": .optional(refresh.lastError?.rawValue), "token_expires_at": .instant(refresh.tokenExpiresAt),
            "scope_missing": .bool(refresh.isScopeMissing),
        ]
    }

    /// Where the use cases' pointers stand on the wire.
    static let pointers = [(from: "/integration_id", to: "/integration")]

    static func create(_ body: consuming ObjectReader) throws(Problem) -> NewConnection {
        let tenant = body.id("tenant_id", TenantKind.self)
        let integration = body.required("integration", reference)
        let displayName = body.optionalString("display_name")
        let fields = body.strings("fields")
        let secrets = body.secrets("secrets")
        let verify = body.optionalBool("verify") ?? true
        try body.finish()
        guard let integration else { throw Problem(code: .internalError) }
        return NewConnection(
            tenantID: tenant, integration: integration, displayName: displayName, fields: fields, secrets: secrets,
            verify: verify)
    }

    static func update(_ body: consuming ObjectReader, expectedVersion: Int64?) throws(Problem) -> ConnectionChange {
        let displayName = body.change("display_name")
        let fields = body.optionalStrings("fields")
        let secrets = body.secrets("secrets")
        let suspended = body.optionalBool("suspended")
        let verify = body.optionalBool("verify") ?? true
        try body.finish()
        return ConnectionChange(
            displayName: displayName, fields: fields, secrets: secrets, suspended: suspended, verify: verify,
            expectedVersion: expectedVersion)
    }

    /// An underscore stands in identifiers and never in names, so that one can't be taken for the other.
    private static func reference(_ text: String) -> IntegrationReference? {
        IntegrationID(text).map { .id($0) } ?? Slug(text).map { .name($0) }
    }
}
