import Logging
import NIOSSL
import Observability
import OpenSSLCrypto
import Sodium
import Synchronization

/// The certificate chain and key of one listener, read from PEM files at start and again on SIGHUP.
///
/// A reload that fails leaves the old pair in place: a bad file must not end a service that works.
final class ReloadableCertificates: Sendable {
    private let certificateFile: String
    private let keyFile: String
    private let listener: String
    private let logger: Logger
    private let current: Mutex<NIOSSLContext>

    init(certificateFile: String, keyFile: String, listener: String, logger: Logger) throws(SettingsError) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
        self.listener = listener
        self.logger = logger
        self.current = Mutex(try Self.load(certificateFile, keyFile))
    }

    /// What the next accepted connection handshakes with.
    var context: NIOSSLContext { current.withLock { $0 } }

    func reload() {
        do throws(SettingsError) {
            let fresh = try Self.load(certificateFile, keyFile)
            current.withLock { $0 = fresh }
            logger.notice("certificates read again", metadata: .facts([.listener: listener]))
        } catch {
            logger.error(
                "certificates can't be read again; the old ones stay",
                metadata: .facts([.listener: listener, .reason: error.description]))
        }
    }

    private static func load(_ certificateFile: String, _ keyFile: String) throws(SettingsError) -> NIOSSLContext {
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(certificateFile)
            let key = try NIOSSLPrivateKey(file: keyFile, format: .pem)
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
            configuration.minimumTLSVersion = .tlsv12
            configuration.applicationProtocols = ["http/1.1"]
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw .refused("certificate \(certificateFile) and key \(keyFile) can't be used together")
        }
    }
}
