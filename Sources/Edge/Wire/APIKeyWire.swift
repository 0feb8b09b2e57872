internal import Connections
internal import Domain
internal import HTTPTypes
internal import Sodium
internal import StrictJSON

enum APIKeyWire {
    static func answer(_ key: APIKey) -> JSONValue { .object(members(key)) }

    /// The one sight of the key's text: JSON in ordinary memory, on its way to the wire.
    static func created(_ created: CreatedAPIKey) -> Answer {
        var writer = JSONWriter(reservingCapacity: 512)
        writer.beginObject()
        for member in members(created.key) { writer.member(member.key, member.value) }
        writer.key("key")
        writer.revealed(created.text, for: .newAPIKeyShownOnce)
        writer.endObject()
        var answer = Answer(.created, contentType: .json, body: writer.bytes)
        answer.headers[.location] = "/v1/api-keys/\(created.key.id)"
        return answer
    }

    private static func members(_ key: APIKey) -> [JSONMember] {
        [
            JSONMember("id", .string(key.id.description)), JSONMember("name", .string(key.name)),
            JSONMember("tenant_id", .optional(key.tenantID?.description)),
            JSONMember("permissions", .strings(key.permissions.names)),
            JSONMember("created_at", .instant(key.createdAt)), JSONMember("expires_at", .instant(key.expiresAt)),
            JSONMember("revoked_at", .instant(key.revokedAt)),
        ]
    }

    /// - Parameter ownTenant: the caller's tenant, which a key of it gets where the request names none.
    static func create(_ body: consuming ObjectReader, ownTenant: TenantID?) throws(Problem) -> NewAPIKey {
        let name = body.string("name")
        let tenant = body.optional("tenant_id") { TenantID($0) }
        let listed = body.optionalList("permissions", maxCount: 32, wrong: .unknownValue) { name in
            PermissionSet(names: [name])
        }
        let permissions = body.requireList("permissions", listed)
        let expiresAt = body.optional("expires_at") { Timestamp(rfc3339: $0) }
        try body.finish()
        return NewAPIKey(
            name: name, tenantID: tenant ?? ownTenant,
            permissions: permissions.reduce(into: []) { $0.formUnion($1) }, expiresAt: expiresAt)
    }
}
