internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOSSL

/// A connection under TLS whose certificate is asked for when it is accepted: a reload needs no restart and cuts nobody off.
struct ReloadableTLSChannel<Base: ServerChildChannel>: ServerChildChannel {
    enum Failure: Error { case noCertificate }

    private let base: Base
    private let context: @Sendable () -> NIOSSLContext?

    init(_ base: Base, context: @escaping @Sendable () -> NIOSSLContext?) {
        self.base = base
        self.context = context
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
        channel.eventLoop.makeCompletedFuture {
            guard let context = context() else {
                // The server leaves a connection that it couldn't set up open.
                channel.close(promise: nil)
                throw Failure.noCertificate
            }
            try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
        }.flatMap {
            base.setup(channel: channel, logger: logger)
        }
    }

    func handle(value: Base.Value, logger: Logger) async {
        await base.handle(value: value, logger: logger)
    }
}
