#if canImport(Glibc)
    import Glibc
#endif

/// What time it is, injected so that rules can be tested without waiting.
package protocol WallClock: Sendable {
    func now() -> Timestamp
}

/// The machine's real-time clock.
package struct SystemWallClock: WallClock {
    package init() {}

    package func now() -> Timestamp {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }
}
