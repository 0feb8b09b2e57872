internal import Grants

/// Reads an entry's `authentication`: which members it may have depends on its `type`.
enum AuthenticationDecoder {
    static func authentication(_ node: EntryNode) throws(LintFinding) -> Authentication {
        guard let type = try node.pairs().first(where: { $0.key == "type" })?.value else {
            throw LintFinding(line: node.line, subject: "authentication.type", reason: .missingKey)
        }
        guard let kind = Authentication.Kind(rawValue: try type.text()) else { throw type.finding(.invalidValue) }
        switch kind {
        case .basic:
            let members = try node.members(["type", "username", "password"])
            return .basic(
                username: try members.required("username", of: node).template(),
                password: try members.required("password", of: node).template())
        case .header:
            let members = try node.members(["type", "name", "value"])
            return .header(
                name: try members.required("name", of: node).template(),
                value: try members.required("value", of: node).template())
        case .query:
            let members = try node.members(["type", "name", "value"])
            return .query(
                name: try members.required("name", of: node).text(maxLength: 128),
                value: try members.required("value", of: node).template())
        case .oauth2ClientCredentials:
            return .oauth2ClientCredentials(try client(node, node.members(clientKeys)))
        case .oauth2RefreshToken:
            let members = try node.members(clientKeys.union(["refresh_token"]))
            let field = try fieldName(try members.required("refresh_token", of: node))
            return .oauth2RefreshToken(try client(node, members), refreshTokenField: field)
        }
    }

    private static let clientKeys: Set<String> = [
        "type", "client_id", "client_secret", "client_authentication", "scopes", "parameters",
    ]

    /// A template of one placeholder and nothing else: a refresh token is replaced as a whole.
    private static func fieldName(_ node: EntryNode) throws(LintFinding) -> String {
        let template = try node.template()
        guard template.parts.count == 1, let name = template.leadingPlaceholder else {
            throw node.finding(.invalidValue)
        }
        return name
    }

    private static func client(
        _ node: EntryNode, _ members: [String: EntryNode]
    ) throws(LintFinding) -> Authentication.OAuth2Client {
        let method = try members.required("client_authentication", of: node)
        guard let clientAuthentication = ClientAuthentication(rawValue: try method.text()) else {
            throw method.finding(.invalidValue)
        }
        return Authentication.OAuth2Client(
            clientID: try members.required("client_id", of: node).template(),
            clientSecret: try members.required("client_secret", of: node).template(),
            clientAuthentication: clientAuthentication,
            scopes: try scopes(members["scopes"]),
            parameters: try parameters(members["parameters"]))
    }

    private static func scopes(_ node: EntryNode?) throws(LintFinding) -> [String] {
        var scopes: [String] = []
        for element in try node?.elements() ?? [] {
            let scope = try element.text(maxLength: 256)
            guard ScopeToken.isValid(scope) else { throw element.finding(.invalidValue) }
            scopes.append(scope)
        }
        return scopes
    }

    /// What the grant itself writes can't be written again.
    private static let reserved: Set<String> = ["grant_type", "client_id", "client_secret", "refresh_token", "scope"]

    private static func parameters(_ node: EntryNode?) throws(LintFinding) -> [Authentication.Parameter] {
        var parameters: [Authentication.Parameter] = []
        for (name, value) in try node?.pairs() ?? [] {
            guard !reserved.contains(name) else { throw value.finding(.invalidValue) }
            parameters.append(Authentication.Parameter(name: name, value: try value.template()))
        }
        return parameters
    }
}
