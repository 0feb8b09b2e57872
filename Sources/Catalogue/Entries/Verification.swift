package import Domain

/// A cheap call that proves an account, and how to read its status.
package struct Verification: Hashable, Sendable {
    /// GET or HEAD.
    package let method: OutboundRequest.Method
    /// Below the base URL: path and query, beginning with `/` or with the one field that holds both.
    package let target: Template
    /// Statuses that prove the credential.
    package let expectedStatuses: Set<Int>
    /// Statuses that say that it is wrong.
    package let refusedStatuses: Set<Int>

    package enum Outcome: Hashable, Sendable { case verified, credentialRefused, unexpected }

    package func outcome(of status: Int) -> Outcome {
        if expectedStatuses.contains(status) { return .verified }
        return refusedStatuses.contains(status) ? .credentialRefused : .unexpected
    }
}
