#if canImport(Glibc)
    import Glibc
#endif

/// Asks before what can't be undone.
enum Confirmation {
    static func require(_ given: Bool, _ what: String) throws(CommandFailure) {
        if given { return }
        guard isatty(0) == 1, isatty(2) == 1 else {
            throw CommandFailure(.refused, "to \(what), say --yes")
        }
        CommandOutput.complain("about to \(what). Type yes to go on:")
        guard readLine() == "yes" else { throw CommandFailure(.refused, "not done") }
    }
}
