import Domain
import Logging
import Observability
import Refresh
import Vault

#if canImport(Glibc)
    import Glibc
#endif

/// How a process stands to the refresh spool.
enum SpoolNeed: Sendable {
    /// Nothing that it does obtains a token.
    case none
    /// It may obtain a token for somebody who could give the credential again: without a spool it says so and goes on.
    case wanted
    /// It spends refresh tokens that nobody has twice.
    case required
}

/// Opens the spool of this process, and says how to mend what is in the way.
enum SpoolOpening {
    static func open(
        _ need: SpoolNeed, _ bounds: RefreshBounds, instance: InstanceID, root: any RootKeyProvider, logger: Logger
    ) async throws(CommandFailure) -> RefreshSpool? {
        guard need != .none else { return nil }
        makeParents(of: bounds.spoolDirectory)
        do throws(SpoolOpenError) {
            return try await RefreshSpool.open(
                directory: bounds.spoolDirectory, instance: instance, roots: RootKeys(active: root),
                limits: SpoolLimits(maxBytes: bounds.spoolBytes), logger: logger)
        } catch {
            let detail = "the refresh spool can't be opened: \(problem(error, bounds.spoolDirectory))"
            guard need == .required else {
                logger.warning(
                    "no refresh spool: an answer that can't be had again stays in memory alone until it is stored",
                    metadata: .facts([.path: bounds.spoolDirectory, .reason: "\(error)"]))
                return nil
            }
            throw CommandFailure(.configuration, "\(detail); \(mend(error, bounds.spoolDirectory))")
        }
    }

    /// What is in the way, for people.
    static func problem(_ error: SpoolOpenError, _ path: String) -> String {
        switch error {
        case .missingParent: "\(path) can't be made"
        case .notADirectory: "\(path) is no directory"
        case .symbolicLink: "\(path) is a symbolic link"
        case .openToOthers: "\(path) can be entered by others"
        case .foreignOwner: "\(path) belongs to another user"
        case .refused(let code): "\(path) is refused (errno \(code))"
        case .rootKey: "the root key doesn't wrap its key"
        case .noThread: "this process has no thread left"
        }
    }

    static func mend(_ error: SpoolOpenError, _ path: String) -> String {
        switch error {
        case .missingParent, .notADirectory, .symbolicLink, .refused:
            "refresh.spool_directory names a directory on a durable disk that this user may write "
                + "(install -d -m 0700 -o USER \(path))"
        case .openToOthers: "chmod 700 \(path)"
        case .foreignOwner: "run this as the service's user, or chown \(path) to this one"
        case .rootKey: "see root_key.file"
        case .noThread: "raise the limit of threads (TasksMax= in systemd)"
        }
    }

    /// The directories above it, which may be missing on a new machine; what can't be made is found when it is opened.
    private static func makeParents(of path: String) {
        var parent = ""
        for part in path.split(separator: "/").dropLast() {
            parent += "/" + part
            _ = unsafe mkdir(parent, 0o755)
        }
    }
}
