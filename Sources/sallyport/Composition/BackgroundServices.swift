import Vault
import Connections
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

/// Drops unwrapped keys whose owner is gone, or all of them where an announcement may have been missed.
struct KeyForgetting: Service {
    let installation: Installation

    func run() async throws {
        let announcements = installation.stores.announcements.announcements()
        let keys = installation.vault.keys
        await cancelWhenGracefulShutdown {
            for await announcement in announcements {
                switch announcement {
                case .tenantChanged(let tenant): keys.forget(tenant)
                case .gap: keys.forgetAll()
                case .connectionChanged, .integrationChanged, .apiKeyRevoked: break
                }
            }
        }
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
