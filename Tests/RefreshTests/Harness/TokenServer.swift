import Domain
import Synchronization
import TestSupport

/// An authorisation server that rotates refresh tokens and revokes a grant whose spent token comes back (RFC 9700 §4.14.2).
///
/// The refresh tokens of the grant `a` are `rt-a-0`, `rt-a-1`, …; with `rt-a-1` come `at-a-1` and the answers after it.
final class TokenServer: Sendable {
    /// What happens to one of the next requests, in their order.
    enum Fault: Sendable {
        /// Nothing reaches the server.
        case before(OutboundError)
        /// It grants, and the answer never arrives.
        case after(OutboundError)
        /// It grants, and what arrives can't be read.
        case garbled
        /// It answers so, and grants nothing.
        case answer(OutboundResponse)
    }

    private struct Grant {
        var current = 0
        /// Tokens issued, for servers that don't rotate.
        var issued = 0
        var isRevoked = false
    }

    private struct State {
        var grants: [String: Grant] = [:]
        var faults: [Fault] = []
        var sent: [String] = []
        var reuses = 0
        var rotates = true
        var lifetime: Int? = 600
    }

    private let state = Mutex(State())

    /// The refresh tokens that arrived, in order.
    var sent: [String] { state.withLock { $0.sent } }
    /// How often a spent one was among them.
    var reuses: Int { state.withLock { $0.reuses } }

    /// The one refresh token of a grant that is good now; nil for a grant that was revoked.
    func current(of grant: String) -> String? {
        state.withLock { state in
            let known = state.grants[grant] ?? Grant()
            return known.isRevoked ? nil : "rt-\(grant)-\(known.current)"
        }
    }

    func fail(_ faults: Fault...) { state.withLock { $0.faults += faults } }
    func stopRotating() { state.withLock { $0.rotates = false } }
    func revoke(_ grant: String) { state.withLock { $0.grants[grant, default: Grant()].isRevoked = true } }
    func setLifetime(_ seconds: Int?) { state.withLock { $0.lifetime = seconds } }

    func answer(_ request: FakeOutbound.SentRequest) throws(OutboundError) -> OutboundResponse {
        guard request.request.url.host == "login.example.com" else { return .test(200) }
        guard let token = Self.refreshToken(in: request.body) else { return .refused("unsupported_grant_type") }
        return try state.withLock { state throws(OutboundError) in
            let fault = state.faults.isEmpty ? nil : state.faults.removeFirst()
            if case .before(let error) = fault { throw error }
            state.sent.append(token)
            switch fault {
            case .before(let error): throw error
            case .answer(let response): return response
            case .after(let error):
                _ = Self.grant(token, &state)
                throw error
            case .garbled:
                _ = Self.grant(token, &state)
                return .test(200, "<html>")
            case nil: return Self.grant(token, &state)
            }
        }
    }

    private static func refreshToken(in body: String) -> String? {
        body.split(separator: "&").first { $0.hasPrefix("refresh_token=") }.map { String($0.dropFirst(14)) }
    }

    private static func grant(_ token: String, _ state: inout State) -> OutboundResponse {
        let parts = token.split(separator: "-")
        guard parts.count == 3, parts[0] == "rt", let number = Int(parts[2]) else { return .refused("invalid_grant") }
        let name = String(parts[1])
        var grant = state.grants[name] ?? Grant()
        defer { state.grants[name] = grant }
        if number < grant.current {
            state.reuses += 1
            grant.isRevoked = true
        }
        guard !grant.isRevoked, number == grant.current else { return .refused("invalid_grant") }
        grant.issued += 1
        let lifetime = state.lifetime.map { ",\"expires_in\":\($0)" } ?? ""
        guard state.rotates else {
            return .test(200, #"{"access_token":"at-\#(name)-\#(grant.issued)","token_type":"Bearer"\#(lifetime)}"#)
        }
        grant.current += 1
        return .test(
            200,
            #"{"access_token":"at-\#(name)-\#(grant.current)","token_type":"Bearer"\#(lifetime),"#
                + #""refresh_token":"rt-\#(name)-\#(grant.current)"}"#)
    }
}

extension OutboundResponse {
    /// A token endpoint's refusal (RFC 6749 §5.2).
    static func refused(_ code: String, status: Int = 400) -> OutboundResponse {
        .test(status, #"{"error":"\#(code)"}"#)
    }
}
