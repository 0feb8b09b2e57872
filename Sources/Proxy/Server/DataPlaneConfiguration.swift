internal import NIOCore
package import NIOSSL

/// What an operator sets for the data plane.
package struct DataPlaneConfiguration: Sendable {
    package var host: String
    /// 0 picks a free one; see ``DataPlaneServer/localAddress``.
    package var port: Int
    /// Event loops; each keeps its own caches and upstream connections.
    package var threads: Int
    package var limits: HTTPLimits
    /// Longest request body; nil streams any length.
    package var maxRequestBodyBytes: Int?
    /// Caller connections of the whole process; beyond it a new one is answered 503 and closed.
    package var maxConnections: Int
    /// Token requests that each loop has answered at once; beyond it one is answered 503.
    package var maxTokenIssues: Int
    package var timeouts: DataPlaneTimeouts
    package var upstream: UpstreamLimits
    /// Entries of each loop's cache of verified caller tokens.
    package var maxCachedTokens: Int
    /// Entries of each loop's cache of opened connections.
    package var maxCachedConnections: Int
    /// Asked for every accepted connection, so that a reload takes effect at once; nil serves plain HTTP.
    package var tlsContext: @Sendable () -> NIOSSLContext?

    package init(
        host: String = "127.0.0.1", port: Int = 0, threads: Int = 1, limits: HTTPLimits = HTTPLimits(),
        maxRequestBodyBytes: Int? = nil, maxConnections: Int = 10_000, maxTokenIssues: Int = 256,
        timeouts: DataPlaneTimeouts = DataPlaneTimeouts(), upstream: UpstreamLimits = UpstreamLimits(),
        maxCachedTokens: Int = 10_000, maxCachedConnections: Int = 10_000,
        tlsContext: @escaping @Sendable () -> NIOSSLContext? = { nil }
    ) {
        self.host = host
        self.port = port
        self.threads = threads
        self.limits = limits
        self.maxRequestBodyBytes = maxRequestBodyBytes
        self.maxConnections = maxConnections
        self.maxTokenIssues = maxTokenIssues
        self.timeouts = timeouts
        self.upstream = upstream
        self.maxCachedTokens = maxCachedTokens
        self.maxCachedConnections = maxCachedConnections
        self.tlsContext = tlsContext
    }
}

/// How long the data plane waits for what. All are checked once a ``tick``, so they may end one tick late.
package struct DataPlaneTimeouts: Sendable {
    /// From a request's first byte (or the accepted connection) to the end of its head.
    package var head = Duration.seconds(10)
    /// Without a byte of the request body, or without the caller taking a byte of the answer.
    package var bodyStall = Duration.seconds(30)
    /// Between two requests of a connection.
    package var keepAlive = Duration.seconds(75)
    /// For opening a connection's credential, a token's refresh included; and for the issue of a caller token.
    package var opening = Duration.seconds(15)
    /// For a free or new upstream connection, name and TLS included.
    package var upstreamConnect = Duration.seconds(10)
    /// From the end of the request to the head of the upstream's answer.
    package var upstreamHead = Duration.seconds(120)
    /// Unused upstream connections are kept so long.
    package var upstreamIdle = Duration.seconds(50)
    /// How long a resolved name is used.
    package var resolution = Duration.seconds(30)
    /// How long requests in flight may go on after a shutdown began.
    package var drain = Duration.seconds(30)
    /// After an answer that ends the connection: how long the caller's remaining bytes are read away.
    package var linger = Duration.seconds(2)
    package var tick = Duration.milliseconds(250)

    package init() {}
}

/// Bounds of the upstream side, for each event loop.
package struct UpstreamLimits: Sendable {
    /// Connections to one origin for one connection.
    package var maxPerConnection = 64
    package var maxInAll = 2_048
    /// Requests that wait for a connection to one origin.
    package var maxWaiting = 256
    /// Requests that wait for one opening of a connection's credential.
    package var maxWaitingForOpening = 1_024
    /// A request body up to this size is kept, so that it can be sent again after a 401 or a refused anti-forgery token.
    package var maxHeldBodyBytes = 65_536
    /// An answer that nobody wants is read away up to this size to keep its connection.
    package var maxDiscardedBytes = 65_536
    package var responseLimits = HTTPLimits(maxRequestLineBytes: 8_192, maxHeaderBytes: 65_536, maxHeaders: 200)

    package init() {}
}

extension Duration {
    /// The nearest amount that NIO takes.
    var timeAmount: TimeAmount {
        let parts = components
        return .nanoseconds(parts.seconds * 1_000_000_000 + parts.attoseconds / 1_000_000_000)
    }
}
