import ArgumentParser
import Connections
import Domain
import NIOCore
import Postgres
import Proxy
import Store

/// How a command ends when it can't do what it was asked: a sentence for people, and an exit code by `sysexits(3)`.
struct CommandFailure: Error, CustomStringConvertible {
    enum Code: Int32, Sendable {
        case failed = 1
        case badData = 65
        case notFound = 66
        case unavailable = 69
        case internalFault = 70
        case temporary = 75
        case refused = 77
        case configuration = 78
    }

    let code: Code
    let description: String

    init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }

    /// Writes the sentence and turns the failure into the process's exit code.
    static func run(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch {
            if error is ExitCode || error is ValidationError || error is CleanExit { throw error }
            let failure = Self(error)
            CommandOutput.complain("error: \(failure.description)")
            throw ExitCode(failure.code.rawValue)
        }
    }

    init(_ error: any Error) {
        switch error {
        case let failure as CommandFailure: self = failure
        case let error as SettingsError: self.init(error)
        case let error as UseCaseError: self.init(error)
        case let error as PostgresError: self.init(.unavailable, "the database failed (\(error))")
        case let error as DataPlaneError: self.init(error)
        case let error as IOError:
            self.init(
                .unavailable,
                "the control plane can't listen on control.host and control.port (errno \(error.errnoCode)): the port is taken, or the address is not this machine's"
            )
        case is SocketAddressError: self.init(.configuration, "control.host is no address or name of this machine")
        default: self.init(.internalFault, "unexpected failure (\(type(of: error)))")
        }
    }
}

extension CommandFailure {
    init(_ error: SettingsError) { self.init(.configuration, error.description) }

    init(_ error: DataPlaneError) {
        switch error {
        case .cannotBind(let host, let port):
            self.init(
                .unavailable,
                "the data plane can't listen on \(host) port \(port) (data.host, data.port): the port is taken, or the "
                    + "address is not this machine's")
        }
    }

    init(_ error: UseCaseError) {
        switch error {
        case .notFound(let kind): self.init(.notFound, "no such \(kind.rawValue)")
        case .denied: self.init(.refused, "not permitted")
        case .invalid(let problems):
            let list = problems.map { "\($0.pointer): \($0.code.rawValue)" }.joined(separator: "; ")
            self.init(.badData, "refused: \(list)")
        case .conflict(let conflict): self.init(.badData, "conflict: \(conflict.rawValue)")
        case .stale: self.init(.temporary, "changed by somebody else meanwhile: read again and repeat")
        case .unavailable: self.init(.unavailable, "the database is away; nothing was stored")
        case .outcomeUnknown: self.init(.temporary, "the connection to the database was lost: check before repeating")
        case .verificationFailed(let failure): self.init(.badData, "the account did not verify: \(failure)")
        case .unproved(let connection, let failure):
            self.init(
                .badData,
                "the account did not verify: \(failure); it is stored as pending, go on with `sallyport connections verify \(connection)`"
            )
        case .refreshFailed(let failure): self.init(failure)
        case .envelopeRefused: self.init(.internalFault, "a stored secret doesn't open; an audit event says which")
        case .timedOut: self.init(.temporary, "timed out")
        case .internalFailure: self.init(.internalFault, "internal failure; the log says more")
        }
    }

    init(_ failure: RefreshFailure) {
        switch failure {
        case .notRefreshable: self.init(.badData, "its provider has no token endpoint: there is nothing to refresh")
        case .reauthRequired(let reason):
            self.init(.refused, "the account must be linked again (\(reason?.rawValue ?? "reauth_required"))")
        case .suspended: self.init(.refused, "the connection is suspended: `sallyport connections resume`")
        case .backingOff(let reason, let remaining):
            self.init(
                .temporary,
                "no token could be had (\(reason?.rawValue ?? "overloaded")); try again after \(remaining.components.seconds + 1) s"
            )
        }
    }
}
