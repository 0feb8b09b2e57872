/// How a client shows its id and secret to a token endpoint (RFC 6749 §2.3.1).
package enum ClientAuthentication: String, Sendable, CaseIterable {
    /// `Authorization: Basic` over the form-encoded id and secret, as the RFC says.
    case basic
    /// `Authorization: Basic` over id and secret as they are: what several servers expect instead.
    case rawBasic = "raw_basic"
    /// `client_id` and `client_secret` in the form.
    case body
}
