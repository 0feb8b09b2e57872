import ArgumentParser

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve the control plane and the data plane until SIGTERM.",
        discussion: """
            SIGTERM and SIGINT drain: no new connection is taken, requests in flight end by themselves or at timeouts.drain. \
            SIGHUP reads the certificates again. refresh.spool_directory must be a directory on a durable disk that this user may \
            write: docs/operations-refresh.md says why.
            """)

    @OptionGroup var options: InstallationOptions

    func run() async throws {
        try await CommandFailure.run {
            let settings = try await options.settings()
            let installation = try await Installation(
                settings, logger: ProcessLogger.start(settings), for: .serving)
            try await Server(installation).run(whenReady: { _ in })
        }
    }
}
