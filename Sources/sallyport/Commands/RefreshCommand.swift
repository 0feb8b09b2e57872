import ArgumentParser
import StrictJSON

#if canImport(Glibc)
    import Glibc
#endif

struct RefreshCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "refresh", abstract: "See how tokens are kept fresh.", subcommands: [Status.self])

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what is due and how late, who works on it, and which token endpoints are in trouble.",
            discussion: """
                Over all environments. Instances report themselves every five seconds. What the figures mean and what to do about \
                them is in docs/operations-refresh.md.
                """)

        @Flag(help: "Show it again every two seconds, until interrupted.")
        var watch = false
        @OptionGroup var options: InstallationOptions

        func run() async throws {
            try await CommandFailure.run {
                try await Installation.open(try await options.settings()) { installation in
                    repeat {
                        show(try await RefreshOverview.read(installation))
                        if watch { try await Task.sleep(for: .seconds(2)) }
                    } while watch
                }
            }
        }

        private func show(_ overview: RefreshOverview) {
            if options.json { return options.output.show(overview.json) }
            // On a terminal each look replaces the one before (ECMA-48: cursor home, erase below).
            if watch, isatty(1) == 1 { CommandOutput.write("\u{1B}[H\u{1B}[2J") }
            CommandOutput.write(overview.text + (watch && isatty(1) == 0 ? "\n" : ""))
        }
    }
}
