internal import Connections
internal import Domain
internal import Identity
internal import Logging
internal import NIOCore
internal import Observability

/// One request and its answer, from the caller's head to the answer's last byte, on one event loop.
///
/// Everything that is known already happens in the call that brings the bytes; only a miss (an opening, a new upstream
/// connection) leaves the loop, and comes back by `opened` or `upstreamReady`.
final class Exchange {
    enum Stage {
        /// Reading the head; becomes any other.
        case starting
        /// A connection's credential is being opened; becomes `waiting`, `done`.
        case opening
        /// For an upstream connection; becomes `antiForgery`, `sending`, `done`.
        case waiting
        /// The anti-forgery token is being fetched; becomes `waiting`, `done`.
        case antiForgery
        /// The request is on its way and the answer's head isn't here; becomes `opening`, `waiting` (both to repeat it),
        /// `receiving`, `done`.
        case sending
        /// The answer passes through; becomes `done`.
        case receiving
        /// The form of a token request arrives; becomes `issuing`, `done`.
        case collecting
        /// A caller token is being issued; becomes `done`.
        case issuing
        case done
    }

    /// Whom the exchange waits for, and so what happens when the time is up.
    enum Wait {
        case opening, connecting, callerBody, upstreamDrain, responseHead, responseBody, callerDrain
    }

    /// How the answer's end is told to the caller.
    enum AnswerFraming { case asSent, chunked, close }

    /// How the anti-forgery token is asked for next: some services refuse HEAD.
    enum AntiForgeryStep { case head, get, done }

    let caller: CallerConnection
    let loop: DataPlaneLoop
    private(set) var id: RequestID
    private(set) var method = HTTPMethod.other
    private(set) var target: RequestTarget?
    private(set) var identity: CallerIdentity?
    private(set) var startedAt = NIODeadline.now()
    var stage = Stage.starting
    var wait = Wait.opening
    var deadline = Tick.max
    var connection: CachedConnection?
    var grant: ConnectionGrant?
    var upstream: UpstreamConnection?
    /// What the request's body is framed by; `none` ends the request with its head.
    private(set) var framing = BodyFraming.none
    var requestEnded = false
    var bodyBytes = 0
    /// The body so far, while it may have to be sent again; nil once it is too long for that.
    var heldBody: ByteBuffer?
    var continueSent = false
    /// Each is done once.
    var retriedConnection = false
    var retriedToken = false
    var retriedAntiForgery = false
    /// Bytes for the caller that aren't handed to the channel yet.
    var outgoing: ByteBuffer?
    var answerFraming = AnswerFraming.asSent
    var answerKeepsAlive = false
    var answerStatus = 0
    var antiForgery = AntiForgeryStep.head
    /// The form of a token request as far as it is here.
    var form: FormCollection?
    /// What this exchange has under way at the token endpoint.
    var issue: UInt64?

    init(caller: CallerConnection, loop: DataPlaneLoop) {
        self.caller = caller
        self.loop = loop
        id = .made(loop.identifiers.next(), loop.identifiers.next())
    }

    func begin() {
        do {
            try prepare()
        } catch {
            return fail(error)
        }
        guard let target else { return }
        switch target.route {
        case .live: answerLive()
        case .issue: collectForm()
        case .proxy, .tokenFetch: openConnection()
        }
    }

    /// All that can be said from the head alone.
    private func prepare() throws(DataPlaneProblem) {
        let head = caller.parser.head
        let bytes = head.bytes.readableBytesUInt8Span
        method = head.method
        framing = head.framing
        requestEnded = framing == .none
        if let given = head.first(.requestID), let id = RequestID(bytes, given.valueRange) { self.id = id }
        guard !head.asksForUpgrade else { throw .upgradeRefused }
        let target = try RequestTarget.match(bytes, head.target)
        self.target = target
        guard target.route != .issue || loop.shared.callerTokens != nil else { throw .notFound }
        guard target.route.allows(method) else { throw .methodNotAllowed }
        if let limit = loop.shared.configuration.maxRequestBodyBytes, case .length(let length) = framing {
            guard length <= limit else { throw .bodyTooLarge }
        }
        if target.route == .issue { try checkForm(head) }
        guard target.route.needsCaller else { return }
        let now = loop.shared.clock.now()
        let token = try loop.authenticator.authenticate(head, now: now, counters: &loop.counters)
        let identity = CallerIdentity(principal: token.principal, key: token.apiKeyID)
        self.identity = identity
        try authorise(identity.principal, head, target)
    }

