internal import COpenSSL

/// OpenSSL's certificate object with one owner.
// Safe: the object is only read, and freed with its one owner.
@safe
final class CertificateHandle {
    let certificate: OpaquePointer

    init(taking certificate: OpaquePointer) { unsafe self.certificate = certificate }

    deinit { unsafe X509_free(certificate) }
}

/// Certificates of a PEM text.
enum CertificateReader {
    /// More in one text is taken for a mistake.
    private static let maxCertificates = 32

    /// In the order of the text; other PEM blocks between them are passed over.
    static func certificates(pem: String) throws(OpenSSLError) -> [CertificateHandle] {
        let bytes = Array(pem.utf8)
        var handles: [CertificateHandle] = []
        let isWhole = unsafe bytes.withUnsafeBytes { buffer in
            guard let length = Int32(exactly: buffer.count), let reader = unsafe sp_reader(buffer.baseAddress, length)
            else {
                return false
            }
            defer { unsafe sp_reader_free(reader) }
            while handles.count <= maxCertificates {
                var certificate: OpaquePointer?
                let code = unsafe sp_next_certificate(reader, &certificate)
                guard code == 1, let certificate = unsafe certificate else { return code == 0 }
                unsafe handles.append(CertificateHandle(taking: certificate))
            }
            return false
        }
        guard isWhole, !handles.isEmpty else { throw .malformed }
        return handles
    }
}
