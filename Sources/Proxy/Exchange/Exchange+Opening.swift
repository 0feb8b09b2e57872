internal import Connections
internal import Domain
internal import NIOCore

extension Exchange {
    /// Finds the connection in the loop's cache, or has it opened.
    func openConnection() {
        guard let id = target?.connectionID, let identity else { return fail(.connectionNotFound) }
        if let cached = loop.connections.find(id) {
            guard cached.isVisible(to: identity.principal) else { return fail(.connectionNotFound) }
            if cached.isUsable(at: loop.shared.clock.now()), let grant = cached.grant(of: identity.key, at: loop.now) {
                loop.counters.connectionHits += 1
                cached.usedAt = loop.now
                return use(cached, grant)
            }
        }
        loop.counters.connectionMisses += 1
        stage = .opening
        waitFor(.opening)
        loop.openings.open(id, for: self, caller: identity, in: loop)
    }

    /// The connection is open, for the first time or after a 401.
    func opened(_ connection: CachedConnection, _ grant: ConnectionGrant) {
        guard stage == .opening else { return }
        guard let identity, connection.isVisible(to: identity.principal) else { return fail(.connectionNotFound) }
        use(connection, grant)
    }

    func openingFailed(_ problem: DataPlaneProblem, retryAfterSeconds: Int?) {
        guard stage == .opening else { return }
        fail(problem, retryAfterSeconds: retryAfterSeconds)
    }

    private func use(_ connection: CachedConnection, _ grant: ConnectionGrant) {
        self.connection = connection
        self.grant = grant
        if target?.route == .tokenFetch {
            answerToken(connection, grant)
        } else {
            if heldBody == nil, bodyBytes == 0, mayHaveToRepeat(connection), framing != .none {
                heldBody = ByteBuffer()
            }
            acquire(fresh: false)
        }
    }

    private func mayHaveToRepeat(_ connection: CachedConnection) -> Bool {
        connection.usable.isRefreshable || (connection.usable.csrf != nil && method.isModifying)
    }

    private func answerToken(_ connection: CachedConnection, _ grant: ConnectionGrant) {
        guard let answer = connection.tokenAnswer else { return fail(.tokenNotFetchable) }
        var out = loop.takeBuffer()
        let keepAlive = caller.canContinue
        out.writeStaticString("HTTP/1.1 200 OK\r\n")
        out.writeBytes(loop.dateLine)
        out.writeStaticString("content-type: application/json\r\ncache-control: no-store\r\nx-request-id: ")
        out.write(id)
        out.writeStaticString(keepAlive ? "\r\n" : "\r\nconnection: close\r\n")
        answer.write(into: &out, now: loop.shared.clock.now())
        grant.countFetched(on: loop)
        answerOwn(out, status: 200, keepAlive: keepAlive)
    }

    func answerLive() {
        var out = loop.takeBuffer()
        let keepAlive = caller.canContinue
        out.writeStaticString("HTTP/1.1 200 OK\r\n")
        out.writeBytes(loop.dateLine)
        out.writeStaticString("content-type: application/json\r\ncache-control: no-store\r\nx-request-id: ")
        out.write(id)
        out.writeStaticString(keepAlive ? "\r\n" : "\r\nconnection: close\r\n")
        out.writeStaticString("content-length: 15\r\n\r\n")
        if method != .head { out.writeStaticString("{\"status\":\"ok\"}") }
        answerOwn(out, status: 200, keepAlive: keepAlive)
    }

    func answerOwn(_ out: consuming ByteBuffer, status: Int, keepAlive: Bool) {
        answerStatus = status
        answerKeepsAlive = keepAlive
        caller.write(out)
        complete()
        loop.recycle(out)
    }
}
