internal import Domain
internal import Identity
internal import Sodium
internal import StrictJSON

/// What a token request asks for (RFC 6749 §4.4.2, RFC 9396 §2).
struct CallerTokenRequest: Sendable {
    let tenantID: TenantID
    /// Nil for whatever the key has of what a caller token may carry.
    let permissions: PermissionSet?
    let restriction: CallerRestriction?
    let lifetime: Duration?

    /// - Parameter ownTenant: the key's, which holds where the request names none.
    init(_ form: FormParameters, ownTenant: TenantID?) throws(TokenError) {
        guard let grantType = form.text("grant_type") else {
            throw TokenError(.invalidRequest, "grant_type is missing.")
        }
        guard grantType == "client_credentials" else {
            throw TokenError(.unsupportedGrantType, "Only client_credentials is supported.")
        }
        let details = try Self.details(form)
        let named = try Self.tenant(form)
        guard named == nil || details?.tenant == nil || named == details?.tenant else {
            throw TokenError(.invalidRequest, "tenant_id and authorization_details name different tenants.")
        }
        guard let tenant = named ?? details?.tenant ?? ownTenant else {
            throw TokenError(.invalidRequest, "tenant_id is missing.")
        }
        tenantID = tenant
        permissions = try Self.scope(form)
        restriction = details?.restriction
        lifetime = try Self.lifetime(form)
    }

    private static func tenant(_ form: FormParameters) throws(TokenError) -> TenantID? {
        guard form.secret("tenant_id") != nil else { return nil }
        guard let tenant = form.text("tenant_id").flatMap({ TenantID($0) }) else {
            throw TokenError(.invalidRequest, "tenant_id is not an identifier of a tenant.")
        }
        return tenant
    }

    private static func scope(_ form: FormParameters) throws(TokenError) -> PermissionSet? {
        guard form.secret("scope") != nil else { return nil }
        let names = form.text("scope")?.split(separator: " ", omittingEmptySubsequences: false).map { String($0) }
        guard let names, let permissions = PermissionSet(names: names) else { throw TokenError(.invalidScope) }
        return permissions
    }

    private static func lifetime(_ form: FormParameters) throws(TokenError) -> Duration? {
        guard form.secret("lifetime") != nil else { return nil }
        guard let text = form.text("lifetime"), text.utf8.count <= 6, let seconds = UInt32(text) else {
            throw TokenError(.invalidRequest, "lifetime is not a number of seconds.")
        }
        return .seconds(Int64(seconds))
    }

    private static func details(
        _ form: FormParameters
    ) throws(TokenError) -> (tenant: TenantID?, restriction: CallerRestriction)? {
        guard let text = form.secret("authorization_details") else { return nil }
        do throws(Problem) {
            return try read(text)
        } catch {
            throw TokenError(.invalidAuthorizationDetails)
        }
    }

    private static func read(
        _ text: SecretBytes
    ) throws(Problem) -> (tenant: TenantID?, restriction: CallerRestriction) {
        let document: JSONDocument
        do throws(JSONParseError) {
            document = try JSONDocument(parsing: text, limits: JSONLimits(maxDepth: 4, refusesNUL: true))
        } catch {
            throw .invalid("", InvalidMember.Code(error.reason))
        }
        guard let entries = document.root.elements, let entry = entries.first, entries.count == 1 else {
            throw .invalid("", .wrongType)
        }
        var reader = try ObjectReader(entry)
        let type = reader.string("type")
        let tenant = reader.optional("tenant_id") { TenantID($0) }
        let connections = reader.optionalList("connections", maxCount: CallerTokenFormat.maxConnections) {
            ConnectionID($0)
        }
        let methods = reader.optionalList("methods", maxCount: CallerTokenFormat.maxMethods) { $0.uppercased() }
        let prefixes = reader.optionalList("path_prefixes", maxCount: CallerTokenFormat.maxPathPrefixes) { $0 }
        // An empty list would read as "no limit" and was hardly meant so.
        for (name, isEmpty) in [
            ("connections", connections?.isEmpty), ("methods", methods?.isEmpty), ("path_prefixes", prefixes?.isEmpty),
        ] where isEmpty == true { reader.fail(name, .missing) }
        if type != CallerTokenFormat.authorizationDetailsType { reader.fail("type", .unknownValue) }
        try reader.finish()
        return (
            tenant,
            CallerRestriction(connections: connections ?? [], methods: methods ?? [], pathPrefixes: prefixes ?? [])
        )
    }
}
