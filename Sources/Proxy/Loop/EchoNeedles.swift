internal import Connections
internal import Domain
internal import NIOCore
internal import Sodium

/// The forms in which an upstream could hand an injected credential back in a header.
enum EchoNeedles {
    /// Shorter ones would be found in innocent values.
    private static let minBytes = 8

    static func all(of usable: UsableConnection) -> [SecretBytes] {
        let fromHeaders = usable.injection.headers.flatMap { headerForms($0.value) }
        let fromQuery = usable.injection.query.flatMap { [$0.value, percentDecoded($0.value)] }
        let token = usable.fetchableToken.map { [$0.accessToken] } ?? []
        return (fromHeaders + fromQuery + token).filter { $0.count >= minBytes }
    }

    /// The value without its scheme (`Bearer`, `Basic`); of Basic also what it encodes, and the password alone.
    private static func headerForms(_ value: SecretBytes) -> [SecretBytes] {
        guard let space = firstOffset(of: UInt8(ascii: " "), in: value) else { return [value] }
        let credential = value.slice(space + 1..<value.count)
        guard let pair = Base64.decode(credential), let colon = firstOffset(of: UInt8(ascii: ":"), in: pair) else {
            return [credential]
        }
        return [credential, pair, pair.slice(colon + 1..<pair.count)]
    }

    private static func firstOffset(of byte: UInt8, in secret: SecretBytes) -> Int? {
        secret.withBytes { bytes in bytes.byteOffsets.first { bytes[$0] == byte } }
    }

    private static func percentDecoded(_ secret: SecretBytes) -> SecretBytes {
        secret.withBytes { bytes in
            SecretBytes(capacity: bytes.byteCount) { output in
                var index = 0
                var count = 0
                while index < bytes.byteCount {
                    if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.byteCount,
                        let high = HTTPCharacters.hexValue(bytes[index + 1]),
                        let low = HTTPCharacters.hexValue(bytes[index + 2])
                    {
                        output[count] = high << 4 | low
                        index += 3
                    } else {
                        output[count] = bytes[index]
                        index += 1
                    }
                    count += 1
                }
                return count
            }
        }
    }

    /// Whether the value holds one of the needles.
    static func areIn(_ value: RawSpan, _ needles: [SecretBytes]) -> Bool {
        guard value.byteCount >= minBytes else { return false }
        for needle in needles where needle.count <= value.byteCount {
            if needle.withBytes({ contains(value, $0) }) { return true }
        }
        return false
    }

    static func areIn(_ value: [UInt8], _ needles: [SecretBytes]) -> Bool {
        areIn(ByteBuffer(bytes: value).readableBytesSpan, needles)
    }

    private static func contains(_ value: RawSpan, _ needle: RawSpan) -> Bool {
        let first = needle[0]
        for start in 0...(value.byteCount - needle.byteCount) where value[start] == first {
            var index = 1
            while index < needle.byteCount, value[start + index] == needle[index] { index += 1 }
            if index == needle.byteCount { return true }
        }
        return false
    }
}
