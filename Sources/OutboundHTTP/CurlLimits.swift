/// Bounds of one outbound client. Every one is enforced by the client itself, whatever callers ask for.
package struct CurlLimits: Sendable {
    /// Transfers under way at once, over all pools. A transfer holds two descriptors while it resolves its host, then
    /// one; each pool in use holds two more.
    package var maxActiveTransfers = 1_024
    /// Transfers under way at once with one pool key, so that one caller's slow peer can't take all of them.
    package var maxActiveTransfersPerPool = 64
    /// Connections that a pool keeps for reuse.
    package var maxConnectionsKeptPerPool = 16
    /// Admitted transfers that wait for their turn; more are `.overloaded`.
    package var maxWaitingTransfers = 4_096
    /// Pools kept without a transfer, least recently used closed first.
    package var maxIdlePools = 64
    /// How long an unused connection, and a pool of them, is kept.
    package var idleTime = Duration.seconds(30)
    /// From the start of a transfer to a connection with TLS established; within the request's own timeout.
    package var connectTimeout = Duration.seconds(10)
    /// All header lines of an answer together, interim answers and trailers included.
    package var maxHeaderBytes = 64 << 10
    /// Bytes of a streamed body that are buffered in each direction.
    package var streamBufferBytes = 256 << 10
    /// Trust stores kept, one for each distinct set of additional certificates.
    package var maxTrustStores = 64

    package init() {}
}
