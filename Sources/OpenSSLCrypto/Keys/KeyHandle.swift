internal import COpenSSL
internal import Sodium

/// OpenSSL's key object with one owner.
// Safe to share: the object is never changed after it was read, OpenSSL counts its references atomically, and it is freed
// with its one owner.
@safe
final class KeyHandle: @unchecked Sendable {
    let key: OpaquePointer

    init(taking key: OpaquePointer) { unsafe self.key = key }

    deinit { unsafe EVP_PKEY_free(key) }

    static func privateKey(pem: SecretBytes) throws(OpenSSLError) -> KeyHandle {
        guard let length = Int32(exactly: pem.count) else { throw .malformed }
        let key = unsafe pem.withUnsafeBytes { unsafe sp_read_private_key($0.baseAddress, length) }
        guard let key = unsafe key else { throw .malformed }
        return unsafe KeyHandle(taking: key)
    }

    static func publicKey(pem: String) throws(OpenSSLError) -> KeyHandle {
        let bytes = Array(pem.utf8)
        guard let length = Int32(exactly: bytes.count), let key = unsafe sp_read_public_key(bytes, length) else {
            throw .malformed
        }
        return unsafe KeyHandle(taking: key)
    }
}
