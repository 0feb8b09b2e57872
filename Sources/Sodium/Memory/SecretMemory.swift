internal import CSodium

/// The process's memory of secrets as a whole: switched on at start, reported afterwards.
package enum SecretMemory {
    /// What is held, and whether the kernel keeps it in RAM.
    package struct Status: Sendable, Equatable {
        /// Bytes that `mlock` accepted: never swapped, never in a core dump.
        package internal(set) var lockedBytes = 0
        /// Slab regions of 256 KiB.
        package internal(set) var regions = 0
        /// How often `mlock` refused; above zero some secrets may be swapped out. Raise `RLIMIT_MEMLOCK`.
        package internal(set) var lockFailures = 0
        /// Secrets alive, whatever their size.
        package internal(set) var liveSecrets = 0
        /// Secrets alive that are larger than a slab page.
        package internal(set) var largeSecrets = 0
        var unlockedLargeSecrets = 0
    }

    /// Closes the ways by which memory leaves the process, and makes the first region. Call once, first in `main`.
    ///
    /// Core dumps and `ptrace` by the same user go off (`PR_SET_DUMPABLE`, `RLIMIT_CORE`), set-uid programs gain nothing
    /// in children (`PR_SET_NO_NEW_PRIVS`), and the soft limit of lockable memory rises to the hard one. No new
    /// privileges belongs to a thread and passes to those that it starts: hence before any other thread exists.
    ///
    /// - Returns: the status after the first region; `lockFailures` above zero means that locking was refused.
    /// - Throws: `.libraryUnavailable` or `.hardeningRefused`; the process ought not to hold a secret then.
    @discardableResult
    package static func harden() throws(SodiumError) -> Status {
        guard Library.isReady else { throw .libraryUnavailable }
        guard sallyport_forbid_dumps() == 0, sallyport_forbid_new_privileges() == 0 else { throw .hardeningRefused }
        _ = sallyport_raise_lockable_bytes()
        SecretArena.shared.prepare()
        return SecretArena.shared.status
    }

    /// The figures now.
    package static var status: Status { SecretArena.shared.status }
}
