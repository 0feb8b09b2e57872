import PeerTokens
import StrictJSON
import Synchronization

/// What the peer is started with.
struct PeerSettings: Sendable {
    var seed: String
    /// Of access tokens.
    var lifetime: Duration = .seconds(300)
    /// Each refresh gives another refresh token; without it one is good for ever.
    var rotates = true
    /// Of every answer, until faults say otherwise.
    var latency: Duration = .zero
    /// Added to the peer's clock: a server whose clock is off.
    var clockOffset: Duration = .zero
}

/// The token endpoint: `POST` with `grant_type` `refresh_token` or `client_credentials`, and `GET` as the API behind it,
/// which takes the access tokens. Client authentication is not looked at.
///
/// A token is spent when its request arrives, whatever becomes of the answer.
final class TokenService: PeerService {
    private struct State {
        var families: Families
        var account = Account()
        var plan: FaultPlan
        var lifetime: Duration
        var date: (second: Int64, text: String) = (-1, "")
    }

    private let tokens: PeerTokens
    private let settings: PeerSettings
    private let lotSeed: UInt64
    private let log: RequestLog
    private let now: @Sendable () -> Int64
    private let state: Mutex<State>

    /// - Parameter now: Unix microseconds.
    init(_ settings: PeerSettings, log: RequestLog, now: @escaping @Sendable () -> Int64) throws {
        tokens = try PeerTokens(seed: settings.seed)
        self.settings = settings
        self.log = log
        self.now = now
        lotSeed = settings.seed.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        state = Mutex(
            State(
                families: Families(rotates: settings.rotates), plan: FaultPlan(latency: settings.latency),
                lifetime: settings.lifetime))
    }

    // MARK: What the admin port asks

    var plan: FaultPlan {
        get { state.withLock { $0.plan } }
        set { state.withLock { $0.plan = newValue } }
    }

    /// The latency that the peer was started with.
    var ownLatency: Duration { settings.latency }

    func setLifetime(_ lifetime: Duration) { state.withLock { $0.lifetime = lifetime } }

    var account: JSONValue {
        state.withLock { state in
            let all = state.families.all
            return state.account.json(families: all.count, revoked: all.values.count { $0.isRevoked })
        }
    }

    func family(_ name: String) -> JSONValue? {
        state.withLock { $0.families[name]?.json(named: name) }
    }

    func resetAccount() { state.withLock { $0.account = Account() } }

    func flushLog() { log.flush() }

    // MARK: PeerService

    var date: String {
        let second = (now() + settings.clockOffset.wholeMicroseconds) / 1_000_000
        return state.withLock { state in
            if state.date.second != second { state.date = (second, HTTPDateText.text(max(0, second))) }
            return state.date.text
        }
    }

    func admits() -> Bool {
        switch state.withLock({ $0.plan.mode }) {
        case .none, .mix: true
        case .down, .reset: false
        }
    }

    func countConnection() { state.withLock { $0.account.connections += 1 } }

