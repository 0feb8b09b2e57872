/// base64 with padding (RFC 4648 §4); decoding is as strict as `Base64URL`, and padding is required.
package enum Base64 {
    package static func encode(_ bytes: RawSpan) -> String { Base64Variant.standard.encode(bytes) }

    package static func encode(_ bytes: [UInt8]) -> String { unsafe encode(bytes.span.bytes) }

    /// For credentials of Basic authentication (RFC 7617 §2): text stays in secret memory.
    package static func encode(_ secret: SecretBytes) -> SecretBytes { Base64Variant.standard.encode(secret) }

    /// Nil if the text is not canonical.
    package static func decode(_ text: RawSpan) -> [UInt8]? { Base64Variant.standard.decode(text) }

    package static func decode(_ text: String) -> [UInt8]? { unsafe decode(text.utf8Span.span.bytes) }

    package static func decode(_ secret: SecretBytes) -> SecretBytes? { Base64Variant.standard.decode(secret) }
}
