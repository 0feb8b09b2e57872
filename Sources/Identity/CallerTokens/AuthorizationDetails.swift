internal import Domain
internal import StrictJSON

/// A restriction as `authorization_details` (RFC 9396 §2): a list of one object of our type.
enum AuthorizationDetails {
    static func write(_ restriction: CallerRestriction, to writer: inout JSONWriter) {
        writer.key("authorization_details")
        writer.beginArray()
        writer.beginObject()
        writer.member("type", CallerTokenFormat.authorizationDetailsType)
        write("connections", restriction.connections.map(\.description), to: &writer)
        write("methods", restriction.methods, to: &writer)
        write("path_prefixes", restriction.pathPrefixes, to: &writer)
        writer.endObject()
        writer.endArray()
    }

    private static func write(_ name: String, _ values: [String], to writer: inout JSONWriter) {
        guard !values.isEmpty else { return }
        writer.key(name)
        writer.beginArray()
        for value in values { writer.string(value) }
        writer.endArray()
    }

    static func read(_ node: JSONNode) throws(CallerTokenError) -> CallerRestriction {
        guard let list = node.elements, list.count == 1, let members = list[0].members else { throw .badClaims }
        var connections: [ConnectionID] = []
        var methods: [String] = []
        var pathPrefixes: [String] = []
        for (key, value) in members {
            switch key {
            case "type":
                guard value.string == CallerTokenFormat.authorizationDetailsType else { throw .badClaims }
            case "connections":
                connections = try strings(value).map { (text) throws(CallerTokenError) in
                    guard let id = ConnectionID(text) else { throw .badClaims }
                    return id
                }
            case "methods":
                methods = try strings(value)
            case "path_prefixes":
                pathPrefixes = try strings(value)
            default:
                // Another limit that we don't know would go unheeded.
                throw .badClaims
            }
        }
        guard members.contains(where: { $0.key == "type" }) else { throw .badClaims }
        let restriction = CallerRestriction(connections: connections, methods: methods, pathPrefixes: pathPrefixes)
        guard RestrictionRules.isValid(restriction) else { throw .badClaims }
        return restriction
    }

    /// A list that is there has elements: an empty one would read as "no limit".
    private static func strings(_ node: JSONNode) throws(CallerTokenError) -> [String] {
        guard let elements = node.elements, !elements.isEmpty else { throw .badClaims }
        return try elements.map { (element) throws(CallerTokenError) in
            guard let text = element.string else { throw .badClaims }
            return text
        }
    }
}

/// What a restriction may hold, when it is issued and when it is read.
enum RestrictionRules {
    static func isValid(_ restriction: CallerRestriction) -> Bool {
        restriction.connections.count <= CallerTokenFormat.maxConnections
            && restriction.methods.count <= CallerTokenFormat.maxMethods
            && restriction.pathPrefixes.count <= CallerTokenFormat.maxPathPrefixes
            && restriction.methods.allSatisfy(isMethod) && restriction.pathPrefixes.allSatisfy(isPathPrefix)
    }

    private static func isMethod(_ method: String) -> Bool {
        (1...16).contains(method.utf8.count) && method.utf8.allSatisfy { $0 >= 65 && $0 <= 90 }
    }

    /// A decoded path without tricks: what the proxy refuses in a request can't stand in a prefix either.
    private static func isPathPrefix(_ prefix: String) -> Bool {
        prefix.hasPrefix("/") && prefix.utf8.count <= CallerTokenFormat.maxPathPrefixBytes
            && prefix.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\\") }
            && !prefix.contains("//") && !URLParts.hasDotSegment(prefix)
    }
}
