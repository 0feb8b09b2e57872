/// Where a service is: an absolute URL that ends with a slash, and query options that every request to it carries.
public struct ServiceRoot: Sendable, Hashable, CustomStringConvertible {
    /// `https` or `http`.
    public let scheme: String
    /// Host in lower case, with its port unless it is the scheme's own.
    public let authority: String
    /// Begins and ends with a slash.
    public let path: String
    /// Options of the root's own URL (`sap-client=100`), encoded, in their order.
    public let options: [String]

    /// - Parameter url: `https://host/sap/opu/odata/sap/API_BUSINESS_PARTNER?sap-client=100`; the slash at the end may
    ///   be missing.
    /// - Throws: `.query(.syntax)` for a text that is no absolute http or https URL with a host, or has a user name in
    ///   it.
    public init(_ url: String) throws(ODataError) {
        guard let parts = URLReference(url), let scheme = parts.scheme, let authority = parts.authority else {
            throw .query(.syntax(offset: 0))
        }
        (self.scheme, self.authority) = (scheme, authority)
        let path = parts.resolved(against: parts).path
        self.path = path.hasSuffix("/") ? path : path + "/"
        options = parts.query.map { $0.split(separator: "&").map(String.init) } ?? []
    }

    /// Without options.
    public var url: String { origin + path }

    public var description: String { url }

    var origin: String { scheme + "://" + authority }

    /// Whether the path is one of SAP's gateway, or a `sap-client` is given.
    var isSAP: Bool {
        Self.sapPrefixes.contains { path.lowercased().contains($0) }
            || options.contains { Self.name(of: $0) == "sap-client" }
    }

    private static let sapPrefixes = ["/sap/opu/odata", "/sap/bc/"]

    /// The absolute URL of a target: relative to the root, or absolute as `resolve` makes it.
    ///
    /// - Throws: `.foreignLink` for one that leads away from the root's host, or, where it is relative, out of the
    ///   service.
    public func url(of target: String) throws(ODataError) -> String {
        guard let reference = URLReference(target) else { throw .foreignLink }
        if reference.authority != nil { return try resolve(reference: target, from: url) }
        return try resolve(link: target, from: url)
    }

    /// Where a link leads that the service sent (`@odata.nextLink`, `__next`, `__metadata.uri`, `Location`), as it can
    /// be asked.
    ///
    /// Services behind a reverse proxy write their own host into links: an absolute link with another host, or with the
    /// gateway's own path, is taken for the root's where its path is the service's. Path and query stay byte for byte,
    /// except that the root's options are appended where the link lost them.
    ///
    /// - Parameters:
    ///   - link: absolute, or relative to `requestURL`.
    ///   - requestURL: the absolute URL of the request, or what the payload's context makes of it: see
    ///     `base(context:from:)`.
    /// - Throws: `.foreignLink` for a link out of the service, to another scheme than http and https, or with a user
    ///   name.
    public func resolve(link: String, from requestURL: String) throws(ODataError) -> String {
        var target = try absolute(link, requestURL)
        guard let rest = pathInService(target.path) else { throw .foreignLink }
        // Behind a proxy the root's host is the one that can be reached.
        (target.scheme, target.authority, target.path) = (scheme, authority, path + rest)
        return completed(target)
    }

    /// Where a reference leads that may be out of the service and must be on its host: a value list's metadata, a
    /// status monitor.
    ///
    /// - Throws: `.foreignLink` for another host, scheme or port.
    public func resolve(reference: String, from requestURL: String) throws(ODataError) -> String {
        let target = try absolute(reference, requestURL)
        guard target.scheme == scheme, target.authority == authority else {
            return try resolve(link: reference, from: requestURL)
        }
        return completed(target)
    }

    /// What relative links of a payload are relative to: its context, if it has one (OData JSON 4.01 §4.5.1), which may
    /// itself be relative to the request; else the request.
    public func base(context: String?, from requestURL: String) throws(ODataError) -> String {
        guard let context else { return requestURL }
        return try resolve(reference: context, from: requestURL)
    }

    func contains(path: String) -> Bool { Self.rest(of: path, after: self.path) != nil }

    private func absolute(_ link: String, _ requestURL: String) throws(ODataError) -> URLReference {
        guard let base = URLReference(requestURL), base.scheme != nil, base.authority != nil,
            let reference = URLReference(link)
        else { throw .foreignLink }
        return reference.resolved(against: base)
    }

    /// What follows the service's own part of a path. Letter case of that part doesn't count, as for SAP's servers.
    private func pathInService(_ path: String) -> Substring? {
        if let rest = Self.rest(of: path, after: self.path) { return rest }
        guard let gateway = gatewayPath else { return nil }
        return Self.rest(of: path, after: gateway)
    }

    /// The path as the gateway itself knows it, where a proxy put something in front: `/erp/sap/opu/odata/…`.
    private var gatewayPath: String? {
        // All of it is ASCII: what isn't is percent-encoded.
        guard let range = path.lowercased().firstRange(of: Self.sapPrefixes[0]) else { return nil }
        let offset = path.utf8.distance(from: path.startIndex, to: range.lowerBound)
        return offset > 0 ? String(path.dropFirst(offset)) : nil
    }

    /// The service itself may come without its slash.
    private static func rest(of path: String, after prefix: String) -> Substring? {
        let (bytes, start) = (path.utf8, prefix.utf8)
        guard bytes.count >= start.count - 1, zip(bytes, start).allSatisfy({ folded($0) == folded($1) }) else {
            return nil
        }
        return path[bytes.index(bytes.startIndex, offsetBy: min(start.count, bytes.count))...]
    }

    private static func folded(_ byte: UInt8) -> UInt8 { (65...90).contains(byte) ? byte | 0x20 : byte }

    private func completed(_ target: URLReference) -> String {
        var target = target
        target.appendMissing(options)
        return target.text
    }

    static func name(of option: some StringProtocol) -> String { option.prefix { $0 != "=" }.lowercased() }
}

extension URLReference {
    /// Appends encoded options whose names the query doesn't have.
    mutating func appendMissing(_ options: [String]) {
        guard !options.isEmpty else { return }
        let present = query.map { $0.split(separator: "&").map { ServiceRoot.name(of: $0) } } ?? []
        let missing = options.filter { !present.contains(ServiceRoot.name(of: $0)) }
        guard !missing.isEmpty else { return }
        let added = missing.joined(separator: "&")
        query = query.map { $0.isEmpty ? added : $0 + "&" + added } ?? added
    }
}
