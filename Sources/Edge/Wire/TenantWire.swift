internal import Connections
internal import Domain
internal import StrictJSON

enum TenantWire {
    static func answer(_ tenant: Tenant) -> JSONValue {
        [
            "id": .string(tenant.id.description), "name": .string(tenant.name),
            "external_id": .optional(tenant.externalID), "created_at": .instant(tenant.createdAt),
        ]
    }

    struct Create: Sendable {
        let name: String
        let externalID: String?

        init(_ body: consuming ObjectReader) throws(Problem) {
            name = body.string("name")
            externalID = body.optionalString("external_id")
            try body.finish()
        }
    }

    struct Update: Sendable {
        let name: Change<String>
        let externalID: Change<String?>

        init(_ body: consuming ObjectReader) throws(Problem) {
            name = body.requiredChange("name")
            externalID = body.change("external_id")
            try body.finish()
        }
    }
}
