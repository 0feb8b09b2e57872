internal import Sodium

/// Percent-encoding of everything but RFC 3986's unreserved characters (§2.3): safe in a path segment and in a query.
enum PercentEncoding {
    private static let digits = Array("0123456789ABCDEF".utf8)

    static func encode(_ text: String) -> String {
        var encoded: [UInt8] = []
        for byte in text.utf8 { write(byte) { encoded.append($0) } }
        return String(decoding: encoded, as: UTF8.self)
    }

    static func encode(_ secret: SecretBytes) -> SecretBytes {
        SecretBytes(capacity: secret.count * 3) { output in
            var count = 0
            secret.withBytes { bytes in
                for offset in bytes.byteOffsets {
                    write(bytes[offset]) { byte in
                        output[count] = byte
                        count += 1
                    }
                }
            }
            return count
        }
    }

    private static func write(_ byte: UInt8, _ append: (UInt8) -> Void) {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            append(byte)
        default:
            append(UInt8(ascii: "%"))
            append(digits[Int(byte >> 4)])
            append(digits[Int(byte & 15)])
        }
    }
}
