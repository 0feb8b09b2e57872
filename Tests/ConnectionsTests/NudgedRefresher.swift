import Connections
import Domain
import Synchronization

/// A refresher that counts who was nudged and who waited; whoever waits is told to come again.
final class NudgedRefresher: TokenRefreshing {
    private let state = Mutex<(nudged: [ConnectionID], waited: Int)>(([], 0))

    var nudged: [ConnectionID] { state.withLock { $0.nudged } }
    var waited: Int { state.withLock { $0.waited } }

    func refreshedTokenSet(
        of stored: StoredConnection, isForced: Bool, deadline: ContinuousClock.Instant
    ) async throws(RefreshError) -> OpenedTokenSet {
        state.withLock { $0.waited += 1 }
        throw .backingOff(.tokenEndpointUnreachable, remaining: .seconds(1))
    }

    func nudge(of stored: StoredConnection) { state.withLock { $0.nudged.append(stored.connection.id) } }
}
