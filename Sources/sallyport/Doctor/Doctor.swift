import ArgumentParser
import Domain
import Logging
import OutboundHTTP
import Sodium
import StrictJSON

struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Check database, role, row-level security, durability, root key, refresh spool, clock, outbound TLS and files.",
        discussion:
            "Says how to mend what is wrong. Exit code 0 where nothing failed (warnings are no failure), else 1.")

    @Option(help: "An https URL to reach, as a test of outbound TLS; repeat it for more.")
    var probe: [String] = []
    @OptionGroup var options: InstallationOptions

    func run() async throws {
        try await CommandFailure.run {
            let settings = try await options.settings()
            // What a check finds is its finding; the log of the attempt would only say it again.
            let logger = Logger(label: "doctor") { _ in SwiftLogNoOpLogHandler() }
            var findings = [memory()] + FileChecks(settings: settings).run() + SpoolChecks(settings: settings).run()
            findings += await DatabaseChecks(settings: settings, logger: logger).run()
            findings += await OutboundChecks(urls: probe).run()
            show(findings)
            if findings.contains(where: { $0.outcome == .failed }) {
                throw ExitCode(CommandFailure.Code.failed.rawValue)
            }
        }
    }

    private func show(_ findings: [Finding]) {
        if options.json {
            return options.output.list(findings.map(\.record), columns: [])
        }
        for finding in findings {
            CommandOutput.write("\(Self.mark(finding.outcome))  \(finding.check): \(finding.detail)\n")
            if let mend = finding.mend { CommandOutput.write("         → \(mend)\n") }
        }
    }

    private static func mark(_ outcome: Finding.Outcome) -> String {
        switch outcome {
        case .ok: "ok     "
        case .warning: "warning"
        case .failed: "FAILED "
        }
    }

    private func memory() -> Finding {
        do {
            let status = try SecretMemory.harden()
            guard status.lockFailures == 0 else {
                return .warning(
                    "secret memory", "not locked: it may be written to swap",
                    mend: "raise RLIMIT_MEMLOCK (LimitMEMLOCK= in systemd)")
            }
            return .ok("secret memory", "\(status.lockedBytes / 1_024) KiB locked; core dumps off")
        } catch {
            return .failed("secret memory", "can't be set up", mend: "libsodium 1.0.18 or later is needed")
        }
    }
}
