/// The state machine of a connection: what moves its status, and what is told of it. Pure; the stores write what it says, and
/// their tests compare the two.
package enum ConnectionLifecycle {
    /// What happens to a connection.
    package enum Event: Hashable, Sendable {
        /// A verification succeeded, or the account was linked anew with one.
        case verified
        /// The account was linked anew and not verified.
        case linkedUnverified
        /// A verification call was refused.
        case credentialRefused
        /// A refresh brought a token.
        case refreshed
        /// A refresh failed for now. `hasValidToken`: the stored one is still served.
        case refreshFailed(StatusReason, hasValidToken: Bool)
        /// A refresh found that the grant or the credential has ended.
        case grantEnded(StatusReason)
        case suspendedByOperator
        /// `wasVerified`: a verification has succeeded before.
        case resumedByOperator(wasVerified: Bool)
    }

    /// Where it stands after an event.
    package struct Standing: Hashable, Sendable {
        package let status: ConnectionStatus
        package let reason: StatusReason?

        package init(_ status: ConnectionStatus, _ reason: StatusReason? = nil) {
            self.status = status
            self.reason = reason
        }
    }

    /// The standing after `event`; the same as before where the event doesn't concern it.
    package static func after(_ event: Event, _ before: Standing) -> Standing {
        switch (event, before.status) {
        // It stays switched off; what the account's owner had to mend is mended.
        case (.verified, .suspended), (.linkedUnverified, .suspended): Standing(.suspended, .byOperator)
        case (.verified, _): Standing(.active)
        case (.linkedUnverified, _): Standing(.pending)
        case (.credentialRefused, .active), (.credentialRefused, .backingOff), (.credentialRefused, .reauthRequired):
            Standing(.reauthRequired, .credentialRefused)
        case (.credentialRefused, .suspended): Standing(.suspended, .credentialRefused)
        case (.credentialRefused, .pending): before
        // A refresh moves only what is its own: a connection that was never verified, or that an operator suspended, stays.
        case (.refreshed, .pending), (.refreshed, .suspended), (.grantEnded, .pending), (.grantEnded, .suspended),
            (.refreshFailed, .pending), (.refreshFailed, .suspended):
            before
        case (.refreshed, _): Standing(.active)
        case (.grantEnded(let reason), _): Standing(.reauthRequired, reason)
        // Its end is known already; a try that failed for another reason takes nothing of it back.
        case (.refreshFailed, .reauthRequired): before
        case (.refreshFailed(let reason, let hasValidToken), _): hasValidToken ? before : Standing(.backingOff, reason)
        case (.suspendedByOperator, .suspended): before
        // Switching off and on again mends nothing: what only the account's owner can mend is remembered in the reason.
        case (.suspendedByOperator, .reauthRequired): Standing(.suspended, before.reason ?? .byOperator)
        case (.suspendedByOperator, _): Standing(.suspended, .byOperator)
        case (.resumedByOperator(wasVerified: false), .suspended): Standing(.pending)
        case (.resumedByOperator(wasVerified: true), .suspended):
            switch before.reason {
            case nil, .byOperator: Standing(.active)
            case let reason: Standing(.reauthRequired, reason)
            }
        case (.resumedByOperator, _): before
        }
    }

    /// What is told of a refresh, in order, beside the state that it leads to.
    ///
    /// - Parameters:
    ///   - failures: refreshes that failed since the last success, before this one.
    ///   - scopeMissing: whether the server grants less than was asked for, before and after.
    package static func told(
        of event: Event, from before: Standing, failures: Int,
        scopeMissing: (before: Bool, after: Bool) = (false, false)
    ) -> [LifecycleEvent] {
        let now = after(event, before)
        switch event {
        case .refreshed:
            var told: [LifecycleEvent] = [.refreshed]
            let hadTrouble = failures > 0 || before.status == .backingOff || before.status == .reauthRequired
            if hadTrouble { told.append(.recovered) }
            if scopeMissing.after, !scopeMissing.before { told.append(.scopeMissing) }
            return told
        case .refreshFailed:
            // Once for the first failure of a row of them, whether or not a valid token hides it from callers.
            return failures == 0 || (now.status == .backingOff && before.status != .backingOff) ? [.backingOff] : []
        case .grantEnded, .credentialRefused:
            return now.status == .reauthRequired && before.status != .reauthRequired ? [.reauthRequired] : []
        case .verified:
            return before.status == .pending
                ? [.linked] : before.status == .reauthRequired || before.status == .backingOff ? [.recovered] : []
        case .linkedUnverified, .suspendedByOperator, .resumedByOperator:
            return []
        }
    }
}

/// What a product is told about a connection's life; written in the transaction of the change that it tells of.
package enum LifecycleEvent: String, Hashable, Sendable, CaseIterable {
    /// Usable for the first time.
    case linked = "connection.linked"
    case refreshed = "connection.refreshed"
    /// The first of a row of failures.
    case backingOff = "connection.backing_off"
    /// Works again after failures.
    case recovered = "connection.recovered"
    /// Only the account's owner can mend it; told once.
    case reauthRequired = "connection.reauth_required"
    case deleted = "connection.deleted"
    /// The server grants less than was asked for; told once.
    case scopeMissing = "connection.scope_missing"
}
