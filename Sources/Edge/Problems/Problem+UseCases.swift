package import Connections
internal import Domain
package import Identity

// Every error of the layers below, and what it is on the wire. Another tenant's object is "not found", never "forbidden".

extension Problem {
    package init(_ error: UseCaseError) {
        switch error {
        case .notFound: self.init(code: .notFound)
        case .denied(let missing):
            self.init(code: .permissionDenied)
            missingPermissions = missing
        case .invalid(let problems):
            self.init(code: .invalidRequest)
            errors = problems.map { InvalidMember(.pointer($0.pointer), code: $0.code.rawValue) }
        case .conflict(let conflict): self.init(conflict)
        case .stale: self.init(code: .stale)
        case .unavailable: self.init(code: .unavailable)
        case .outcomeUnknown: self.init(code: .outcomeUnknown)
        case .verificationFailed(let failure):
            self.init(code: .verificationFailed)
            verification = VerificationProblem(failure)
        case .unproved(let connection, let failure):
            self.init(code: .verificationFailed)
            verification = VerificationProblem(failure)
            connectionID = connection
        case .refreshFailed(let failure): self.init(failure)
        case .envelopeRefused: self.init(code: .envelopeRefused)
        case .timedOut: self.init(code: .timedOut)
        case .internalFailure: self.init(code: .internalError)
        }
    }

    package init(_ failure: RefreshFailure) {
        switch failure {
        case .notRefreshable: self.init(code: .notRefreshable)
        case .reauthRequired(let reason):
            self.init(code: .reauthRequired)
            self.reason = reason
        case .suspended: self.init(code: .connectionSuspended)
        case .backingOff(let reason, let remaining):
            self.init(code: reason == nil ? .overloaded : .backingOff)
            self.reason = reason
            retryAfter = remaining.wholeSecondsUp
        }
    }

    package init(_ conflict: StoreConflict) {
        switch conflict {
        case .environmentName, .integrationName: self.init(code: .nameTaken)
        case .tenantExternalID: self.init(code: .externalIDTaken)
        case .stillReferenced: self.init(code: .stillReferenced)
        }
    }

    package init(_ error: AuthenticationError) {
        switch error {
        case .refused: self.init(code: .unauthenticated)
        case .storeUnavailable: self.init(code: .unavailable)
        }
    }
}

extension Duration {
    /// Rounded up, because who comes back a moment early is refused again; at least 1, at most a day.
    fileprivate var wholeSecondsUp: Int {
        let (seconds, attoseconds) = components
        return Int(min(max(seconds + (attoseconds > 0 ? 1 : 0), 1), 86_400))
    }
}

/// Runs a use case and says what its error is on the wire.
///
/// - Parameter renaming: prefixes of the use case's pointers that stand elsewhere in the body, longest first.
func asking<T: Sendable>(
    renaming: [(from: String, to: String)] = [], _ body: () async throws(UseCaseError) -> T
) async throws(Problem) -> T {
    do throws(UseCaseError) {
        return try await body()
    } catch {
        var problem = Problem(error)
        problem.errors = problem.errors.map { $0.renamed(by: renaming) }
        throw problem
    }
}

extension InvalidMember {
    fileprivate func renamed(by rules: [(from: String, to: String)]) -> InvalidMember {
        guard case .pointer(let pointer) = place else { return self }
        for (from, to) in rules where pointer == from || pointer.hasPrefix(from + "/") {
            return InvalidMember(.pointer(to + pointer.dropFirst(from.count)), code: code)
        }
        return self
    }
}
