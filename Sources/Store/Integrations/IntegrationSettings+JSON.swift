import Connections
import Domain
import StrictJSON

// The form of `integrations.settings`. Reading is strict: a member that this version doesn't know, or one of another
// type, is corrupt, because an operator's limit that is dropped in silence would open what it closed.
extension IntegrationSettings {
    var json: String {
        var writer = JSONWriter()
        writer.beginObject()
        if let clientID { writer.member("client_id", clientID) }
        writer.member("scopes", .array(scopes.map(JSONValue.string)))
        if let baseURL { writer.member("base_url", baseURL) }
        if let tokenURL { writer.member("token_url", tokenURL) }
        writer.member("allowed_networks", .array(allowedNetworks.map { .string($0.description) }))
        writer.member("allows_plain_http", .bool(allowsPlainHTTP))
        writer.member("allows_token_fetch", .bool(allowsTokenFetch))
        if let trustedCertificates { writer.member("trusted_certificates", trustedCertificates) }
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    init(json: String) throws(StoreError) {
        self.init()
        for member in try JSONColumn.members(of: json) {
            switch member.key {
            case "client_id": clientID = try JSONColumn.string(member.value)
            case "scopes": scopes = try JSONColumn.strings(member.value)
            case "base_url": baseURL = try JSONColumn.string(member.value)
            case "token_url": tokenURL = try JSONColumn.string(member.value)
            case "allowed_networks": allowedNetworks = try Self.networks(member.value)
            case "allows_plain_http": allowsPlainHTTP = try JSONColumn.bool(member.value)
            case "allows_token_fetch": allowsTokenFetch = try JSONColumn.bool(member.value)
            case "trusted_certificates": trustedCertificates = try JSONColumn.string(member.value)
            default: throw .corrupt
            }
        }
    }

    private static func networks(_ value: JSONValue) throws(StoreError) -> [CIDR] {
        var networks: [CIDR] = []
        for text in try JSONColumn.strings(value) {
            guard let network = CIDR(text) else { throw .corrupt }
            networks.append(network)
        }
        return networks
    }
}
