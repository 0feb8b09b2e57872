internal import Connections
internal import Domain
internal import NIOCore

extension Exchange {
    // MARK: Towards the upstream

    private var needsAntiForgery: Bool {
        guard let connection, connection.usable.csrf != nil, method.isModifying else { return false }
        return connection.session.token == nil && antiForgery != .done
    }

    func acquire(fresh: Bool) {
        guard let connection else { return fail(.connectionNotFound) }
        stage = .waiting
        waitFor(.connecting)
        if let ready = connection.lane.acquire(for: self, fresh: fresh) { upstreamReady(ready) }
    }

    /// A connection to the upstream is ours until its answer ends.
    func upstreamReady(_ upstream: UpstreamConnection) {
        guard stage == .waiting, let connection else { return connectionUnused(upstream) }
        self.upstream = upstream
        if needsAntiForgery {
            fetchAntiForgeryToken(connection, upstream)
        } else {
            send(connection, upstream)
        }
        upstream.flushIfNeeded()
    }

    private func connectionUnused(_ upstream: UpstreamConnection) { connection?.lane.release(upstream) }

    func upstreamFailed(_ problem: DataPlaneProblem) {
        guard stage == .waiting else { return }
        fail(problem)
    }

    private func send(_ connection: CachedConnection, _ upstream: UpstreamConnection) {
        guard let target else { return }
        stage = .sending
        upstream.begin(self, method: method)
        var out = loop.takeBuffer()
        writeHead(connection, target, into: &out)
        if requestEnded {
            if let heldBody, framing != .none { writeHeld(heldBody, into: &out) }
            upstream.write(out)
            upstream.completeRequest()
            loop.recycle(out)
            waitFor(.responseHead)
        } else {
            upstream.write(out)
            loop.recycle(out)
            waitFor(.callerBody)
            sendContinue()
            caller.proceed()
        }
    }

    /// Kept apart so that the head isn't held while the caller goes on.
    private func writeHead(_ connection: CachedConnection, _ target: RequestTarget, into out: inout ByteBuffer) {
        let head = caller.parser.head
        UpstreamRequestWriter(connection: connection, target: target, id: id).write(
            head, framing: framing, identifiers: &loop.identifiers, into: &out)
    }

    private func writeHeld(_ body: ByteBuffer, into out: inout ByteBuffer) {
        if framing == .chunked {
            if body.readableBytes > 0 {
                out.writeChunkSize(body.readableBytes)
                out.writeImmutableBuffer(body)
                out.writeStaticString("\r\n")
            }
            out.writeStaticString("0\r\n\r\n")
        } else {
            out.writeImmutableBuffer(body)
        }
    }

    /// The caller waits with its body until somebody says that it is welcome (RFC 9110 §10.1.1).
    func sendContinue() {
        guard caller.parser.head.expectsContinue, !continueSent else { return }
        continueSent = true
        var out = loop.takeBuffer()
        out.writeStaticString("HTTP/1.1 100 Continue\r\n\r\n")
        caller.write(out)
        caller.flushIfNeeded()
        loop.recycle(out)
    }

    // MARK: The caller's body

    /// Whether a piece of the body could be sent on now.
    var wantsBody: Bool {
        if stage == .collecting { return true }
        guard stage == .sending || stage == .receiving, let upstream else { return false }
        return upstream.isWritable
    }

    func receive(_ piece: ByteBuffer) {
        if stage == .collecting { return collect(piece) }
        guard let upstream else { return }
        bodyBytes += piece.readableBytes
        if let limit = loop.shared.configuration.maxRequestBodyBytes, bodyBytes > limit {
            return requestBroke(.bodyTooLarge)
        }
        hold(piece)
        if framing == .chunked {
            var size = loop.takeBuffer()
            size.writeChunkSize(piece.readableBytes)
            if piece.readableBytes <= 8_192 {
                size.writeImmutableBuffer(piece)
                size.writeStaticString("\r\n")
                upstream.write(size)
            } else {
                upstream.write(size)
                upstream.write(piece)
                upstream.write(Self.lineEnd)
            }
            loop.recycle(size)
        } else {
            upstream.write(piece)
        }
        switch stage {
        case .receiving: waitFor(.responseBody)
        case .starting, .opening, .waiting, .antiForgery, .sending, .collecting, .issuing, .done:
            waitFor(upstream.isWritable ? .callerBody : .upstreamDrain)
        }
        if !upstream.isWritable { upstream.flushIfNeeded() }
    }

    private static let lineEnd = ByteBuffer(string: "\r\n")

    private func hold(_ piece: ByteBuffer) {
        guard heldBody != nil else { return }
        if bodyBytes > loop.shared.configuration.upstream.maxHeldBodyBytes {
            heldBody = nil
        } else {
            heldBody?.writeImmutableBuffer(piece)
        }
    }

    func receiveEndOfRequest() {
        guard !requestEnded else { return }
        requestEnded = true
        if stage == .collecting { return issueToken() }
        guard let upstream else { return }
        if framing == .chunked { upstream.write(Self.lastChunk) }
        upstream.completeRequest()
        if stage == .sending { waitFor(.responseHead) }
    }

    private static let lastChunk = ByteBuffer(string: "0\r\n\r\n")

    /// The upstream takes bytes again.
    func upstreamDrained() {
        guard stage == .sending || stage == .receiving, !requestEnded else { return }
        if stage == .sending { waitFor(.callerBody) }
        caller.proceed()
        flushUpstream()
    }

    func flushUpstream() { upstream?.flushIfNeeded() }

    /// Whether the whole request could be sent once more.
    var isRepeatable: Bool { requestEnded && (framing == .none || heldBody != nil) }

    /// The upstream's connection ended, or can't be understood any more.
    func upstreamGone(_ problem: DataPlaneProblem, _ gone: UpstreamConnection) {
        guard gone === upstream else { return }
        upstream = nil
        loop.counters.upstreamFailures += 1
        switch stage {
        case .sending, .antiForgery:
            guard canRetry(problem, gone) else { return fail(problem) }
            retriedConnection = true
            acquire(fresh: true)
        case .receiving: cut()
        case .starting, .opening, .waiting, .collecting, .issuing, .done: return
        }
    }

    /// A kept-alive connection may have been closed while the request was on its way to it. Repeated once, where that can
    /// do no harm (RFC 9110 §9.2.2): nothing of an answer came, the method is idempotent, and there is no body.
    private func canRetry(_ problem: DataPlaneProblem, _ gone: UpstreamConnection) -> Bool {
        guard problem == .upstreamClosed, gone.isSeasoned, !gone.hasAnswered, !retriedConnection else { return false }
        return stage == .antiForgery || (method.isIdempotent && framing == .none)
    }
}
