internal import Connections
internal import Domain
internal import NIOCore

extension Exchange {
    /// A piece up to this size is copied behind what waits for the caller, so that one system call sends both.
    private static let maxCopiedBytes = 16_384

    /// The head of the upstream's answer; its body follows by ``receiveBody(_:)`` unless the exchange lets go of it.
    func receiveHead(from upstream: UpstreamConnection) {
        guard upstream === self.upstream, let connection else { return }
        if stage == .antiForgery { return receiveAntiForgeryAnswer(connection, upstream) }
        guard stage == .sending else { return }
        if repeatWithNewToken(connection, upstream) || repeatWithNewAntiForgeryToken(connection, upstream) { return }
        let head = upstream.head
        // A read carries no session, and what it begins is another one.
        if connection.usable.csrf != nil, method.isModifying { connection.session.keepCookies(of: head) }
        let location: LocationRule.Outcome
        do {
            location = try LocationRule.outcome(of: head, for: connection)
        } catch {
            loop.counters.upstreamFailures += 1
            return fail(error)
        }
        pass(head, location, connection)
    }

    private func pass(_ head: ResponseHead, _ location: LocationRule.Outcome, _ connection: CachedConnection) {
        stage = .receiving
        answerStatus = head.status
        answerKeepsAlive = caller.canContinue && requestEnded
        answerFraming = .asSent
        let isHTTP10 = caller.parser.head.version == .http10
        switch head.framing {
        case .none, .length: break
        case .chunked, .untilClose: answerFraming = isHTTP10 ? .close : .chunked
        }
        if answerFraming == .close { answerKeepsAlive = false }
        var out = loop.takeBuffer()
        ResponseHeadWriter(connection: connection, id: id, location: location).write(
            head, framing: answerFraming, keepAlive: answerKeepsAlive, into: &out)
        outgoing = out
        waitFor(.responseBody)
    }

    func receiveBody(_ piece: ByteBuffer) {
        guard stage == .receiving else { return }
        loop.counters.bytesToCallers += piece.readableBytes
        var out = outgoing ?? loop.takeBuffer()
        outgoing = nil
        if answerFraming == .chunked { out.writeChunkSize(piece.readableBytes) }
        if out.readableBytes + piece.readableBytes <= Self.maxCopiedBytes {
            out.writeImmutableBuffer(piece)
        } else {
            if out.readableBytes > 0 { caller.write(out) }
            loop.recycle(out)
            caller.write(piece)
            out = loop.takeBuffer()
        }
        if answerFraming == .chunked { out.writeStaticString("\r\n") }
        outgoing = out
        keepPace()
    }

    /// Reads no more of the upstream while the caller doesn't take what is there.
    private func keepPace() {
        if caller.isWritable {
            waitFor(.responseBody)
        } else {
            flushCaller()
            guard stage == .receiving, !caller.isWritable else { return }
            upstream?.setPaused(true)
            waitFor(.callerDrain)
        }
    }

    /// The caller takes bytes again.
    func callerDrained() {
        guard stage == .receiving else { return }
        waitFor(.responseBody)
        upstream?.setPaused(false)
    }

    /// Hands the channel what waits, and flushes it.
    func flushCaller() {
        writeOutgoing()
        caller.flushIfNeeded()
    }

    private func writeOutgoing() {
        guard let out = outgoing else { return }
        outgoing = nil
        if out.readableBytes > 0 { caller.write(out) }
        loop.recycle(out)
    }

    /// The answer is whole.
    func receiveEnd(reusable: Bool) {
        guard stage == .receiving else {
            if stage == .sending || stage == .antiForgery {
                upstream = nil
                fail(.upstreamClosed)
            }
            return
        }
        upstream = nil
        if answerFraming == .chunked {
            var out = outgoing ?? loop.takeBuffer()
            outgoing = nil
            out.writeStaticString("0\r\n\r\n")
            outgoing = out
        }
        writeOutgoing()
        complete()
    }

    /// After a 401: once, with a token newer than the refused one.
    private func repeatWithNewToken(_ connection: CachedConnection, _ upstream: UpstreamConnection) -> Bool {
        guard upstream.head.status == 401, connection.usable.isRefreshable, !retriedToken, isRepeatable, let identity
        else {
            return false
        }
        retriedToken = true
        letGo(of: upstream)
        stage = .opening
        waitFor(.opening)
        loop.openings.reopen(connection.usable, for: self, caller: identity, in: loop)
        return true
    }

    /// After a 403 that asks for an anti-forgery token: the session is another's or has ended.
    private func repeatWithNewAntiForgeryToken(_ connection: CachedConnection, _ upstream: UpstreamConnection) -> Bool {
        guard upstream.head.status == 403, method.isModifying, let handshake = connection.usable.csrf,
            AntiForgerySession.isRequired(upstream.head, handshake)
        else { return false }
        connection.session.end()
        guard !retriedAntiForgery, isRepeatable else { return false }
        retriedAntiForgery = true
        antiForgery = .head
        letGo(of: upstream)
        acquire(fresh: false)
        return true
    }

    func letGo(of upstream: UpstreamConnection) {
        self.upstream = nil
        upstream.abandon()
    }
}
