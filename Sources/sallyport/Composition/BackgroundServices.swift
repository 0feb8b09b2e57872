import Vault
import Domain
import Logging
import Observability
import ServiceLifecycle
import Store
import UnixSignals

/// Work without an end of its own, as a service.
struct BackgroundService: Service {
    let work: @Sendable () async -> Void

    func run() async throws {
        await cancelWhenGracefulShutdown { await work() }
    }
}

/// Tells the other instances every few seconds that this one is there, and that it leaves.
struct Heartbeats: Service {
    let installation: Installation

    func run() async throws {
        let heartbeat = Heartbeat(
            client: installation.postgres, instance: installation.instance, logger: installation.logger)
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                // A beat that is lost while the database is away is of no interest: the next one is on its way.
                try? await heartbeat.beat(rootIDs: [installation.rootKey.id])
                try? await Task.sleep(for: .seconds(5))
            }
        }
        try? await heartbeat.leave()
    }
}

/// SIGHUP reads the certificates of both listeners again.
struct ReloadOnSignal: Service {
    let certificates: ListenerCertificates

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sighup)
        await cancelWhenGracefulShutdown {
            for await _ in signals { certificates.reload() }
        }
    }
}
