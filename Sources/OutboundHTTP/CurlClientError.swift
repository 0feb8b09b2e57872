/// Why the client did not start.
package enum CurlClientError: Error, Hashable, Sendable {
    /// libcurl is older than 7.87, was not built with OpenSSL or did not initialise.
    case unsupportedLibrary
    /// No descriptor or thread to be had; the system's error number.
    case systemResources(Int32)
    /// Started before; a client starts once.
    case alreadyStarted
}
