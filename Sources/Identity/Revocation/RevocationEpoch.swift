internal import Synchronization

/// A counter that grows whenever a cached caller or signing key may have ended. Reading it costs one load.
package final class RevocationEpoch: Sendable {
    private let counter = Atomic<UInt64>(0)

    package init() {}

    package var value: UInt64 { counter.load(ordering: .acquiring) }

    package func advance() { counter.wrappingAdd(1, ordering: .acquiringAndReleasing) }
}
