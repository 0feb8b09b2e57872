import Connections
import Domain
import Logging
import Observability
import Refresh
import ServiceLifecycle
import Store
import StrictJSON
import Vault

/// Tells the other instances and operators every few seconds that this one is there and how its refreshes stand, and that it
/// leaves; takes the database's clock with each answer.
struct Heartbeats: Service {
    let installation: Installation
    let gauges: RefreshGauges

    /// Between two of them.
    static let interval = Duration.seconds(5)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                // A beat that is lost while the database is away is of no interest: the next one is on its way.
                try? await beat()
                try? await Task.sleep(for: Self.interval)
            }
        }
        try? await heartbeat.leave()
    }

    /// One sign of life, after a look at what is due.
    func beat() async throws {
        await gauges.look()
        let text = String(decoding: gauges.report.json.encoded, as: UTF8.self)
        try await ClockAlignment(clock: installation.clock).align {
            try await heartbeat.beat(rootIDs: [installation.rootKey.id], report: text)
        }
        warnOfSkew()
    }

    private var heartbeat: Heartbeat {
        Heartbeat(client: installation.postgres, instance: installation.instance, logger: installation.logger)
    }

    /// Once for each crossing of the bound: token times follow the database's clock, certificates and logs the machine's.
    private func warnOfSkew() {
        guard let skew = installation.clock.skew, gauges.noteSkew(skew) else { return }
        installation.logger.warning(
            "this machine's clock and the database's differ",
            metadata: .facts([.durationMilliseconds: String(skew.microseconds / 1_000)]))
    }
}
