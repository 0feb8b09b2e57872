/// base64url without padding (RFC 4648 §5, as JOSE uses it).
///
/// Decoding is strict: padding, any other character, an impossible length and trailing bits that are not zero are
/// refused, so that each value has exactly one text.
package enum Base64URL {
    package static func encode(_ bytes: RawSpan) -> String { Base64Variant.urlWithoutPadding.encode(bytes) }

    package static func encode(_ bytes: [UInt8]) -> String { unsafe encode(bytes.span.bytes) }

    package static func encode(_ secret: SecretBytes) -> SecretBytes { Base64Variant.urlWithoutPadding.encode(secret) }

    /// Nil if the text is not canonical.
    package static func decode(_ text: RawSpan) -> [UInt8]? { Base64Variant.urlWithoutPadding.decode(text) }

    package static func decode(_ text: String) -> [UInt8]? { unsafe decode(text.utf8Span.span.bytes) }

    package static func decode(_ secret: SecretBytes) -> SecretBytes? { Base64Variant.urlWithoutPadding.decode(secret) }
}
