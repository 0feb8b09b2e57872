internal import CCurl
internal import Domain
internal import Sodium

/// One exchange as libcurl's easy handle: its options, its callbacks, what has arrived. For the loop alone.
// Safe: the handle is freed with the object; the loop keeps the object while the handle is in a pool, and callbacks run
// only then, on the loop's thread.
@safe
final class Transfer {
    let exchange: Exchange
    let pool: ConnectionPool
    let easy: UnsafeMutableRawPointer
    /// Names the handle while it lives.
    var address: UInt { unsafe UInt(bitPattern: easy) }
    let headers = HeaderList()
    let trust: TrustStore?
    private let maxHeaderBytes: Int
    private var outcome = TransferOutcome()
    private var parser = ResponseHeadParser()
    private var head: ResponseHead?
    private var headerBytes = 0
    private var bodyBytes = 0
    private var uploadOffset = 0
    private var body = SecretBuffer()
    private var pausedReceiving = false
    private var pausedSending = false
    private var lastLook = LastLook()

    /// - Throws: `.overloaded` where libcurl has no memory, `.invalidRequest` where it refuses an option.
    init(
        _ exchange: Exchange, pool: ConnectionPool, trust: TrustStore?, limits: CurlLimits,
        now: ContinuousClock.Instant
    ) throws(OutboundError) {
        guard let easy = unsafe curl_easy_init() else { throw .overloaded }
        self.exchange = exchange
        self.pool = pool
        self.trust = trust
        unsafe self.easy = easy
        maxHeaderBytes = limits.maxHeaderBytes
        try applyOptions(limits: limits, now: now)
    }

    deinit { unsafe curl_easy_cleanup(easy) }

    // MARK: Driven by the loop

    /// Lets paused directions go on; each pauses itself again where it must.
    func resume() {
        guard pausedReceiving || pausedSending else { return }
        pausedReceiving = false
        pausedSending = false
        unsafe curl_easy_pause(easy, CURLPAUSE_CONT)
    }

    /// libcurl has ended the transfer: tells the caller. The handle is out of its pool already.
    func finish(_ code: CURLcode) {
        noteSentBytes()
        guard code == CURLE_OK, outcome.abortReason == nil else { return exchange.fail(outcome.error(for: code)) }
        guard let head else { return exchange.fail(.malformedResponse) }
        if case .streamed(let pipe) = exchange.upload { pipe.close() }
        switch exchange.delivery {
        case .whole(let reply):
            let whole = body.withBytes { SecretBytes(copying: $0) }
            reply.fulfil(.success(OutboundResponse(status: head.status, headers: head.headers, body: whole)))
        case .streamed(let pipe): pipe.finish(.success(()))
        }
    }

    /// Ends the transfer from our side, for its caller. The handle is out of its pool already.
    func abandon(_ reason: AbandonReason) {
        noteSentBytes()
        switch reason {
        case .cancelled: exchange.fail(.cancelled)
        case .shutdown: exchange.fail(outcome.mayHaveSent ? .outcomeUnknown : .overloaded)
        case .timedOut: exchange.fail(outcome.mayHaveSent ? .outcomeUnknown : .timedOutBeforeSending)
        }
    }

    enum AbandonReason { case cancelled, shutdown, timedOut }

    /// Whether its time is up: see ``LastLook``. A body that streams on has no end to wait for.
    func isOver(polledAt: ContinuousClock.Instant) -> Bool {
        if case .streamed = exchange.delivery { return polledAt >= exchange.deadline }
        return lastLook.isOver(deadline: exchange.deadline, polledAt: polledAt, received: headerBytes + bodyBytes)
    }

    private func noteSentBytes() {
        var bytes = 0
        if unsafe sp_get_long(easy, CURLINFO_REQUEST_SIZE, &bytes) == CURLE_OK, bytes > 0 { outcome.mayHaveSent = true }
    }

    // MARK: Called by libcurl, through the callbacks

    /// One header line. False ends the transfer.
    func receiveHeader(_ line: [UInt8]) -> Bool {
        headerBytes += line.count
        guard headerBytes <= maxHeaderBytes else { return abort(.responseTooLarge) }
        switch parser.consume(line) {
        case .more: return true
        case .malformed: return abort(.malformedResponse)
        case .complete(let head): return accept(head)
        }
    }

    private func accept(_ head: ResponseHead) -> Bool {
        if exchange.request.method != .head, let length = head.announcedLength,
            length > exchange.request.maxBodyBytes
        {
            return abort(.responseTooLarge)
        }
        self.head = head
        if case .streamed(let pipe) = exchange.delivery { pipe.head.fulfil(.success(head)) }
        return true
    }

    enum Reception { case taken, pause, refused }

    /// Body bytes, as many as came; taken wholly or not at all.
    func receiveBody(_ bytes: UnsafeRawBufferPointer) -> Reception {
        guard head != nil else {
            _ = abort(.malformedResponse)
            return .refused
        }
        guard bytes.count <= exchange.request.maxBodyBytes - bodyBytes else {
            _ = abort(.responseTooLarge)
            return .refused
        }
        switch exchange.delivery {
        case .whole:
            unsafe body.append(bytes.bytes)
        case .streamed(let pipe):
            guard unsafe pipe.offer(Array(bytes)) else {
                pausedReceiving = true
                return .pause
            }
        }
        bodyBytes += bytes.count
        return .taken
    }

    enum Supply { case bytes(Int), pause, abort }

    /// Fills libcurl's buffer with the next bytes of the request's body; no bytes end it.
    func supplyBody(_ target: UnsafeMutableRawBufferPointer) -> Supply {
        // Handed over counts as sent: libcurl may forget what it sent when it tries again on another connection.
        outcome.mayHaveSent = true
        switch exchange.upload {
        case .none: return .bytes(0)
        case .whole(let secret):
            let length = min(target.count, secret.count - uploadOffset)
            unsafe secret.withUnsafeBytes { bytes in
                unsafe target.copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: bytes[uploadOffset..<(uploadOffset + length)]))
            }
            uploadOffset += length
            return .bytes(length)
        case .streamed(let pipe):
            switch pipe.read(limit: target.count) {
            case .bytes(let bytes):
                unsafe target.copyBytes(from: bytes)
                return .bytes(bytes.count)
            case .end: return .bytes(0)
            case .empty:
                pausedSending = true
                return .pause
            case .failed:
                _ = abort(.cancelled)
                return .abort
            }
        }
    }

    /// Whether a connect to the address may be tried.
    func permits(_ address: IPAddress?) -> Bool {
        guard let address, exchange.request.destination.permits(address) else {
            outcome.refusedAddresses += 1
            return false
        }
        outcome.permittedAddresses += 1
        return true
    }

    private func abort(_ reason: OutboundError) -> Bool {
        outcome.abortReason = reason
        return false
    }
}
