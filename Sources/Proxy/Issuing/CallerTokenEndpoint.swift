package import Sodium

/// The token endpoint (RFC 6749 §3.2), as this listener asks it. Whoever wires the process puts the control plane's there.
package protocol CallerTokenEndpoint: Sendable {
    /// Answers a request whose caller nobody knows yet; every failure is an answer as well (RFC 6749 §5.2).
    ///
    /// Runs on the request's event loop, so it may wait but not block.
    ///
    /// - Parameters:
    ///   - form: the body, of the type `application/x-www-form-urlencoded`, at most 16 KiB; it may be empty.
    ///   - authorization: the value of the header of that name; empty where it came twice.
    ///   - requestID: 1 to 64 characters for records.
    func answer(form: SecretBytes, authorization: SecretBytes?, requestID: String) async -> CallerTokenAnswer
}

package struct CallerTokenAnswer: Sendable {
    package let status: Int
    /// All but those of the connection, names in lower case; `content-type` and `cache-control` are among them. Written as
    /// they are: neither name nor value has anything in it that came from a caller.
    package let headers: [(name: String, value: String)]
    package let body: [UInt8]

    package init(status: Int, headers: [(name: String, value: String)], body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}
