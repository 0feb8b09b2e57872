import NIOCore
import StrictJSON

/// The second port: what the peer counted, and what it is to do wrong.
final class AdminService: PeerService {
    private let tokens: TokenService
    /// Called after the plan changed; the answer waits for what it returns.
    private let planChanged: @Sendable (FaultPlan) -> EventLoopFuture<Void>

    init(_ tokens: TokenService, planChanged: @escaping @Sendable (FaultPlan) -> EventLoopFuture<Void>) {
        self.tokens = tokens
        self.planChanged = planChanged
    }

    var date: String { tokens.date }

    func admits() -> Bool { true }

    func answer(_ request: PeerRequest) -> (reply: PeerReply, ended: (@Sendable (Delivery) -> Void)?) {
        (reply(to: request), nil)
    }

    private func reply(to request: PeerRequest) -> PeerReply {
        switch (request.method, request.path) {
        case ("GET", "/account"):
            // Who asks for the account reads the log next.
            tokens.flushLog()
            return Self.json(tokens.account)
        case ("GET", let path) where path.hasPrefix("/family/"):
            return tokens.family(String(path.dropFirst(8))).map(Self.json) ?? PeerReply(404, #"{"error":"not_found"}"#)
        case ("GET", "/faults"):
            return Self.json(tokens.plan.json)
        case ("PUT", "/faults"):
            guard let plan = FaultPlan(json: request.body, keeping: tokens.ownLatency) else { return Self.refused }
            tokens.plan = plan
            var reply = Self.json(plan.json)
            reply.after = planChanged(plan)
            return reply
        case ("PUT", "/lifetime"):
            // Why it can't be read is of no interest: whoever sent it is told 400.
            guard let seconds = (try? JSONValue.parse(request.body))??["seconds"]?.int,
                (1...31_536_000).contains(seconds)
            else { return Self.refused }
            tokens.setLifetime(.seconds(seconds))
            return Self.json(["seconds": .int(seconds)])
        case ("POST", "/reset"):
            tokens.resetAccount()
            return Self.json(tokens.account)
        default:
            return PeerReply(404, #"{"error":"not_found"}"#)
        }
    }

    private static let refused = PeerReply(400, #"{"error":"invalid_request"}"#)

    private static func json(_ value: JSONValue) -> PeerReply {
        PeerReply(200, String(decoding: value.encoded, as: UTF8.self))
    }
}
