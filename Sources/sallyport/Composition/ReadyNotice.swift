import NIOCore
import Proxy
import ServiceLifecycle
import Synchronization

/// Tells once, when both listeners take connections, where they are.
struct ReadyNotice: Service {
    private let settings: Settings
    private let control: ListeningPort
    private let data: DataPlaneServer
    private let isSecure: (control: Bool, data: Bool)
    private let tell: @Sendable (Server.Addresses) -> Void

    init(
        settings: Settings, control: ListeningPort, data: DataPlaneServer, certificates: ListenerCertificates,
        tell: @escaping @Sendable (Server.Addresses) -> Void
    ) {
        self.settings = settings
        self.control = control
        self.data = data
        self.isSecure = (certificates.control != nil, certificates.data != nil)
        self.tell = tell
    }

    func run() async throws {
        let controlPort = await control.value()
        // A listener that could not open ends the group, and there is nothing to tell.
        guard controlPort != 0 else { return }
        let dataPort = try await data.boundAddress().port ?? 0
        tell(
            Server.Addresses(
                control: Server.url("control", settings, port: controlPort, secure: isSecure.control),
                data: Server.url("data", settings, port: dataPort, secure: isSecure.data)))
        try await gracefulShutdown()
    }
}

/// The port of a listener, known once it is bound.
final class ListeningPort: Sendable {
    private let stream: AsyncStream<Int>
    private let continuation: AsyncStream<Int>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1)) }

    func set(_ port: Int) { continuation.yield(port) }

    /// For one caller; 0 where it is cancelled first.
    func value() async -> Int {
        for await port in stream { return port }
        return 0
    }
}
