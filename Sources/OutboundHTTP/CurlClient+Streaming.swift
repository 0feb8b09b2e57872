package import Domain

extension CurlClient {
    /// Sends a POST whose body comes as a sequence, and returns once the answer's head is here; both bodies stream on.
    ///
    /// Back-pressure both ways: the source is asked for more only while less than ``CurlLimits/streamBufferBytes`` wait to
    /// be sent. The request's `timeout` and `maxBodyBytes` bound the whole exchange.
    ///
    /// - Parameters:
    ///   - body: ended where the transfer ends first: its task is cancelled.
    ///   - contentLength: the body's exact length; nil sends it chunked.
    /// - Throws: as `send`; `.cancelled` also where the source throws or breaks its announced length.
    package func stream<Body: AsyncSequence & Sendable>(
        _ request: OutboundRequest, body: Body, contentLength: Int? = nil
    ) async throws(OutboundError) -> StreamingResponse where Body.Element == [UInt8] {
        guard request.method == .post, request.body == nil, (contentLength ?? 0) >= 0 else { throw .invalidRequest }
        let pipe = RequestPipe(capacity: limits.streamBufferBytes, contentLength: contentLength)
        return try await stream(request, upload: .streamed(pipe)) {
            // Ended by the pipe: the end of the transfer closes it, and that cancels the task.
            pipe.attach(Task { await Self.pump(body, into: pipe) })
        }
    }

    /// Sends a request with a body at hand, or none, and returns once the answer's head is here; its body streams on.
    package func stream(_ request: OutboundRequest) async throws(OutboundError) -> StreamingResponse {
        try await stream(request, upload: request.body.map { .whole($0) } ?? .none) {}
    }

    private func stream(
        _ request: OutboundRequest, upload: Exchange.Upload, onAdmission: () -> Void
    ) async throws(OutboundError) -> StreamingResponse {
        try RequestCheck.validate(request)
        let pipe = ResponsePipe(capacity: limits.streamBufferBytes)
        let exchange = Exchange(request: request, upload: upload, delivery: .streamed(pipe), admittedAt: .now)
        let (mailbox, weakly) = (mailbox, WeakExchange(exchange))
        pipe.setOnDrained { weakly.exchange.map { mailbox.post(.resume($0)) } }
        if case .streamed(let source) = upload {
            source.setOnReadable { weakly.exchange.map { mailbox.post(.resume($0)) } }
        }
        guard !Task.isCancelled else { throw .cancelled }
        try mailbox.admit(exchange)
        onAdmission()
        let head = try await awaiting(pipe.head, of: exchange)
        let subscription = StreamingBody.Subscription(pipe: pipe) { mailbox.cancel(exchange) }
        return StreamingResponse(
            status: head.status, headers: head.headers, body: StreamingBody(subscription: subscription))
    }

    @concurrent
    private static func pump<Body: AsyncSequence & Sendable>(
        _ body: Body, into pipe: RequestPipe
    ) async where Body.Element == [UInt8] {
        do {
            for try await chunk in body {
                guard await pipe.write(chunk) else { return }
            }
            pipe.finish()
        } catch {
            // What the source says is the caller's own; the transfer needs to know only that the body is not whole.
            pipe.finish(failed: true)
        }
    }
}

/// Keeps a pipe's signal from holding the exchange that holds the pipe.
private struct WeakExchange: Sendable {
    private final class Reference: Sendable {
        weak let exchange: Exchange?
        init(_ exchange: Exchange) { self.exchange = exchange }
    }

    private let reference: Reference
    var exchange: Exchange? { reference.exchange }

    init(_ exchange: Exchange) { reference = Reference(exchange) }
}
