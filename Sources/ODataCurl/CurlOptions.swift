/// Bounds and trust of a transport.
public struct CurlOptions: Sendable, Hashable {
    /// PEM bundle of the authorities that are trusted; nil: those of `caDirectory` alone.
    public var caFile: String? = "/etc/ssl/certs/ca-certificates.crt"
    /// A directory of certificates with hashed names, trusted besides.
    public var caDirectory: String?
    public var clientCertificate: ClientCertificate?
    /// For TCP and TLS together, within the request's deadline; past it a request is `.unreachable`.
    public var connectTimeout = Duration.seconds(15)
    /// How long an unused connection is kept.
    public var idleTime = Duration.seconds(60)
    /// Offers HTTP/2 in the TLS handshake.
    public var offersHTTP2 = true
    /// Asks for gzip and undoes it: for slow lines. The bounds of a reader count the bytes that it gets.
    public var asksForGzip = false
    /// Requests under way at once; others wait.
    public var maxTransfers = 64
    /// Requests that wait; more are `.overloaded`.
    public var maxWaiting = 1_024
    public var maxConnectionsPerHost = 16
    /// Of one answer's head, interim answers and trailers included; more is `.malformed`.
    public var maxHeaderBytes = 128 << 10
    /// Of one answer's body, received and not read yet: then the sender is stopped.
    public var maxBufferedBytes = 256 << 10

    public init() {}

    /// A certificate and its key in PEM files.
    public struct ClientCertificate: Sendable, Hashable {
        public var certificateFile: String
        /// nil: in the certificate's file.
        public var keyFile: String?
        var keyPassword: String?

        public init(certificateFile: String, keyFile: String? = nil, keyPassword: String? = nil) {
            (self.certificateFile, self.keyFile) = (certificateFile, keyFile)
            self.keyPassword = keyPassword
        }
    }
}

extension CurlOptions.ClientCertificate: CustomStringConvertible, CustomReflectable {
    /// Without the password, as `dump` is.
    public var description: String { certificateFile }
    public var customMirror: Mirror { Mirror(self, children: ["certificateFile": certificateFile]) }
}
