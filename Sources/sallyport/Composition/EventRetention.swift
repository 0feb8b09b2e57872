import Connections
import Domain
import Logging
import Observability
import ServiceLifecycle
import Store

/// Deletes lifecycle events that have been kept long enough, a little at a time, so that no transaction grows long.
struct EventRetention: Service {
    let installation: Installation
    let age: Duration

    /// How often to look; each round ends when a batch comes out short.
    private static let interval = Duration.seconds(600)
    private static let batch = 1_000
    /// Between two full batches: others use the database too.
    private static let pause = Duration.milliseconds(100)

    func run() async throws {
        let retention = LifecycleEventRetention(client: installation.postgres, logger: installation.logger)
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await deleteExpired(retention)
                try? await Task.sleep(for: Self.interval)  // Ends early with the service alone.
            }
        }
    }

    private func deleteExpired(_ retention: LifecycleEventRetention) async {
        do {
            while try await retention.deleteExpired(olderThan: age, batch: Self.batch) >= Self.batch {
                try await Task.sleep(for: Self.pause)
            }
        } catch is CancellationError {
            return
        } catch {
            installation.logger.warning(
                "old lifecycle events could not be deleted", metadata: .facts([.reason: "\(error)"]))
        }
    }
}
