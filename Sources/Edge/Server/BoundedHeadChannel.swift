internal import Domain
internal import HTTPTypes
internal import HummingbirdCore
internal import Logging
internal import NIOCore

/// A connection whose clients must send their heads in time and within bounds.
struct BoundedHeadChannel<Base: ServerChildChannel>: ServerChildChannel {
    private let base: Base
    private let time: TimeAmount
    private let maxBytes: Int

    init(_ base: Base, time: TimeAmount, maxBytes: Int) {
        self.base = base
        self.time = time
        self.maxBytes = maxBytes
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
        channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(
                HeadBounds(time: time, maxBytes: maxBytes, refusal: Self.refusal))
        }.flatMap {
            base.setup(channel: channel, logger: logger)
        }
    }

    func handle(value: Base.Value, logger: Logger) async {
        await base.handle(value: value, logger: logger)
    }

    private static func refusal(_ code: ProblemCode) -> [UInt8] {
        let problem = Problem(code: code).answer(
            requestID: RequestID.take(nil, random: SystemRandomSource())
        ).body
        let head = """
            HTTP/1.1 \(code.status.code) \(code.status.reasonPhrase)\r
            content-type: application/problem+json\r
            content-length: \(problem.count)\r
            cache-control: no-store\r
            connection: close\r
            \r

            """
        return Array(head.utf8) + problem
    }
}