    func answer(_ request: PeerRequest) -> (reply: PeerReply, ended: (@Sendable (Delivery) -> Void)?) {
        switch request.method {
        case "POST": grant(request.body)
        case "GET": (check(request), nil)
        default: (PeerReply(400, #"{"error":"invalid_request"}"#), nil)
        }
    }

    // MARK: Granting

    private func grant(_ form: [UInt8]) -> (PeerReply, (@Sendable (Delivery) -> Void)?) {
        let type = Form.value("grant_type", in: form) ?? []
        if type.elementsEqual("refresh_token".utf8) {
            return refresh(Form.value("refresh_token", in: form).flatMap { tokens.read($0) })
        }
        if type.elementsEqual("client_credentials".utf8) { return (grantToClient(), nil) }
        return (PeerReply(400, #"{"error":"unsupported_grant_type"}"#), nil)
    }

    private func refresh(_ token: PeerRefreshToken?) -> (PeerReply, (@Sendable (Delivery) -> Void)?) {
        let at = now()
        guard let token else {
            state.withLock { state in
                state.account.requests += 1
                state.account.refused += 1
            }
            log.append(LoggedExchange(at: at, end: at, family: "", generation: 0, outcome: .refused, fault: nil))
            return (PeerReply(400, #"{"error":"invalid_grant"}"#), nil)
        }
        let (reply, entry, next) = state.withLock { Self.refresh(token, at: at, lotSeed, tokens, settings, &$0) }
        return (reply, { delivery in self.end(entry, next, delivery) })
    }

    private static func refresh(
        _ token: PeerRefreshToken, at: Int64, _ lotSeed: UInt64, _ tokens: PeerTokens, _ settings: PeerSettings,
        _ state: inout State
    ) -> (PeerReply, LoggedExchange, PeerRefreshToken?) {
        var lots = Lots(
            seed: lotSeed, family: token.family, presentation: state.families.presentations(of: token.family))
        let fault = state.plan.fault(lots.next())
        let latency = state.plan.latency(lots.next(), share: lots.next())
        state.account.requests += 1
        if let fault { state.account.faults[fault, default: 0] += 1 }
        var entry = LoggedExchange(
            at: at, family: token.family, generation: token.generation, outcome: .faulted, fault: fault)
        var reply: PeerReply
        var next: PeerRefreshToken?
        if let fault, !fault.isAfterProcessing {
            state.families.countUnseen(token, at: at)
            reply = Self.reply(to: fault, state.plan, at: at + settings.clockOffset.wholeMicroseconds)
        } else {
            switch state.families.present(token, at: at) {
            case .granted(let successor):
                state.account.granted += 1
                entry.outcome = .granted
                next = successor
                reply = PeerReply(200, body(granting: successor, at: at, settings, tokens, state.lifetime))
                apply(fault, state.plan, lots.next(), &reply)
            case .reused(let reuse):
                state.account.add(reuse)
                entry.outcome = .reused
                reply = PeerReply(400, #"{"error":"invalid_grant","error_description":"reuse detected"}"#)
            case .revoked:
                state.account.refused += 1
                entry.outcome = .refused
                reply = PeerReply(400, #"{"error":"invalid_grant"}"#)
            }
        }
        reply.latency = latency
        return (reply, entry, next)
    }

    private func end(_ entry: LoggedExchange, _ next: PeerRefreshToken?, _ delivery: Delivery) {
        var entry = entry
        entry.end = now()
        entry.answer = delivery == .whole && entry.fault == .malformedAfterProcessing ? .unreadable : delivery
        state.withLock { state in
            guard let next else { return }
            state.families.end(next, entry.answer)
            if entry.answer != .whole { state.account.lostAnswers += 1 }
        }
        log.append(entry)
    }

    private static func body(
        granting token: PeerRefreshToken, at: Int64, _ settings: PeerSettings, _ tokens: PeerTokens,
        _ lifetime: Duration
    ) -> String {
        let access = PeerAccessToken(
            family: token.family, generation: token.generation, expiresAt: (at + lifetime.wholeMicroseconds) / 1_000)
        return """
            {"access_token":"\(access.text)","token_type":"Bearer","expires_in":\(lifetime.components.seconds),\
            "refresh_token":"\(tokens.text(of: token))"}
            """
    }

    private func grantToClient() -> PeerReply {
        let at = now()
        return state.withLock { state in
            state.account.requests += 1
            state.account.clientCredentials += 1
            let access = PeerAccessToken(
                family: "client", generation: state.account.clientCredentials,
                expiresAt: (at + state.lifetime.wholeMicroseconds) / 1_000)
            var reply = PeerReply(
                200,
                """
                {"access_token":"\(access.text)","token_type":"Bearer","expires_in":\(state.lifetime.components.seconds)}
                """)
            reply.latency = state.plan.latency
            return reply
        }
    }

    // MARK: Faults

    private static func reply(to fault: Fault, _ plan: FaultPlan, at: Int64) -> PeerReply {
        switch fault {
        case .serverError: return PeerReply(503, #"{"error":"temporarily_unavailable"}"#)
        case .rateLimited:
            var reply = PeerReply(429, #"{"error":"slow_down"}"#)
            let seconds = plan.retryAfterSeconds
            let value =
                switch plan.retryAfterForm {
                case .seconds: "\(seconds)"
                case .date: HTTPDateText.text(max(0, at / 1_000_000 + seconds))
                }
            reply.headers = "Retry-After: \(value)\r\n"
            return reply
        case .redirect:
            var reply = PeerReply(302, "")
            reply.headers = "Location: /elsewhere\r\n"
            return reply
        case .empty400: return PeerReply(400, "")
        case .html500:
            var reply = PeerReply(500, "<!doctype html><title>Error</title><p>Something went wrong.")
            reply.contentType = "text/html"
            return reply
        case .invalidClient: return PeerReply(401, #"{"error":"invalid_client"}"#)
        case .malformed: return PeerReply(200, #"{"access_token":"at"#)
        case .dropAfterProcessing, .cut, .malformedAfterProcessing, .drip: return PeerReply(500, "")
        }
    }

    private static func apply(_ fault: Fault?, _ plan: FaultPlan, _ lot: Double, _ reply: inout PeerReply) {
        switch fault {
        case .dropAfterProcessing: reply.manner = .dropped
        case .cut: reply.manner = .cut(lot)
        case .drip: reply.manner = .dripping(plan.drip)
        case .malformedAfterProcessing: reply.body = String(reply.body.prefix(24))
        case .serverError, .rateLimited, .redirect, .empty400, .html500, .invalidClient, .malformed, nil: break
        }
    }

    // MARK: Access tokens

    private func check(_ request: PeerRequest) -> PeerReply {
        let bearer = request.authorization.flatMap { header -> String? in
            header.lowercased().hasPrefix("bearer ") ? String(header.dropFirst(7)) : nil
        }
        let given = Form.value("token", in: request.query).map { String(decoding: $0, as: UTF8.self) } ?? bearer
        guard let token = given.flatMap({ PeerAccessToken($0) }), token.expiresAt > now() / 1_000, isStanding(token)
        else {
            var reply = PeerReply(401, #"{"error":"invalid_token"}"#)
            reply.headers = "WWW-Authenticate: Bearer error=\"invalid_token\"\r\n"
            return reply
        }
        return PeerReply(
            200, #"{"family":"\#(token.family)","generation":\#(token.generation),"expires_at":\#(token.expiresAt)}"#)
    }

    /// Of a family that isn't revoked, and of no generation that was never given.
    private func isStanding(_ token: PeerAccessToken) -> Bool {
        state.withLock { state in
            guard let family = state.families[token.family] else { return true }
            return !family.isRevoked && token.generation <= family.generation
        }
    }
}

extension Duration {
    var wholeMicroseconds: Int64 { components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000 }
}
