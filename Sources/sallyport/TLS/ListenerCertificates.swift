import Logging

/// The certificates of both listeners; nil where one serves plain HTTP.
struct ListenerCertificates: Sendable {
    let control: ReloadableCertificates?
    let data: ReloadableCertificates?

    init(_ settings: Settings, _ logger: Logger) throws(CommandFailure) {
        control = try Self.certificates("control", settings, logger)
        data = try Self.certificates("data", settings, logger)
    }

    func reload() {
        control?.reload()
        data?.reload()
    }

    private static func certificates(
        _ name: String, _ settings: Settings, _ logger: Logger
    ) throws(CommandFailure) -> ReloadableCertificates? {
        do throws(SettingsError) {
            guard let files = try ListenerRules.certificateFiles(name, settings) else { return nil }
            return try ReloadableCertificates(
                certificateFile: files.chain, keyFile: files.key, listener: name, logger: logger)
        } catch {
            throw CommandFailure(error)
        }
    }
}
