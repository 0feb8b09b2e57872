internal import Domain
internal import StrictJSON

/// The claims of a caller token (RFC 9068 §2.2, with `env` and `tid` of our own).
struct CallerTokenClaims {
    let issuer: String
    let apiKeyID: APIKeyID
    let environmentID: EnvironmentID
    let tenantID: TenantID
    let scope: PermissionSet
    let restriction: CallerRestriction?
    /// Whole seconds since the epoch, all three.
    let issuedAt: Int64
    let notBefore: Int64
    let expiresAt: Int64
    let jti: String

    var json: [UInt8] {
        var writer = JSONWriter(reservingCapacity: 512)
        writer.beginObject()
        writer.member("iss", issuer)
        writer.member("aud", CallerTokenFormat.audience)
        writer.member("sub", apiKeyID.description)
        writer.member("client_id", apiKeyID.description)
        writer.member("env", environmentID.description)
        writer.member("tid", tenantID.description)
        writer.member("scope", scope.names.joined(separator: " "))
        if let restriction { AuthorizationDetails.write(restriction, to: &writer) }
        writer.key("iat")
        writer.int(issuedAt)
        writer.key("nbf")
        writer.int(notBefore)
        writer.key("exp")
        writer.int(expiresAt)
        writer.member("jti", jti)
        writer.endObject()
        return writer.bytes
    }
}

extension CallerTokenClaims {
    private static let known: Set<String> = [
        "iss", "aud", "sub", "client_id", "env", "tid", "scope", "authorization_details", "iat", "nbf", "exp", "jti",
    ]

    /// Reads claims as we write them: each there, each of its type, and none besides.
    init(parsing json: [UInt8]) throws(CallerTokenError) {
        let members = try CallerTokenJSON.members(json)
        guard members.keys.allSatisfy(Self.known.contains) else { throw .badClaims }
        guard let issuer = members["iss"]?.string else { throw .wrongIssuer }
        // Exactly this string, not a list that holds it.
        guard members["aud"]?.string == CallerTokenFormat.audience else { throw .wrongAudience }
        guard let subject = members["sub"]?.string, let apiKeyID = APIKeyID(subject),
            members["client_id"]?.string == subject,
            let environmentID = members["env"]?.string.flatMap({ EnvironmentID($0) }),
            let tenantID = members["tid"]?.string.flatMap({ TenantID($0) }),
            let names = members["scope"]?.string,
            let scope = PermissionSet(names: names.split(separator: " ").map(String.init)),
            !scope.isEmpty, scope.isSubset(of: CallerTokenFormat.grantable),
            let issuedAt = members["iat"]?.int, let notBefore = members["nbf"]?.int,
            let expiresAt = members["exp"]?.int, let jti = members["jti"]?.string, jti.utf8.count == 22
        else { throw .badClaims }
        self.issuer = issuer
        self.apiKeyID = apiKeyID
        self.environmentID = environmentID
        self.tenantID = tenantID
        self.scope = scope
        self.restriction = try members["authorization_details"].map { (node) throws(CallerTokenError) in
            try AuthorizationDetails.read(node)
        }
        self.issuedAt = issuedAt
        self.notBefore = notBefore
        self.expiresAt = expiresAt
        self.jti = jti
    }
}
