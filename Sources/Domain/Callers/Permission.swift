/// What an authenticated caller may do; stored and shown by name.
package struct PermissionSet: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let readTenants = Self(rawValue: 1 << 0)
    package static let writeTenants = Self(rawValue: 1 << 1)
    package static let readIntegrations = Self(rawValue: 1 << 2)
    package static let writeIntegrations = Self(rawValue: 1 << 3)
    package static let readConnections = Self(rawValue: 1 << 4)
    package static let writeConnections = Self(rawValue: 1 << 5)
    package static let readAPIKeys = Self(rawValue: 1 << 6)
    package static let writeAPIKeys = Self(rawValue: 1 << 7)
    package static let readAudit = Self(rawValue: 1 << 8)
    /// Send requests through the proxy.
    package static let proxy = Self(rawValue: 1 << 9)
    /// Fetch an upstream access token.
    package static let fetchTokens = Self(rawValue: 1 << 10)

    /// Every permission with its name on the wire, in the order in which they are shown.
    package static let named: [(name: String, permission: PermissionSet)] = [
        ("tenants:read", .readTenants), ("tenants:write", .writeTenants),
        ("integrations:read", .readIntegrations), ("integrations:write", .writeIntegrations),
        ("connections:read", .readConnections), ("connections:write", .writeConnections),
        ("api-keys:read", .readAPIKeys), ("api-keys:write", .writeAPIKeys),
        ("audit:read", .readAudit), ("proxy", .proxy), ("tokens:fetch", .fetchTokens),
    ]

    package static let all = named.reduce(into: PermissionSet()) { $0.formUnion($1.permission) }

    /// Nil where a name is unknown: an unknown permission is never dropped in silence.
    package init?(names: some Sequence<String>) {
        self = []
        for name in names {
            guard let entry = Self.named.first(where: { $0.name == name }) else { return nil }
            formUnion(entry.permission)
        }
    }

    package var names: [String] { Self.named.filter { contains($0.permission) }.map(\.name) }
}
