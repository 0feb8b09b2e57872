internal import Catalogue
internal import Domain
internal import StrictJSON

enum ProviderWire {
    static func answer(_ provider: Provider) -> JSONValue {
        [
            "name": .string(provider.name.description), "title": .string(provider.title),
            "documentation": .optional(provider.documentation),
            "authentication": .string(provider.authentication.kind.rawValue),
            "fields": .array(provider.fields.map(field)),
        ]
    }

    private static func field(_ field: ProviderField) -> JSONValue {
        [
            "name": .string(field.name), "title": .string(field.title), "secret": .bool(field.isSecret),
            "required": .bool(field.isRequired), "pattern": .optional(field.pattern?.source),
            "example": .optional(field.example), "default": .optional(field.defaultValue),
            "max_length": .int(Int64(field.maxLength)),
        ]
    }
}
