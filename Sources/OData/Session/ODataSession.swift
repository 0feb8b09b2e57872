internal import HTTPTypes
internal import Synchronization

/// One user's conversation with one service: it keeps cookies and the anti-forgery token, authorises, repeats what may
/// be repeated, and turns what the service refuses into errors.
///
/// Share it between tasks, never between users or tenants: cookies and token belong to who is logged on. Requests run
/// side by side; only the fetch of a token is waited for by writers that need it. Nothing is kept on disk.
///
/// Redirects are not followed but for one of a read within the service, on the same host.
public final class ODataSession: Sendable {
    public let root: ServiceRoot
    public let options: SessionOptions
    let transport: any ODataTransport
    let state: Mutex<SessionState>
    let gate = TokenGate()

    public init(root: ServiceRoot, transport: any ODataTransport, options: SessionOptions = SessionOptions()) {
        (self.root, self.transport, self.options) = (root, transport, options)
        state = Mutex(SessionState(root, options))
    }

    /// Sends a request and waits for the head of its answer; the body is read from the response.
    ///
    /// - Returns: an answer below 400: 304 too, if the request had a condition.
    /// - Throws: `.service`, `.conflict`, `.authentication` by what the service says; `.transport` where it couldn't be
    ///   asked, or a write may have been seen and its answer is lost; `.foreignLink` for a target or redirect out of
    ///   the service; `.deadline`, `.cancelled` before anything was sent (again).
    public func send(_ request: SessionRequest) async throws(ODataError) -> SessionResponse {
        let isSAP = state.withLock { $0.looksLikeSAP }
        let plan = try SessionPlan(request, root: root, options: options, isSAP: isSAP)
        let (answer, url) = try await run(plan)
        return SessionResponse(
            status: answer.status, headers: answer.headers, url: url.text, body: answer.body,
            messages: ServiceMessage.messages(in: answer.headers), maxBodyBytes: options.maxBodyBytes)
    }

    /// Forgets cookies and token, as after a change of the credential.
    public func reset() { state.withLock { $0.reset() } }

    var managesTokens: Bool { !transport.keepsSession && options.antiForgery != .never }

    /// Attempts, with waits between them.
    func run(_ plan: SessionPlan) async throws(ODataError) -> (SessionAnswer, URLReference) {
        var attempts = 0
        // How a write ended that the service may have seen: what later attempts fail by doesn't undo it.
        var unanswered: ODataError?
        while true {
            attempts += 1
            let failure: (AttemptFailure, ODataError)
            do throws(ODataError) {
                switch try await attempt(plan) {
                case .answer(let answer, let url): return (answer, url)
                case .failed(let cause, let error): failure = (cause, error)
                }
            } catch {
                throw error.isSilent ? unanswered ?? error : error
            }
            let delay = options.retries.delay(
                after: failure.0, attempts: attempts, isRepeatable: plan.isRepeatable,
                remaining: plan.deadline - options.clock.now(), random: options.random())
            guard let delay else { throw failure.1.isSilent ? unanswered ?? failure.1 : failure.1 }
            if !plan.isRead, failure.1.isOutcomeUnknown { unanswered = failure.1 }
            do { try await options.clock.sleep(options.clock.now() + delay) } catch { throw .cancelled }
        }
    }

    private enum Attempt {
        case answer(SessionAnswer, URLReference)
        /// It may be worth another one.
        case failed(AttemptFailure, ODataError)
    }

    /// One attempt, with the replays that need no wait: another credential, another token, one redirect.
    private func attempt(_ plan: SessionPlan) async throws(ODataError) -> Attempt {
        var plan = plan
        var tried = SessionAnswer.Tried()
        if !plan.isRead, !plan.isFetch, managesTokens { try await fetchTokenIfNeeded(plan) }
        while true {
            let answer: SessionAnswer
            switch await exchange(plan) {
            case .success(let whole): answer = whole
            case .failure(.transport(let error)): return .failed(.transport(error), .transport(error))
            case .failure(let error): throw error
            }
            let verdict = answer.verdict(
                of: plan, tried, root: root, canRenewAuthorization: options.renewAuthorization != nil,
                canRenewToken: managesTokens)
            switch verdict {
            case .accept: return .answer(answer, plan.url)
            case .renewAuthorization:
                tried.authorization = true
                plan.renewed = try await fields(options.renewAuthorization)
                // Cookies and token belonged to the refused credential.
                reset()
                if !plan.isRead, !plan.isFetch, managesTokens { try await fetchTokenIfNeeded(plan) }
            case .renewToken:
                tried.token = true
                try await renewToken(refused: answer, plan)
            case .follow(let url):
                answer.body.cancel()
                tried.redirect = true
                plan.follow(url)
            case .fail(let error):
                answer.body.cancel()
                if case .authentication(.logonPage, _) = error { reset() }
                return .failed(.status(answer.status, retryAfter: answer.error?.retryAfter), error)
            }
        }
    }
}

extension ODataError {
    /// Whether it says that an attempt sent nothing, which says nothing of the attempts before.
    fileprivate var isSilent: Bool {
        switch self {
        case .transport(let error): !error.isSent
        case .deadline, .authentication(.refused, nil): true
        case _: false
        }
    }
}
