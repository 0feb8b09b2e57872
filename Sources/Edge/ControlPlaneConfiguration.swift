package import NIOSSL

/// Where and how the control plane listens.
package struct ControlPlaneConfiguration: Sendable {
    package typealias TLSContext = @Sendable () -> NIOSSLContext?

    /// Name or address to bind.
    package var host: String
    /// 0 takes a free one.
    package var port: Int
    package var limits: ControlPlaneLimits
    /// Asked for every accepted connection, so that a new certificate holds from the next one on. Nil serves plain HTTP; a
    /// closure that gives nil refuses connections.
    package var tls: TLSContext?

    package init(
        host: String, port: Int, limits: ControlPlaneLimits = ControlPlaneLimits(),
        tls: TLSContext? = nil
    ) {
        self.host = host
        self.port = port
        self.limits = limits
        self.tls = tls
    }
}

/// What one request, one connection and all connections may take.
package struct ControlPlaneLimits: Sendable {
    /// Of a body; 413 above. A form is limited to 16 KiB as well.
    package var maxBodyBytes: Int
    /// From the first byte of a head to its end; 408 after.
    package var headTimeout: Duration
    /// From the first read of a body to its last byte; 408 after.
    package var bodyTimeout: Duration
    /// From the head of a request to its answer; 504 after.
    package var requestTimeout: Duration
    /// A connection that sends no whole head for this long is closed, between requests and at the start.
    package var idleTimeout: Duration
    /// A connection on which no byte moves for this long is closed, even inside an answer that nobody reads; never
    /// before ``requestTimeout`` and a second more.
    package var stallTimeout: Duration
    /// Names and values of all fields together; 431 above.
    package var maxHeaderBytes: Int
    package var maxHeaderFields: Int
    /// More wait in the kernel's queue until one closes.
    package var maxConnections: Int

    package init(
        maxBodyBytes: Int = 1 << 20, headTimeout: Duration = .seconds(10), bodyTimeout: Duration = .seconds(10),
        requestTimeout: Duration = .seconds(15),
        idleTimeout: Duration = .seconds(30), stallTimeout: Duration = .seconds(60), maxHeaderBytes: Int = 32 << 10,
        maxHeaderFields: Int = 100,
        maxConnections: Int = 4_096
    ) {
        self.maxBodyBytes = maxBodyBytes
        self.headTimeout = headTimeout
        self.bodyTimeout = bodyTimeout
        self.requestTimeout = requestTimeout
        self.idleTimeout = idleTimeout
        self.stallTimeout = stallTimeout
        self.maxHeaderBytes = maxHeaderBytes
        self.maxHeaderFields = maxHeaderFields
        self.maxConnections = maxConnections
    }
}
