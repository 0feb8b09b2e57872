#if canImport(Glibc)
    import Glibc
#endif

/// Becomes another program, found on PATH.
enum ProgramReplacement {
    /// Returns only where the program can't be run.
    static func run(_ arguments: [String]) -> CommandFailure {
        var pointers = unsafe arguments.map { unsafe strdup($0) } + [nil]
        if let program = unsafe pointers[0] { unsafe execvp(program, &pointers) }
        return CommandFailure(.unavailable, "\(arguments.first ?? "the program") is not installed (postgresql-client)")
    }
}
