internal import COpenSSL
package import class Sodium.SecretBytes

/// A private key as an operator hands it over, for the check that it belongs to a certificate.
package struct PrivateKeyPEM: Sendable {
    private let handle: KeyHandle

    /// Any kind of key; PKCS #8 or traditional PEM, unencrypted.
    ///
    /// - Throws: `.malformed`.
    package init(_ pem: SecretBytes) throws(OpenSSLError) {
        handle = try KeyHandle.privateKey(pem: pem)
    }

    /// Whether the first certificate of the chain is for this key.
    ///
    /// - Throws: `.malformed` where the chain can't be read.
    package func matches(certificatePEM pem: String) throws(OpenSSLError) -> Bool {
        guard let leaf = try CertificateReader.certificates(pem: pem).first else { throw .malformed }
        guard let key = unsafe sp_certificate_key(leaf.certificate) else { throw .unsupportedKey }
        let certified = unsafe KeyHandle(taking: key)
        return unsafe sp_same_public_key(handle.key, certified.key) == 1
    }
}
