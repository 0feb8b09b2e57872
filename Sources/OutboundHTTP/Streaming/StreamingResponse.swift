package import Domain

/// An answer whose head has arrived and whose body is still coming.
///
/// Letting go of the body without reading it to its end aborts the transfer.
package struct StreamingResponse: Sendable {
    package let status: Int
    /// Names in lower case, values trimmed, in order of arrival.
    package let headers: [(name: String, value: String)]
    package let body: StreamingBody

    /// The first value of a header, by its lower-case name.
    package func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}

/// Body of a ``StreamingResponse``: chunks as they arrive, read once, by one task.
///
/// Back-pressure: at most ``CurlLimits/streamBufferBytes`` are buffered; then the peer is read no further.
/// A body longer than the request's `maxBodyBytes` ends with `.responseTooLarge`, one that is cut short with
/// `.outcomeUnknown`. Cancelling the reading task aborts the transfer.
package struct StreamingBody: AsyncSequence, Sendable {
    package typealias Element = [UInt8]
    package typealias Failure = OutboundError

    let subscription: Subscription

    package func makeAsyncIterator() -> Iterator { Iterator(subscription: subscription) }

    package struct Iterator: AsyncIteratorProtocol {
        package typealias Element = [UInt8]
        package typealias Failure = OutboundError

        let subscription: Subscription

        package mutating func next() async throws(OutboundError) -> [UInt8]? {
            try await subscription.next()
        }

        package mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(OutboundError) -> [UInt8]? {
            try await subscription.next()
        }
    }

    /// The reader's hold on the transfer.
    final class Subscription: Sendable {
        private let pipe: ResponsePipe
        private let cancel: @Sendable () -> Void

        init(pipe: ResponsePipe, cancel: @escaping @Sendable () -> Void) {
            self.pipe = pipe
            self.cancel = cancel
        }

        deinit { cancel() }

        func next() async throws(OutboundError) -> [UInt8]? {
            let result: Result<[UInt8]?, OutboundError> = await withTaskCancellationHandler {
                do throws(OutboundError) { return .success(try await pipe.next()) } catch { return .failure(error) }
            } onCancel: {
                cancel()
            }
            return try result.get()
        }
    }
}
