internal import Glibc

/// Delays that a fake makes on a thread of its own; no test waits with it.
package enum Pause {
    package static func thread(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        guard seconds >= 0 else { return }
        usleep(UInt32(seconds) * 1_000_000 + UInt32(attoseconds / 1_000_000_000_000))
    }
}
