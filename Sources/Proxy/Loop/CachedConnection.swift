internal import Connections
internal import Domain
internal import NIOCore
internal import Sodium

/// An opened connection as one loop keeps it, with everything that can be prepared once.
final class CachedConnection {
    let usable: UsableConnection
    let lane: UpstreamLane
    /// `host: …` with its line end.
    let hostLine: [UInt8]
    let basePath: [UInt8]
    /// What no response header may hold: the injected credential in the forms in which an upstream could echo it.
    let needles: [SecretBytes]
    /// Names, in lower case, whose headers the caller can't set, because they are injected.
    let reservedNames: [[UInt8]]
    /// Of the anti-forgery header, where the upstream asks for one.
    let antiForgeryName: [UInt8]?
    /// Names, decoded and in lower case, of query parameters that the caller can't set.
    let reservedParameters: [[UInt8]]
    let tokenAnswer: TokenAnswer?
    var session = AntiForgerySession()
    var usedAt: Tick = 0
    private(set) var grants: [APIKeyID: ConnectionGrant] = [:]

    /// More callers of one connection than this in a minute are opened anew each time.
    private static let maxGrants = 4_096

    init(_ usable: UsableConnection, lane: UpstreamLane) {
        self.usable = usable
        self.lane = lane
        hostLine = Array("host: \(usable.origin.authority)\r\n".utf8)
        basePath = Array(usable.origin.basePath.utf8)
        needles = EchoNeedles.all(of: usable)
        reservedNames = usable.injection.headers.map { Array($0.name.utf8) }
        antiForgeryName = usable.csrf.map { Array($0.header.utf8) }
        reservedParameters = usable.injection.query.map { parameter in
            let name = Array(parameter.name.utf8)
            return PathRules.decode(name.span, 0..<name.count).map(HTTPCharacters.lowercased)
        }
        tokenAnswer = usable.fetchableToken.flatMap(TokenAnswer.init)
    }

    /// Whether the principal's environment and tenant are this connection's: asked on every request.
    func isVisible(to principal: Principal) -> Bool {
        guard principal.environmentID == usable.scope.environmentID else { return false }
        guard let tenant = principal.tenantID else { return true }
        return tenant == usable.scope.tenantID
    }

    func isUsable(at now: Timestamp) -> Bool {
        guard let until = usable.usableUntil else { return true }
        return now < until
    }

    /// The caller's audited right to this connection, if it is younger than a minute.
    func grant(of key: APIKeyID, at now: Tick) -> ConnectionGrant? {
        guard let grant = grants[key], grant.until > now else { return nil }
        return grant
    }

    func addGrant(of key: APIKeyID, actor: String, until: Tick) -> ConnectionGrant {
        if let grant = grants[key] {
            grant.until = until
            return grant
        }
        if grants.count >= Self.maxGrants { grants.removeAll(keepingCapacity: true) }
        let grant = ConnectionGrant(
            actor: actor, scope: usable.scope, connectionID: usable.id, until: until)
        grants[key] = grant
        return grant
    }

    func removeGrant(of key: APIKeyID) { grants[key] = nil }

    /// Whether all that goes onto the wire is fit for it: no injected byte can end a header or a query.
    static func isWireSafe(_ usable: UsableConnection) -> Bool {
        usable.injection.headers.allSatisfy { header in
            !header.name.isEmpty && header.name.utf8.allSatisfy(HTTPCharacters.isToken)
                && header.value.withBytes { value in value.byteOffsets.allSatisfy { HTTPCharacters.isValue(value[$0]) }
                }
        }
            && usable.injection.query.allSatisfy { parameter in
                parameter.name.utf8.allSatisfy(HTTPCharacters.isTarget)
                    && parameter.value.withBytes { value in
                        value.byteOffsets.allSatisfy {
                            HTTPCharacters.isTarget(value[$0]) && value[$0] != UInt8(ascii: "#")
                                && value[$0] != UInt8(ascii: "&")
                        }
                    }
            }
    }
}

/// One caller's right to use one cached connection, and its uses that aren't recorded yet.
final class ConnectionGrant {
    private let actor: String
    private let scope: TenantScope
    private let connectionID: ConnectionID
    var until: Tick
    private var proxied = 0
    private var proxyFailures = 0
    private var fetched = 0

    init(actor: String, scope: TenantScope, connectionID: ConnectionID, until: Tick) {
        self.actor = actor
        self.scope = scope
        self.connectionID = connectionID
        self.until = until
    }

    private var isDirty: Bool { proxied + proxyFailures + fetched > 0 }

    func countProxied(success: Bool, on loop: DataPlaneLoop) {
        if !isDirty { loop.dirtyGrants.append(self) }
        if success { proxied += 1 } else { proxyFailures += 1 }
    }

    func countFetched(on loop: DataPlaneLoop) {
        if !isDirty { loop.dirtyGrants.append(self) }
        fetched += 1
    }

    func takeUses() -> [Usage] {
        defer {
            proxied = 0
            proxyFailures = 0
            fetched = 0
        }
        return [
            usage(.proxyUsed, .success, proxied), usage(.proxyUsed, .failure, proxyFailures),
            usage(.upstreamTokenFetched, .success, fetched),
        ].compactMap(\.self)
    }

    private func usage(_ action: AuditEvent.Action, _ outcome: AuditEvent.Outcome, _ count: Int) -> Usage? {
        guard count > 0 else { return nil }
        let key = UsageKey(
            actor: actor, scope: scope, connectionID: connectionID, action: action, outcome: outcome)
        return Usage(key: key, count: Int64(count))
    }
}
