internal import CCurl
internal import OData

/// One request as libcurl's easy handle. For the loop's thread alone.
// Safe: the handle is freed with the object; the loop keeps the object while the handle is in its multi handle, and
// callbacks run only then, on the loop's thread.
@safe
final class Transfer {
    let job: TransferJob
    let easy: UnsafeMutableRawPointer
    var address: UInt { unsafe UInt(bitPattern: easy) }
    let headers = HeaderList()
    private let maxHeaderBytes: Int
    private var parser: HeadParser
    private var hasHead = false
    private var headerBytes = 0
    private var uploaded = 0
    private var mayHaveSent = false
    private var isPaused = false
    private var refusal: TransportError?

    /// nil where libcurl has no memory, or refuses an option.
    init?(_ job: TransferJob, options: CurlOptions, now: ContinuousClock.Instant) {
        guard let easy = unsafe curl_easy_init() else { return nil }
        self.job = job
        unsafe self.easy = easy
        maxHeaderBytes = options.maxHeaderBytes
        parser = HeadParser(isDecoded: options.asksForGzip)
        guard apply(options, now: now) else { return nil }
    }

    deinit { unsafe curl_easy_cleanup(easy) }

    // MARK: Driven by the loop

    func resume() {
        guard isPaused else { return }
        isPaused = false
        unsafe curl_easy_pause(easy, CURLPAUSE_CONT)
    }

    /// libcurl has ended it.
    func finish(_ code: CURLcode) {
        noteSent()
        if code == CURLE_OK, refusal == nil {
            job.channel.finish(hasHead ? nil : .malformed)
        } else {
            job.channel.finish(refusal ?? error(code))
        }
    }

    enum Abandonment { case cancelled, shutdown, timedOut }

    /// Ended from this side.
    func abandon(_ reason: Abandonment) {
        noteSent()
        switch reason {
        case .cancelled: job.channel.finish(.cancelled(isSent: mayHaveSent))
        case .timedOut: job.channel.finish(.timedOut(isSent: mayHaveSent))
        case .shutdown: job.channel.finish(mayHaveSent ? .broken(isSent: true) : .overloaded)
        }
    }

    private func noteSent() {
        var bytes = 0
        if unsafe sp_get_long(easy, CURLINFO_REQUEST_SIZE, &bytes) == CURLE_OK, bytes > 0 { mayHaveSent = true }
    }

    private func error(_ code: CURLcode) -> TransportError {
        switch code {
        // Before the deadline only connecting is timed.
        case CURLE_OPERATION_TIMEDOUT where !mayHaveSent && job.deadline - .now > .milliseconds(100): .unreachable
        case CURLE_OPERATION_TIMEDOUT: .timedOut(isSent: mayHaveSent)
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS, CURLE_USE_SSL_FAILED:
            mayHaveSent ? .broken(isSent: true) : .untrusted
        case CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING, CURLE_UNSUPPORTED_PROTOCOL: .malformed
        case CURLE_OUT_OF_MEMORY, CURLE_FAILED_INIT: mayHaveSent ? .broken(isSent: true) : .overloaded
        default: mayHaveSent ? .broken(isSent: true) : .unreachable
        }
    }

    // MARK: Called by libcurl

    /// One header line; false ends the transfer.
    func receiveHeader(_ line: [UInt8]) -> Bool {
        headerBytes += line.count
        guard headerBytes <= maxHeaderBytes else { return refuse(.malformed) }
        switch parser.consume(line) {
        case .more: return true
        case .malformed: return refuse(.malformed)
        case .complete(let head):
            hasHead = true
            job.channel.begin(head)
            return true
        }
    }

    enum Reception { case taken, pause, refused }

    /// Taken wholly or not at all.
    func receiveBody(_ bytes: UnsafeRawBufferPointer) -> Reception {
        guard hasHead else {
            _ = refuse(.malformed)
            return .refused
        }
        if unsafe bytes.isEmpty { return .taken }
        guard unsafe job.channel.offer(Array(bytes)) else {
            isPaused = true
            return .pause
        }
        return .taken
    }

    /// Fills libcurl's buffer with the next bytes of the body; none end it. Handed over counts as sent.
    func supplyBody(_ target: UnsafeMutableRawBufferPointer) -> Int {
        mayHaveSent = true
        guard let body = job.body else { return 0 }
        let count = min(target.count, body.count - uploaded)
        unsafe target.copyBytes(from: body[uploaded..<(uploaded + count)])
        uploaded += count
        return count
    }

    private func refuse(_ reason: TransportError) -> Bool {
        refusal = reason
        return false
    }
}