    /// Permission and restriction; whether the connection is the caller's is asked when it is found.
    private func authorise(
        _ principal: Principal, _ head: borrowing RequestHead, _ target: RequestTarget
    ) throws(DataPlaneProblem) {
        let needed: PermissionSet = target.route == .proxy ? .proxy : .fetchTokens
        guard principal.permissions.contains(needed) else { throw .permissionDenied }
        guard let restriction = principal.restriction else { return }
        if let id = target.connectionID, !restriction.covers(id) { throw .connectionNotFound }
        switch target.route {
        case .live, .issue: return
        case .tokenFetch:
            // The whole token would allow what the restriction forbids.
            guard !restriction.narrowsRequests else { throw .outsideRestriction }
        case .proxy:
            guard restriction.covers(method) else { throw .outsideRestriction }
            let bytes = head.bytes.readableBytesUInt8Span
            if !restriction.methods.isEmpty, head.overridesMethod(bytes) { throw .outsideRestriction }
            guard restriction.coversPath(bytes, target.path) else { throw .outsideRestriction }
        }
    }

    func waitFor(_ wait: Wait) {
        self.wait = wait
        let timeouts = loop.timeouts
        let ticks =
            switch wait {
            case .opening: timeouts.opening + 2
            case .connecting: timeouts.upstreamConnect
            case .callerBody, .upstreamDrain, .responseBody, .callerDrain: timeouts.bodyStall
            case .responseHead: timeouts.upstreamHead
            }
        deadline = loop.now + ticks
    }

    /// Called each tick.
    func check(_ now: Tick) {
        guard now >= deadline else { return }
        switch wait {
        case .opening: fail(.timedOut)
        case .connecting, .upstreamDrain, .responseHead: fail(.upstreamTimedOut)
        case .callerBody: fail(.requestTimeout)
        case .responseBody, .callerDrain: cut()
        }
    }

    // MARK: Ends

    /// Answers with a problem where no answer has begun, else cuts the connection.
    func fail(_ problem: DataPlaneProblem, retryAfterSeconds: Int? = nil) {
        switch stage {
        case .done: return
        case .receiving: return cut()
        case .starting, .opening, .waiting, .antiForgery, .sending, .collecting, .issuing: break
        }
        audit(problem)
        report(problem)
        let keepAlive = caller.canContinue && problem != .requestTimeout
        var context = ProblemWriter.Context(
            id: id, keepAlive: keepAlive, hasBody: method != .head, dateLine: loop.dateLine)
        context.allow = problem == .methodNotAllowed ? target?.route.allow : nil
        context.retryAfterSeconds = retryAfterSeconds
        var out = loop.takeBuffer()
        ProblemWriter.write(problem, context, into: &out)
        leaveUpstream()
        caller.write(out)
        conclude(status: problem.status, success: false)
        caller.finish(keepAlive: keepAlive)
        loop.recycle(out)
    }

    /// The answer can't be completed: nothing may look as if it were whole.
    func cut() {
        guard stage != .done else { return }
        leaveUpstream()
        conclude(status: 0, success: false)
        caller.abort()
    }

    /// The caller's connection is gone.
    func callerGone() {
        guard stage != .done else { return }
        let upstream = upstream
        self.upstream = nil
        leaveUpstream()
        conclude(status: 0, success: stage == .receiving)
        upstream?.abandon()
    }

    /// The request's body is malformed, too long or late.
    func requestBroke(_ problem: DataPlaneProblem) { fail(problem) }

    /// The answer is written to its end.
    func complete() {
        conclude(status: answerStatus, success: true)
        caller.finish(keepAlive: answerKeepsAlive)
    }

    private func leaveUpstream() {
        if stage == .waiting { connection?.lane.leave(self) }
        upstream?.close()
        upstream = nil
        outgoing = nil
    }

    private func conclude(status: Int, success: Bool) {
        if target?.route == .proxy { grant?.countProxied(success: success, on: loop) }
        stage = .done
        deadline = .max
        heldBody = nil
        leaveTokenIssue()
        loop.counters.countRequest(target?.route, status: status)
        loop.shared.metrics.durations.record(Double((NIODeadline.now() - startedAt).nanoseconds) / 1e9)
    }

    /// What went wrong here or at an upstream, by closed codes and our own identifiers.
    private func report(_ problem: DataPlaneProblem) {
        guard problem.status >= 500, loop.shared.logger.logLevel <= .info else { return }
        loop.shared.logger.info(
            "request failed",
            metadata: .facts([
                .code: problem.code, .requestID: id.text, .route: target?.route.template ?? "none",
                .connection: target?.connectionID?.description ?? "none",
            ]))
    }

    private func audit(_ problem: DataPlaneProblem) {
        guard problem.isDenial, let principal = identity?.principal, let route = target?.route else { return }
        loop.shared.usage.add(
            Denial(
                environmentID: principal.environmentID, tenantID: principal.tenantID, actor: principal.auditName,
                action: route == .tokenFetch ? .upstreamTokenFetched : .proxyUsed,
                object: target?.connectionID?.description, reason: problem, requestID: id.text,
                at: loop.shared.clock.now()))
    }
}
