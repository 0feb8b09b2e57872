import OpenSSLCrypto
import Sodium
import Vault

#if canImport(Glibc)
    import Glibc
#endif

/// The files that the settings name: whether they are there, what they hold, who may read them.
struct FileChecks {
    let settings: Settings

    func run() -> [Finding] {
        [rootKey()] + passwordFiles() + ["control", "data"].flatMap(listener)
    }

    private func rootKey() -> Finding {
        let check = "root key"
        guard let path = settings.text("root_key.file") else {
            return .failed(
                check, "root_key.file is not set", mend: "sallyport root-key create PATH, then set root_key.file")
        }
        do throws(RootKeyFileError) {
            let provider = try FileRootKeyProvider(path: path)
            return .ok(check, "\(path) holds root key \(provider.id)")
        } catch {
            return .failed(
                check, "\(path) can't be used (\(error))",
                mend:
                    "a regular file of 32 bytes, owned by the service's user, chmod 600; never make a new one where credentials are stored under the old"
            )
        }
    }

    private func passwordFiles() -> [Finding] {
        ["database.password_file", "database.migrator_password_file"].compactMap { key in
            settings.text(key).map { privateFile(key, $0) }
        }
    }

    private func privateFile(_ check: String, _ path: String) -> Finding {
        guard let mode = Self.mode(of: path) else {
            return .failed(check, "\(path) can't be read", mend: "make the file, or unset \(check)")
        }
        guard mode & 0o077 == 0 else {
            return .failed(
                check, "\(path) can be read by others (mode \(String(mode & 0o777, radix: 8)))",
                mend: "chmod 600 \(path)")
        }
        return .ok(check, "\(path), mode \(String(mode & 0o777, radix: 8))")
    }

    private func listener(_ name: String) -> [Finding] {
        let check = "\(name) listener"
        let host = settings.text("\(name).host") ?? ""
        guard let certificate = settings.text("\(name).tls.certificate_file"),
            let key = settings.text("\(name).tls.key_file")
        else {
            if ListenerRules.isLoopback(host) || settings.boolean("\(name).allow_plain_http") {
                return [.ok(check, "plain HTTP on \(host)")]
            }
            return [
                .failed(
                    check, "plain HTTP on \(host), which is not loopback",
                    mend:
                        "set \(name).tls.certificate_file and \(name).tls.key_file, or \(name).allow_plain_http behind a proxy that ends TLS"
                )
            ]
        }
        return [privateFile("\(name).tls.key_file", key), certificatePair(check, certificate, key)]
    }

    private func certificatePair(_ check: String, _ certificate: String, _ key: String) -> Finding {
        do {
            let text = try TextFile.read(certificate, limit: 1 << 20)
            guard let leaf = try CertificateInfo.chain(pem: text).first else {
                return .failed(check, "\(certificate) holds no certificate", mend: "PEM, leaf first, then the chain")
            }
            guard try PrivateKeyPEM(try SecretInput.read(from: key)).matches(certificatePEM: text) else {
                return .failed(
                    check, "\(key) is not the key of \(certificate)", mend: "install the pair that belongs together")
            }
            return expiry(check, leaf)
        } catch {
            return .failed(
                check, "\(certificate) or \(key) can't be parsed",
                mend: "PEM files: the chain leaf first; the key unencrypted")
        }
    }

    private func expiry(_ check: String, _ leaf: CertificateInfo) -> Finding {
        let days = (leaf.notAfter - Int64(time(nil))) / 86_400
        if days < 0 {
            return .failed(check, "the certificate has expired", mend: "install a new one and send SIGHUP")
        }
        if days < 14 {
            return .warning(check, "the certificate expires in \(days) days", mend: "install a new one and send SIGHUP")
        }
        return .ok(check, "TLS; the certificate is good for \(days) days")
    }

    private static func mode(of path: String) -> UInt32? {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? status.st_mode : nil
    }
}
