internal import Domain
internal import Sodium
internal import Synchronization

/// One request and where its answer goes: what the caller's task and the loop's thread share.
final class Exchange: Sendable {
    enum Upload: Sendable {
        case none
        case whole(SecretBytes)
        case streamed(RequestPipe)
    }

    enum Delivery: Sendable {
        case whole(OneShot<OutboundResponse>)
        case streamed(ResponsePipe)
    }

    let request: OutboundRequest
    let upload: Upload
    let delivery: Delivery
    /// Last instant of the whole exchange, waiting for a turn included.
    let deadline: ContinuousClock.Instant
    private let wasCancelled = Atomic(false)

    init(request: OutboundRequest, upload: Upload, delivery: Delivery, admittedAt: ContinuousClock.Instant) {
        self.request = request
        self.upload = upload
        self.delivery = delivery
        self.deadline = admittedAt + min(request.timeout, .seconds(86_400))
    }

    var isCancelled: Bool { wasCancelled.load(ordering: .acquiring) }

    /// The loop looks at the mark when the transfer begins; a transfer under way needs the command as well.
    func markCancelled() { wasCancelled.store(true, ordering: .releasing) }

    /// Ends the exchange for its caller without an answer.
    func fail(_ error: OutboundError) {
        if case .streamed(let pipe) = upload { pipe.close() }
        switch delivery {
        case .whole(let reply): reply.fulfil(.failure(error))
        case .streamed(let pipe): pipe.finish(.failure(error))
        }
    }
}
