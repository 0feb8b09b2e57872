package import Sodium

/// The only way out of the process, the data plane's upstream leg excepted.
///
/// Implementations never follow redirects, honour no ambient proxy or `.netrc`, verify the peer's certificate and name,
/// and check ``OutboundRequest/destination`` on the resolved address at connect time.
package protocol OutboundPort: Sendable {
    /// Sends one request and reads the whole answer, at most ``OutboundRequest/maxBodyBytes``.
    ///
    /// - Throws: an ``OutboundError``; its ``OutboundError/isSafeToRetry`` says whether the request can have had an effect.
    /// - Important: cancelling the caller aborts the transfer; where an answer must not be lost, call it from a task that
    ///   nobody cancels.
    func send(_ request: OutboundRequest) async throws(OutboundError) -> OutboundResponse
}

/// One request with everything that decides where it may go and how long it may take.
package struct OutboundRequest: Sendable {
    package enum Method: String, Sendable { case get = "GET", head = "HEAD", post = "POST" }

    /// A header; a secret one lives in ``SecretBytes`` until the wire.
    package enum HeaderValue: Sendable {
        case plain(String)
        case secret(SecretBytes)
    }

    package var method: Method
    /// Absolute, parsed strictly.
    package var url: URLParts
    /// Names in the spelling to send. No name or plain value may hold CR, LF or NUL: such a request is `.invalidRequest`.
    package var headers: [(name: String, value: HeaderValue)]
    package var body: SecretBytes?
    package var destination: DestinationPolicy
    /// Kept-alive connections are shared only between requests with an equal key: tenant and connection of the caller,
    /// so that a connection that was authenticated for one never serves another.
    package var poolKey: String
    /// PEM certificates to trust besides the system's; nil for the system's alone.
    package var trustedCertificates: String?
    /// Whole time from queueing to the last byte of the answer.
    package var timeout: Duration
    /// An answer with a larger body is `.responseTooLarge`.
    package var maxBodyBytes: Int

    package init(
        method: Method, url: URLParts, headers: [(name: String, value: HeaderValue)] = [], body: SecretBytes? = nil,
        destination: DestinationPolicy, poolKey: String, trustedCertificates: String? = nil,
        timeout: Duration = .seconds(10), maxBodyBytes: Int = 1 << 20
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.destination = destination
        self.poolKey = poolKey
        self.trustedCertificates = trustedCertificates
        self.timeout = timeout
        self.maxBodyBytes = maxBodyBytes
    }
}

/// A whole answer. Redirects arrive here as they are.
package struct OutboundResponse: Sendable {
    package let status: Int
    /// Names in lower case, values trimmed, in order of arrival.
    package let headers: [(name: String, value: String)]
    /// Secret, because token endpoints answer with secrets.
    package let body: SecretBytes

    package init(status: Int, headers: [(name: String, value: String)], body: SecretBytes) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The first value of a header, by its lower-case name.
    package func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}

/// Why a request has no usable answer; a closed code, never the peer's text.
package enum OutboundError: Error, Hashable, Sendable {
    /// The request itself can't be sent: a control character in a header, plain HTTP where it is not allowed.
    case invalidRequest
    /// The name doesn't resolve.
    case unresolvable
    /// Every resolved address is refused by the destination policy.
    case destinationRefused
    /// Refused, reset or unreachable before anything was sent.
    case unreachable
    /// Certificate, name or protocol version not acceptable.
    case tlsFailed
    /// The time was up before anything was sent.
    case timedOutBeforeSending
    /// The time was up, or the connection was lost, after the request may have reached the peer.
    case outcomeUnknown
    /// Status line, headers or framing not understood.
    case malformedResponse
    /// More than the request's bound.
    case responseTooLarge
    /// The client is at its bound of waiting requests, or shutting down.
    case overloaded
    /// The calling task was cancelled; the request may have reached the peer.
    case cancelled

    /// Whether nothing can have reached the peer.
    package var isSafeToRetry: Bool {
        switch self {
        case .unresolvable, .unreachable, .tlsFailed, .timedOutBeforeSending, .overloaded: true
        case .invalidRequest, .destinationRefused: true
        case .outcomeUnknown, .malformedResponse, .responseTooLarge, .cancelled: false
        }
    }
}
