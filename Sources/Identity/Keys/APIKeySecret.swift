package import Domain
package import Sodium

/// The text of an API key: `sp_<id>_<secret>_<checksum>`, 80 characters of ASCII.
///
/// - id: the 26 characters of the key's ``APIKeyID`` behind its prefix.
/// - secret: 32 random bytes, 43 characters of base64url.
/// - checksum: 6 characters, so that a typo, a cut-off paste or a scanner's find is told from a key without a look-up.
///   It is no protection: whoever knows the form can compute it.
///
/// Parsing takes exactly this form.
package struct APIKeySecret: Sendable {
    package static let length = 80
    private static let idRange = 3..<29
    private static let secretRange = 30..<73
    private static let checksumRange = 74..<80

    package let id: APIKeyID
    private let secret: SecretBytes

    private init(id: APIKeyID, secret: SecretBytes) {
        self.id = id
        self.secret = secret
    }

    /// Makes the secret of a new key.
    ///
    /// - Returns: the text, to be shown once and never stored, and the hash to store as ``APIKey/secretHash``.
    package static func mint(id: APIKeyID) -> (secret: SecretBytes, hash: [UInt8]) {
        let key = APIKeySecret(id: id, secret: .random(count: 32))
        var text = SecretBuffer(minimumCapacity: length)
        text.append(utf8: "sp_")
        text.append(utf8: String(id.description.dropFirst(APIKeyKind.prefix.utf8.count + 1)))
        text.append(UInt8(ascii: "_"))
        text.append(Base64URL.encode(key.secret))
        let check = text.withBytes { Self.checksum(of: $0) }
        text.append(UInt8(ascii: "_"))
        text.append(check)
        return (text.finish(), key.hash)
    }

    /// Nil for anything but a well-formed key with the right checksum.
    package init?(_ text: SecretBytes) {
        guard text.count == Self.length, let parsed = text.withBytes({ Self.parse($0) }) else { return nil }
        self.init(id: parsed.id, secret: parsed.secret)
    }

    private static func parse(_ bytes: RawSpan) -> (id: APIKeyID, secret: SecretBytes)? {
        let isFramed =
            bytes[0] == UInt8(ascii: "s") && bytes[1] == UInt8(ascii: "p") && bytes[2] == UInt8(ascii: "_")
            && bytes[29] == UInt8(ascii: "_") && bytes[73] == UInt8(ascii: "_")
        guard isFramed else { return nil }
        let expected = checksum(of: bytes.extracting(0..<73))
        for (offset, character) in zip(checksumRange, expected) where bytes[offset] != character { return nil }
        var suffix: [UInt8] = []
        for offset in idRange { suffix.append(bytes[offset]) }
        guard let id = APIKeyID(APIKeyKind.prefix + "_" + String(decoding: suffix, as: UTF8.self)),
            let secret = Base64URL.decode(SecretBytes(copying: bytes.extracting(secretRange)))
        else { return nil }
        return (id, secret)
    }

    /// BLAKE2b-256 of id and secret under a fixed context: a hash taken for another purpose, or of another key's secret,
    /// never fits. The secret has 256 random bits, so a slow password hash would add nothing.
    package var hash: [UInt8] {
        var message = SecretBuffer(minimumCapacity: 48)
        message.append(id.bytes)
        message.append(secret)
        return message.withBytes { Self.keyedHash($0, context: Self.hashContext) }
    }

    private static let hashContext = SecretBytes(utf8: "sallyport/api-key/hash/1")
    private static let checksumContext = SecretBytes(utf8: "sallyport/api-key/checksum/1")
    private static let checksumAlphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

    private static func keyedHash(_ message: RawSpan, context: SecretBytes) -> [UInt8] {
        // The only error is a key length out of bounds, and the contexts above are within them; an empty hash equals none.
        (try? BLAKE2b.hash(message, key: context)) ?? []
    }

    /// The first 30 bits of a hash, five a character.
    private static func checksum(of text: RawSpan) -> [UInt8] {
        let bits = keyedHash(text, context: checksumContext).prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return (0..<6).map { checksumAlphabet[Int(bits >> (27 - 5 * UInt32($0)) & 31)] }
    }
}
