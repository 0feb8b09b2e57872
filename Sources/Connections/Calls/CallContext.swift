package import Domain

/// Who calls a use case, for which request, and until when an answer is of use.
package struct CallContext: Sendable {
    package let principal: Principal
    /// Stands in audit events and logs; at most 64 characters, empty where no request is known.
    package let requestID: String
    /// Outside calls end by then with `.timedOut`.
    package let deadline: ContinuousClock.Instant

    package init(principal: Principal, requestID: String, deadline: ContinuousClock.Instant) {
        self.principal = principal
        self.requestID = requestID
        self.deadline = deadline
    }
}

/// A clock for deadlines and waits; injected, so that a test moves it by hand.
package protocol DeadlineClock: Clock, Sendable where Instant == ContinuousClock.Instant {}

extension ContinuousClock: DeadlineClock {}
