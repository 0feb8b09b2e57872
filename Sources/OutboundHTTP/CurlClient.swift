internal import CCurl
package import Domain
internal import Synchronization

/// All outbound HTTP but the data plane's upstream leg: libcurl's multi interface on one thread of its own.
///
/// HTTP/1.1 over TLS 1.2 or newer. No redirect is followed, no proxy, `.netrc`, cookie or cache is used whatever the
/// environment says; no content coding is asked for or undone. Every resolved address is checked against the request's
/// ``DestinationPolicy`` before it is connected to. A kept connection serves only requests with equal `poolKey`,
/// destination policy and trusted certificates. Additional certificates are trusted besides the system's.
///
/// A request is written at most once: where a kept connection dies under a POST, the error is `.outcomeUnknown` rather
/// than a second attempt. GET and HEAD may be repeated once on a new connection (RFC 9110 §9.2.2).
///
/// Start it before the first request, and shut it down; without a shutdown its thread ends when the client is let go.
/// The process needs some 1,500 descriptors for the default ``CurlLimits``.
package final class CurlClient: OutboundPort {
    private enum Phase { case new, started, stopped }

    let limits: CurlLimits
    private let systemCertificates: String
    let mailbox: Mailbox
    private let phase = Mutex(Phase.new)
    private let ended = OneShot<Void>()

    /// - Parameter systemCertificates: PEM bundle of the authorities that every request trusts.
    package init(
        limits: CurlLimits = CurlLimits(), systemCertificates: String = "/etc/ssl/certs/ca-certificates.crt"
    ) throws(CurlClientError) {
        guard CurlLibrary.isReady else { throw .unsupportedLibrary }
        self.limits = limits
        self.systemCertificates = systemCertificates
        mailbox = try Mailbox(capacity: limits.maxActiveTransfers + limits.maxWaitingTransfers)
    }

    deinit { mailbox.post(.stop(.now)) }

    /// Starts the thread. Requests before this are `.overloaded`.
    package func start() throws(CurlClientError) {
        let isFirst = phase.withLock { phase in
            defer { if phase == .new { phase = .started } }
            return phase == .new
        }
        guard isFirst else { throw .alreadyStarted }
        let poller = sp_epoll_create()
        guard poller >= 0 else { throw abandon(-poller) }
        let (mailbox, limits, systemCertificates, ended) = (mailbox, limits, systemCertificates, ended)
        let code = LoopThread.start {
            CurlLoop(mailbox: mailbox, limits: limits, systemCertificates: systemCertificates, poller: poller).run()
            ended.fulfil(.success(()))
        }
        guard code == 0 else {
            sp_close(poller)
            throw abandon(code)
        }
        mailbox.open()
    }

    /// There is no thread whose end a shutdown could wait for.
    private func abandon(_ code: Int32) -> CurlClientError {
        ended.fulfil(.success(()))
        return .systemResources(code)
    }

    /// Refuses new requests from now on, lets those under way finish, and ends the rest after `grace`.
    ///
    /// Returns when the thread has ended. May be called more than once and from several tasks; the earliest end counts.
    package func shutdown(within grace: Duration) async {
        let wasStarted = phase.withLock { phase in
            defer { phase = .stopped }
            return phase != .new
        }
        mailbox.post(.stop(.now + grace))
        guard wasStarted else { return }
        // Never a failure: the thread fulfils it once, as its last act.
        _ = try? await ended.value()
    }

    package func send(_ request: OutboundRequest) async throws(OutboundError) -> OutboundResponse {
        try RequestCheck.validate(request)
        let reply = OneShot<OutboundResponse>()
        let exchange = Exchange(
            request: request, upload: request.body.map { .whole($0) } ?? .none, delivery: .whole(reply),
            admittedAt: .now)
        guard !Task.isCancelled else { throw .cancelled }
        try mailbox.admit(exchange)
        return try await awaiting(reply, of: exchange)
    }

    /// The result, or `.cancelled` soon after the calling task was cancelled: the loop ends the transfer then.
    func awaiting<Value>(_ reply: OneShot<Value>, of exchange: Exchange) async throws(OutboundError) -> Value {
        let result: Result<Value, OutboundError> = await withTaskCancellationHandler {
            do throws(OutboundError) { return .success(try await reply.value()) } catch { return .failure(error) }
        } onCancel: {
            mailbox.cancel(exchange)
        }
        return try result.get()
    }
}
