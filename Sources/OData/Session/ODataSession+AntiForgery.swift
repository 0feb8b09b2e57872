internal import HTTPTypes
internal import Synchronization

extension ODataSession {
    /// How long a fetch takes at most, whoever waits for it.
    private static let fetchTimeout = Duration.seconds(30)

    /// Before a write: fetches a token where one is needed, once for all writes that wait.
    func fetchTokenIfNeeded(_ plan: SessionPlan) async throws(ODataError) {
        while state.withLock({ $0.needsFetch }) {
            switch await gate.enter(deadline: plan.deadline, clock: options.clock) {
            case .lead: try await lead(plan)
            case .follow(.success): continue
            case .follow(.failure(let error)): throw error
            case .gaveUp: throw Task.isCancelled ? .cancelled : .deadline
            }
        }
    }

    private func lead(_ plan: SessionPlan) async throws(ODataError) {
        do throws(ODataError) {
            // Somebody's fetch may have ended while this one waited for its turn.
            if state.withLock({ $0.needsFetch }) { try await fetchToken(plan) }
        } catch {
            // Its own time is up, whatever the transport calls that: those who wait may have more.
            gate.leave(.failure(options.clock.now() < plan.deadline ? error : .deadline))
            throw error
        }
        gate.leave(.success(()))
    }

    /// After a refusal: a token that came meanwhile is good, else a new one is fetched, once.
    ///
    /// - Throws: `.authentication(.csrfTokenRefused)` where there is none to be had.
    func renewToken(refused answer: SessionAnswer, _ plan: SessionPlan) async throws(ODataError) {
        state.withLock { $0.tokenWasRefused(answer.sent.generation) }
        try await fetchTokenIfNeeded(plan)
        guard state.withLock({ $0.token != nil }) else { throw .authentication(.csrfTokenRefused, answer.error) }
    }

    /// HEAD of the service's root, which costs least; GET where that isn't allowed or brings nothing. The token may
    /// come with any status.
    private func fetchToken(_ plan: SessionPlan) async throws(ODataError) {
        for method in [HTTPRequest.Method.head, .get] {
            let error = try await ask(method, plan)
            if state.withLock({ $0.token != nil }) { return }
            if method == .get, let error { throw error }
        }
        // Whether it needs one is for the service to say.
        state.withLock { $0.noTokenCame() }
    }

    /// - Returns: what makes the write itself pointless.
    private func ask(_ method: HTTPRequest.Method, _ plan: SessionPlan) async throws(ODataError) -> ODataError? {
        let deadline = min(plan.deadline, options.clock.now() + Self.fetchTimeout)
        let request = SessionRequest(method, "", headers: HTTPFields(), deadline: deadline)
        var fetch = try SessionPlan(request, root: root, options: options, isSAP: true)
        fetch.isFetch = true
        fetch.renewed = plan.renewed
        do throws(ODataError) {
            let (answer, _) = try await run(fetch)
            answer.body.cancel()
            return nil
        } catch {
            switch error {
            case .transport(let failure): throw .transport(failure.beforeWrite)
            case .deadline where plan.deadline > deadline: throw .transport(.timedOut(isSent: false))
            case .cancelled, .deadline, .value, .query: throw error
            case .authentication: return error
            case .service, .conflict, .foreignLink, .malformed, .metadata, .limit: return nil
            case .pageLoop, .expiredLink, .unsupported: return nil
            }
        }
    }
}

extension TransportError {
    /// The same, told of a write that was not sent because what had to come before it failed.
    fileprivate var beforeWrite: TransportError {
        switch self {
        case .timedOut: .timedOut(isSent: false)
        case .broken, .malformed: .broken(isSent: false)
        case .cancelled: .cancelled(isSent: false)
        case .refused(let problem) where problem.isSent: .broken(isSent: false)
        case .unreachable, .untrusted, .overloaded, .refused: self
        }
    }
}
