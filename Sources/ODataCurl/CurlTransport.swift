public import HTTPTypes
public import OData

/// Requests by libcurl, on one thread of its own: HTTP/1.1 and HTTP/2 over TLS 1.2 or newer, or plain HTTP where the
/// URL says so.
///
/// Nothing of the environment counts: no proxies, no `.netrc`, no cookies, no redirects, no caches. A request is
/// written once: where a kept connection dies under a write, the error says that it was sent. Bodies arrive as they are
/// read; who doesn't read stops the sender. Connections are kept and shared by all requests of one transport, so give
/// each client certificate a transport of its own.
///
/// Shut it down when it is no longer wanted; without that its thread ends when the transport and all bodies that are
/// being read are let go.
public final class CurlTransport: ODataTransport {
    private let options: CurlOptions
    private let mailbox: Mailbox
    private let ended = EndSignal()

    /// Starts the thread.
    ///
    /// - Throws: `.unsupportedLibrary`, `.noResources`.
    public init(options: CurlOptions = CurlOptions()) throws(CurlSetupError) {
        guard CurlLibrary.isReady else { throw .unsupportedLibrary }
        let (sum, isOver) = options.maxTransfers.addingReportingOverflow(options.maxWaiting)
        guard let mailbox = Mailbox(capacity: isOver ? .max : sum) else { throw .noResources }
        (self.options, self.mailbox) = (options, mailbox)
        let ended = ended
        let isStarted = LoopThread.start {
            CurlLoop(mailbox: mailbox, options: options)?.run()
            for job in mailbox.close() { job.channel.finish(.overloaded) }
            ended.fulfil()
        }
        guard isStarted else {
            _ = mailbox.close()
            throw .noResources
        }
    }

    deinit { mailbox.stop(at: .now) }

    public func send(
        _ head: HTTPRequest, body: [UInt8]?, deadline: ContinuousClock.Instant
    ) async throws(TransportError) -> TransportResponse {
        guard let job = TransferJob(head, body: body, deadline: deadline, options: options) else { throw .unreachable }
        guard !Task.isCancelled else { throw .cancelled(isSent: false) }
        guard mailbox.admit(job) else { throw .overloaded }
        let mailbox = mailbox
        let response = await withTaskCancellationHandler {
            await job.channel.head()
        } onCancel: {
            mailbox.post(.cancel(job))
        }
        let reading = BodyReading(job, mailbox, self)
        let next: @Sendable () async throws(TransportError) -> [UInt8]? = {
            () async throws(TransportError) -> [UInt8]? in
            try await reading.next()
        }
        return TransportResponse(head: try response.get(), body: ResponseBody(next: next, cancel: { reading.cancel() }))
    }

    /// Refuses new requests from now on, lets those under way finish, and ends the rest after `grace`.
    ///
    /// Returns when the thread has ended. May be called more than once.
    public func shutdown(within grace: Duration = .seconds(5)) async {
        mailbox.stop(at: .now + grace)
        // Bounded: at that instant the loop ends every transfer and then itself.
        await ended.wait()
    }
}

/// Why there is no transport.
public enum CurlSetupError: Error, Sendable, Hashable {
    /// libcurl is older than 7.87, or built without OpenSSL.
    case unsupportedLibrary
    /// No thread or descriptor to be had.
    case noResources
}
