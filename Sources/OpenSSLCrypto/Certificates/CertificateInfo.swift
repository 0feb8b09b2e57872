internal import COpenSSL

/// What an operator wants to know of a certificate. Nothing here is verified.
package struct CertificateInfo: Equatable, Sendable {
    /// Distinguished names as RFC 2253 writes them, cut at 1 KiB.
    package let subject: String
    package let issuer: String
    /// First and last second of validity, Unix time.
    package let notBefore: Int64
    package let notAfter: Int64
    /// Alternative names that are DNS names, as written.
    package let dnsNames: [String]
    /// Alternative names that are addresses: four or sixteen bytes each.
    package let addresses: [[UInt8]]
    /// SHA-256 over the whole certificate.
    package let fingerprint: [UInt8]

    /// Every certificate of a PEM text, the leaf first as TLS servers want it; at most 32.
    ///
    /// - Throws: `.malformed` where there is none, one can't be read, or a name in one holds a NUL.
    package static func chain(pem: String) throws(OpenSSLError) -> [CertificateInfo] {
        var chain: [CertificateInfo] = []
        for handle in try CertificateReader.certificates(pem: pem) { chain.append(try CertificateInfo(handle)) }
        return chain
    }

    private init(_ handle: CertificateHandle) throws(OpenSSLError) {
        subject = try Self.name(handle, issuer: false)
        issuer = try Self.name(handle, issuer: true)
        notBefore = try Self.time(handle, last: false)
        notAfter = try Self.time(handle, last: true)
        (dnsNames, addresses) = try Self.alternativeNames(handle)
        var digest = [UInt8](repeating: 0, count: 32)
        guard unsafe sp_certificate_fingerprint(handle.certificate, &digest) == 1 else { throw .libraryFailure }
        fingerprint = digest
    }

    private static func name(_ handle: CertificateHandle, issuer: Bool) throws(OpenSSLError) -> String {
        var text = [CChar](repeating: 0, count: 1024)
        let length = unsafe sp_certificate_name(handle.certificate, issuer ? 1 : 0, &text, Int32(text.count))
        guard length >= 0 else { throw .malformed }
        return String(decoding: text.prefix(Int(length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func time(_ handle: CertificateHandle, last: Bool) throws(OpenSSLError) -> Int64 {
        var seconds: Int64 = 0
        guard unsafe sp_certificate_time(handle.certificate, last ? 1 : 0, &seconds) == 1 else { throw .malformed }
        return seconds
    }

    private static func alternativeNames(
        _ handle: CertificateHandle
    ) throws(OpenSSLError) -> (dns: [String], addresses: [[UInt8]]) {
        guard let names = unsafe sp_alternative_names(handle.certificate) else { return ([], []) }
        defer { unsafe sp_alternative_names_free(names) }
        var dns: [String] = []
        var addresses: [[UInt8]] = []
        for index in unsafe 0..<sp_alternative_name_count(names) {
            var bytes: UnsafePointer<UInt8>?
            var length: Int32 = 0
            let kind = unsafe sp_alternative_name(names, index, &bytes, &length)
            let value = unsafe Array(UnsafeBufferPointer(start: bytes, count: Int(length)))
            if kind == 1 {
                guard !value.contains(0) else { throw .malformed }
                dns.append(String(decoding: value, as: UTF8.self))
            } else if kind == 2 {
                addresses.append(value)
            }
        }
        return (dns, addresses)
    }
}
