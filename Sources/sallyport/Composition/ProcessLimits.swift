#if canImport(Glibc)
    import Glibc
#endif

/// Limits of the process that both listeners and the outbound client live within.
enum ProcessLimits {
    /// Raises the soft limit of open files to the hard one: every client, upstream and pool holds descriptors, and the
    /// usual soft limit of 1,024 is below the default number of connections.
    static func raiseOpenFiles() {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0,
            limit.rlim_cur < limit.rlim_max
        else { return }
        limit.rlim_cur = limit.rlim_max
        // A refusal leaves the old limit; the listeners' own bounds hold either way.
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
