internal import Hummingbird
internal import NIOCore

/// What the server hands over with a request: the connection alone.
struct ExchangeContext: InitializableFromSource {
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        channel = source.channel
    }
}
