package import Sodium

/// What the credential adds to each request, ready for the wire.
package struct PreparedInjection: Sendable {
    /// Lower-case names with whole values (`authorization`: `Basic …`). Whatever the caller sent under these names goes.
    package let headers: [(name: String, value: SecretBytes)]
    /// Query parameters, name and value percent-encoded already.
    package let query: [(name: String, value: SecretBytes)]

    package init(headers: [(name: String, value: SecretBytes)], query: [(name: String, value: SecretBytes)] = []) {
        self.headers = headers
        self.query = query
    }
}
