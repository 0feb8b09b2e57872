import ArgumentParser
import OData

/// An error for people, and the exit code that programs go by.
struct Failure: Error, CustomStringConvertible {
    enum Code: Int32 { case refused = 1, data = 65, unreachable = 69 }

    let description: String
    let code: Code

    init(_ description: String, code: Code) { (self.description, self.code) = (description, code) }

    init(of error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let error as ODataError: self.init(error)
        case let error as TransportError: self.init(Self.reach(error), code: .unreachable)
        default: self.init("\(error)", code: .data)
        }
    }

    private init(_ error: ODataError) {
        switch error {
        case .service(let refusal): self.init(Self.text("The service refused.", refusal), code: .refused)
        case .conflict(let reason, let refusal): self.init(Self.text(Self.conflict(reason), refusal), code: .refused)
        case .authentication(let failure, let refusal): self.init(Self.logon(failure, refusal), code: .refused)
        case .expiredLink(let refusal):
            self.init(Self.text("The service no longer knows the link.", refusal), code: .refused)
        case .transport(let error): self.init(Self.reach(error), code: .unreachable)
        case .deadline: self.init("The time is up.", code: .unreachable)
        case .query(let error): self.init("The query is wrong: \(Self.query(error))", code: .data)
        case .value(let error): self.init("A value doesn't fit: \(error)", code: .data)
        case .unsupported(let feature):
            self.init("The service or its version can't do it: \(feature.rawValue)", code: .data)
        case .malformed, .metadata, .limit, .foreignLink, .pageLoop, .cancelled:
            self.init("The answer can't be used: \(error)", code: .data)
        }
    }

    private static func conflict(_ reason: ConflictReason) -> String {
        switch reason {
        case .stale: "It has changed since it was read: read it again."
        case .tagRequired: "The service wants to know which version is meant: --if-match."
        case .locked: "It is locked, or there is one of that key."
        }
    }

    private static func logon(_ failure: AuthenticationFailure, _ refusal: ServiceError?) -> String {
        let first =
            switch failure {
            case .refused: "The credential was refused."
            case .logonPage: "A logon page came instead of data: the session or the credential is no longer good."
            case .csrfTokenRefused: "The anti-forgery token was refused twice."
            }
        return refusal.map { text(first, $0) } ?? first
    }

    private static func reach(_ error: TransportError) -> String {
        switch error {
        case .unreachable: "The service can't be reached."
        case .untrusted: "The service's certificate isn't trusted: see --ca-file."
        case .timedOut(let isSent): "No answer in time" + outcome(isSent)
        case .broken(let isSent): "The connection broke" + outcome(isSent)
        default: "The service can't be reached: \(error)"
        }
    }

    private static func outcome(_ isSent: Bool) -> String {
        isSent ? "; the service may have done what was asked." : "; nothing was sent."
    }

    private static func query(_ error: QueryError) -> String {
        switch error {
        case .unknownName(let name, let type): "\(type) has no '\(name)'."
        case .unknownEntitySet(let name): "there is no '\(name)'."
        case .notInVersion(let name, let version): "'\(name)' is not of version \(version)."
        case .keyMismatch(let names): "the key is \(names.joined(separator: ", "))."
        case .value(let error): "\(error)"
        case .invalidName(let name): "'\(name)' is no name."
        case .misplaced(let name): "'\(name)' can't stand there."
        case .syntax(let offset): "it can't be read from byte \(offset) on."
        case .tooDeep: "it is nested too deep."
        }
    }

    /// Status, code and message, details with their targets, and what SAP's support asks for.
    static func text(_ first: String, _ refusal: ServiceError) -> String {
        var lines = [first + " HTTP \(refusal.status)" + (refusal.code.map { ", \($0)" } ?? "")]
        if let message = refusal.message { lines.append("  " + message.text) }
        for detail in refusal.details {
            lines.append("  - \(detail.severity): \(detail.text)" + (detail.target.map { " (\($0))" } ?? ""))
        }
        if let transaction = refusal.transactionID { lines.append("  transaction \(transaction)") }
        if let wait = refusal.retryAfter { lines.append("  try again in \(wait.components.seconds) s") }
        return lines.joined(separator: "\n")
    }
}

extension AsyncParsableCommand {
    /// Runs what may fail, and turns what fails into a message and an exit code.
    func reporting(_ run: () async throws -> Void) async throws {
        do {
            try await run()
        } catch let error as ValidationError {
            throw error
        } catch let code as ExitCode {
            throw code
        } catch {
            let failure = Failure(of: error)
            Terminal.tell("error: " + failure.description)
            throw ExitCode(failure.code.rawValue)
        }
    }
}
