public import HTTPTypes

/// Sends everything through a Sallyport proxy, which adds the credential of a linked account: the program never sees
/// it.
///
/// `https://system/base/path?query` becomes `https://proxy/proxy/{connection}/path?query`, authorised by a caller
/// token. Cookies and anti-forgery tokens are the proxy's matter (`keepsSession`). What the proxy itself answers is
/// `TransportError.refused`, by its stable codes; the service's own errors pass as they are.
public struct SallyportTransport: ODataTransport {
    /// A caller token of the proxy's control plane, with permission `proxy`; asked for before each request.
    public typealias CallerToken = @Sendable () async throws -> String

    private let proxy: URLReference
    private let connection: String
    private let system: URLReference
    private let transport: any ODataTransport
    private let callerToken: CallerToken

    /// - Parameters:
    ///   - proxy: the data plane's origin, `https://sallyport.example:7422`.
    ///   - connection: the linked account's identifier.
    ///   - system: the origin and base path that the connection is linked with: what stands before the proxy's `path`.
    ///   - transport: how the proxy is reached.
    /// - Throws: `.query(.syntax)` where a URL is none, or the identifier has characters besides letters, digits, `_`
    ///   and `-`.
    public init(
        proxy: String, connection: String, system: String, over transport: any ODataTransport,
        callerToken: @escaping CallerToken
    ) throws(ODataError) {
        guard let proxy = URLReference(proxy), proxy.authority != nil, proxy.scheme != nil, proxy.query == nil,
            let system = URLReference(system), system.authority != nil, system.scheme != nil, system.query == nil,
            !connection.isEmpty, connection.utf8.allSatisfy(Self.isIdentifierByte)
        else { throw .query(.syntax(offset: 0)) }
        (self.proxy, self.connection, self.system) = (proxy.withoutSlash, connection, system.withoutSlash)
        (self.transport, self.callerToken) = (transport, callerToken)
    }

    public var keepsSession: Bool { true }

    /// - Throws: besides what the inner transport throws, `.unreachable` for a URL that isn't the connection's system,
    ///   and `.refused` with the code `missingToken` where there is no caller token to be had: nothing was sent then;
    ///   else `.refused` with what the proxy says.
    public func send(
        _ head: HTTPRequest, body: [UInt8]?, deadline: ContinuousClock.Instant
    ) async throws(TransportError) -> TransportResponse {
        var passed = try redirected(head)
        passed.headerFields[.authorization] = "Bearer " + (try await token())
        passed.headerFields[.cookie] = nil
        var response = try await transport.send(passed, body: body, deadline: deadline)
        if response.head.status.code >= 400, let problem = try await problem(of: &response) { throw .refused(problem) }
        if let location = response.head.headerFields[.location] {
            response.head.headerFields[.location] = original(location)
        }
        return response
    }

    private func token() async throws(TransportError) -> String {
        do {
            return try await callerToken()
        } catch is CancellationError {
            throw .cancelled(isSent: false)
        } catch {
            throw .refused(ProxyProblem(status: 401, code: .missingToken))
        }
    }

    private var prefix: String { proxy.path + "/proxy/" + connection }

    private func redirected(_ head: HTTPRequest) throws(TransportError) -> HTTPRequest {
        guard let scheme = head.scheme, let authority = head.authority, let path = head.path,
            let url = URLReference(scheme + "://" + authority + path),
            url.scheme == system.scheme, url.authority == system.authority,
            let rest = system.rest(ofPath: path)
        else { throw .unreachable }
        var passed = head
        (passed.scheme, passed.authority) = (proxy.scheme, proxy.authority)
        passed.path = prefix + rest
        return passed
    }

    /// A `Location` below the proxy's path as the service meant it.
    private func original(_ location: String) -> String {
        guard location.hasPrefix(prefix + "/") || location == prefix else { return location }
        var url = system
        url.path += location.dropFirst(prefix.count)
        return url.text
    }

    // MARK: The proxy's own answers

    private static let maxProblemBytes = 16_384
    private static let typePrefix = "urn:sallyport:problem:"
    private static let instancePrefix = "urn:sallyport:request:"

    /// The proxy's own answer: a problem of its namespace, whose request is that of `x-request-id`, a header that no
    /// upstream can set through it. Anything else is the service's; its body is put back as it was read.
    private func problem(of response: inout TransportResponse) async throws(TransportError) -> ProxyProblem? {
        let headers = response.head.headerFields
        guard headers[.contentType]?.hasPrefix("application/problem+json") == true, let id = Self.requestID(headers)
        else {
            return nil
        }
        var bytes: [UInt8] = []
        var rest = response.body.makeAsyncIterator()
        while bytes.count <= Self.maxProblemBytes, let chunk = try await rest.next() { bytes += chunk }
        let status = response.head.status.code
        guard bytes.count <= Self.maxProblemBytes, let node = try? JSONNode(parsing: bytes, maxDepth: 8),
            case .string(let type)? = node["type"], type.hasPrefix(Self.typePrefix),
            case .string(Self.instancePrefix + id)? = node["instance"], case .number(String(status))? = node["status"]
        else {
            response.body = response.body.prefixed(by: bytes)
            return nil
        }
        return ProxyProblem(
            status: status, code: ProxyProblem.Code(rawValue: String(type.dropFirst(Self.typePrefix.count))),
            requestID: id, retryAfter: RetryAfter.duration(headers))
    }

    private static func requestID(_ headers: HTTPFields) -> String? {
        HTTPField.Name("x-request-id").flatMap { headers[$0] }.flatMap { $0.isEmpty || $0.utf8.count > 64 ? nil : $0 }
    }

    private static func isIdentifierByte(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte & 0xDF) && byte < 0x80 || byte == 0x5F || byte == 0x2D
    }
}

extension URLReference {
    fileprivate var withoutSlash: URLReference {
        var url = self
        while url.path.hasSuffix("/") { url.path.removeLast() }
        return url
    }

    /// What follows this path in another path with a query.
    fileprivate func rest(ofPath other: String) -> Substring? {
        guard other.hasPrefix(path) else { return nil }
        let rest = other.dropFirst(path.count)
        return rest.isEmpty || rest.hasPrefix("/") || rest.hasPrefix("?") ? rest : nil
    }
}

extension ResponseBody {
    /// Bytes that were read already, and then the rest.
    fileprivate func prefixed(by bytes: [UInt8]) -> ResponseBody {
        let first = ResponseBody(bytes)
        return ResponseBody(
            next: { () async throws(TransportError) -> [UInt8]? in
                var held = first.makeAsyncIterator()
                if let chunk = try await held.next() { return chunk }
                var rest = self.makeAsyncIterator()
                return try await rest.next()
            }, cancel: { self.cancel() })
    }
}
