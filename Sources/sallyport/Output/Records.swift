import Catalogue
import Connections
import Domain
import StrictJSON

// How entities look in command output: the same member names as on the API.

extension Environment {
    var record: JSONValue {
        ["id": .string(id.description), "name": .string(name.description), "created_at": .string(createdAt.rfc3339)]
    }
}

extension Tenant {
    var record: JSONValue {
        [
            "id": .string(id.description), "name": .string(name), "external_id": JSONValue(externalID),
            "created_at": .string(createdAt.rfc3339),
        ]
    }
}

extension Integration {
    var record: JSONValue {
        [
            "id": .string(id.description), "name": .string(name.description), "provider": .string(provider.description),
            "client_id": JSONValue(settings.clientID), "has_client_secret": .bool(hasClientSecret),
            "scopes": .array(settings.scopes.map { .string($0) }), "base_url": JSONValue(settings.baseURL),
            "token_url": JSONValue(settings.tokenURL),
            "allowed_networks": .array(settings.allowedNetworks.map { .string($0.description) }),
            "allows_plain_http": .bool(settings.allowsPlainHTTP),
            "allows_token_fetch": .bool(settings.allowsTokenFetch),
            "version": .int(version), "created_at": .string(createdAt.rfc3339),
            "updated_at": .string(updatedAt.rfc3339),
        ]
    }
}

extension Connection {
    var record: JSONValue {
        [
            "id": .string(id.description), "tenant_id": .string(scope.tenantID.description),
            "integration_id": .string(integrationID.description), "display_name": JSONValue(displayName),
            "status": .string(status.rawValue), "status_reason": JSONValue(statusReason?.rawValue),
            "origin": .string(origin.description), "version": .int(version),
            "created_at": .string(createdAt.rfc3339), "updated_at": .string(updatedAt.rfc3339),
            "verified_at": JSONValue(verifiedAt?.rfc3339),
        ]
    }
}

extension RefreshState {
    var record: JSONValue {
        [
            "last_success_at": JSONValue(lastSuccessAt?.rfc3339), "next_refresh_at": JSONValue(nextRefreshAt?.rfc3339),
            "consecutive_failures": .int(Int64(consecutiveFailures)), "last_error": JSONValue(lastError?.rawValue),
            "token_expires_at": JSONValue(tokenExpiresAt?.rfc3339), "scope_missing": .bool(isScopeMissing),
        ]
    }
}

extension APIKey {
    var record: JSONValue {
        [
            "id": .string(id.description), "name": .string(name), "tenant_id": JSONValue(tenantID?.description),
            "permissions": .array(permissions.names.map { .string($0) }), "created_at": .string(createdAt.rfc3339),
            "expires_at": JSONValue(expiresAt?.rfc3339), "revoked_at": JSONValue(revokedAt?.rfc3339),
        ]
    }
}

extension JSONValue {
    init(_ text: String?) { self = text.map { .string($0) } ?? .null }
}

extension JSONValue {
    /// The object with one more member at its end.
    func adding(_ key: String, _ value: JSONValue) -> JSONValue {
        .object((members ?? []) + [JSONMember(key, value)])
    }
}

extension Provider {
    var record: JSONValue {
        [
            "name": .string(name.description), "title": .string(title),
            "fields": .array(fields.map { .string($0.name + ($0.isSecret ? " (secret)" : "")) }),
        ]
    }
}
