package import Sodium

/// An `application/x-www-form-urlencoded` body, written straight into secret memory (WHATWG URL §5.2, which RFC 6749
/// appendix B restates).
package struct FormBody: ~Copyable {
    private var buffer: SecretBuffer
    private var isEmpty = true

    package init(minimumCapacity: Int = 256) {
        buffer = SecretBuffer(minimumCapacity: minimumCapacity)
    }

    package mutating func add(_ name: String, _ value: String) {
        begin(name)
        for byte in value.utf8 { FormEncoding.append(byte, to: &buffer) }
    }

    package mutating func add(_ name: String, _ value: SecretBytes) {
        begin(name)
        FormEncoding.append(value, to: &buffer)
    }

    package consuming func finish() -> SecretBytes { buffer.finish() }

    private mutating func begin(_ name: String) {
        if !isEmpty { buffer.append(UInt8(ascii: "&")) }
        isEmpty = false
        for byte in name.utf8 { FormEncoding.append(byte, to: &buffer) }
        buffer.append(UInt8(ascii: "="))
    }
}

/// The byte serializer of `application/x-www-form-urlencoded`: letters, digits and `*-._` stay, a space becomes `+`,
/// everything else `%XX`.
enum FormEncoding {
    private static let digits = Array("0123456789ABCDEF".utf8)

    static func append(_ secret: SecretBytes, to buffer: inout SecretBuffer) {
        secret.withBytes { bytes in
            for offset in bytes.byteOffsets { append(bytes[offset], to: &buffer) }
        }
    }

    static func append(_ byte: UInt8, to buffer: inout SecretBuffer) {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "*"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "_"):
            buffer.append(byte)
        case UInt8(ascii: " "):
            buffer.append(UInt8(ascii: "+"))
        default:
            buffer.append(UInt8(ascii: "%"))
            buffer.append(digits[Int(byte >> 4)])
            buffer.append(digits[Int(byte & 15)])
        }
    }
}
