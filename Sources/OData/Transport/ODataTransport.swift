public import HTTPTypes

/// How requests reach a service: libcurl (`ODataCurl`), a vault's proxy, or whatever a program has.
///
/// An implementation sends the head as it is: path and query byte for byte, no header of its own besides what HTTP
/// needs, no cookies, no redirects, no retries; all of these are the client's. It decodes no content coding that it did
/// not ask for.
public protocol ODataTransport: Sendable {
    /// - Parameters:
    ///   - head: with scheme, authority and path.
    ///   - body: sent with its length; nil sends none.
    ///   - deadline: for everything up to the end of the body; the transport gives up then with `.timedOut`.
    /// - Returns: the head, and a body that is read once. It arrives as it is read: who doesn't read stops the sender.
    /// - Throws: `TransportError`, whose `isSent` says whether the service may have seen the request.
    func send(
        _ head: HTTPRequest, body: [UInt8]?, deadline: ContinuousClock.Instant
    ) async throws(TransportError) -> TransportResponse

    /// Whether cookies and anti-forgery tokens are kept behind this transport, as a vault's proxy does: the session
    /// then sends neither. False unless an implementation says otherwise.
    var keepsSession: Bool { get }
}

extension ODataTransport {
    public var keepsSession: Bool { false }
}

public struct TransportResponse: Sendable {
    public var head: HTTPResponse
    public var body: ResponseBody

    public init(head: HTTPResponse, body: ResponseBody) { (self.head, self.body) = (head, body) }
}

/// The bytes of an answer, as they arrive. Read by one task, once.
public struct ResponseBody: AsyncSequence, Sendable {
    public typealias Element = [UInt8]
    public typealias Failure = TransportError

    private let pull: @Sendable () async throws(TransportError) -> [UInt8]?
    private let abandon: @Sendable () -> Void

    /// - Parameters:
    ///   - next: the next bytes, not empty; nil at the end.
    ///   - cancel: frees what the transfer holds; called when nobody wants the rest, perhaps more than once.
    public init(
        next: @escaping @Sendable () async throws(TransportError) -> [UInt8]?, cancel: @escaping @Sendable () -> Void
    ) {
        (pull, abandon) = (next, cancel)
    }

    public struct AsyncIterator: AsyncIteratorProtocol {
        let pull: @Sendable () async throws(TransportError) -> [UInt8]?

        public mutating func next() async throws(TransportError) -> [UInt8]? { try await pull() }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(pull: pull) }

    /// Nobody wants the rest.
    public func cancel() { abandon() }
}

/// Why a request got no answer, or none that could be read to its end.
public enum TransportError: Error, Sendable, Hashable {
    /// No connection: nothing was sent.
    case unreachable
    /// The certificate or the TLS handshake was refused: nothing was sent.
    case untrusted
    /// The deadline passed.
    case timedOut(isSent: Bool)
    /// The connection broke.
    case broken(isSent: Bool)
    /// The answer is no HTTP, or its length is wrong.
    case malformed
    /// The caller's task was cancelled.
    case cancelled(isSent: Bool)
    /// A limit of the transport itself, such as too many requests at once: nothing was sent.
    case overloaded
    /// A proxy on the way says why it didn't pass the request on, or the answer back.
    case refused(ProxyProblem)

    /// Whether the service may have seen the request.
    public var isSent: Bool {
        switch self {
        case .unreachable, .untrusted, .overloaded: false
        case .timedOut(let isSent), .broken(let isSent), .cancelled(let isSent): isSent
        case .malformed: true
        case .refused(let problem): problem.isSent
        }
    }
}
