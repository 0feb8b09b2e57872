package import Sodium

/// A refresh token of the peer: `rt.<family>.<generation>.<mac>`.
///
/// A family is what one authorisation grew into: each refresh ends one generation and begins the next.
package struct PeerRefreshToken: Hashable, Sendable {
    /// 1 to 128 of `[A-Za-z0-9_-]`.
    package let family: String
    /// From 0 on.
    package let generation: Int

    package init(family: String, generation: Int) {
        self.family = family
        self.generation = generation
    }
}

/// Makes and recognises the peer's tokens. Whoever knows the seed can make one of any family, so a database can be filled
/// with a million that are valid before the peer has seen any of them.
package struct PeerTokens: Sendable {
    private static let maxTokenBytes = 256

    private let key: SecretBytes

    /// - Parameter seed: any text; the peer and whoever makes tokens for it have the same.
    package init(seed: String) throws(SodiumError) {
        key = SecretBytes(copying: try BLAKE2b.hash(Array("token peer/1 \(seed)".utf8)))
    }

    /// The token as it is sent.
    package func text(of token: PeerRefreshToken) -> String {
        let name = "\(token.family).\(token.generation)"
        // The key has 32 bytes, and nothing else is ever refused: there is always a mac.
        return "rt.\(name).\((try? mac(name.utf8)) ?? "")"
    }

    /// Nil for what the peer never made.
    package func read(_ text: [UInt8]) -> PeerRefreshToken? {
        guard text.count <= Self.maxTokenBytes else { return nil }
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0].elementsEqual("rt".utf8), Self.isFamily(parts[1]),
            let generation = Self.number(parts[2]), let mac = try? mac(text[parts[1].startIndex..<parts[2].endIndex]),
            mac.utf8.elementsEqual(parts[3])
        else { return nil }
        return PeerRefreshToken(family: String(decoding: parts[1], as: UTF8.self), generation: generation)
    }

    static func isFamily(_ text: some Collection<UInt8>) -> Bool {
        (1...128).contains(text.count) && text.allSatisfy(isNameByte)
    }

    /// Decimal digits alone, without a leading zero.
    static func number(_ text: some Collection<UInt8>) -> Int? {
        guard (1...18).contains(text.count), text.count == 1 || text.first != 48 else { return nil }
        var number = 0
        for byte in text {
            guard (48...57).contains(byte) else { return nil }
            number = number * 10 + Int(byte - 48)
        }
        return number
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    private func mac(_ text: some Collection<UInt8>) throws(SodiumError) -> String {
        Hex.encode(Array(try BLAKE2b.hash(Array(text), key: key).prefix(8)))
    }
}

/// An access token of the peer: `at.<family>.<generation>.<expiry>`. Not protected: anybody can tell when it ends.
package struct PeerAccessToken: Hashable, Sendable {
    package let family: String
    /// Of the refresh token that came with it.
    package let generation: Int
    /// Milliseconds since the Unix epoch.
    package let expiresAt: Int64

    package init(family: String, generation: Int, expiresAt: Int64) {
        self.family = family
        self.generation = generation
        self.expiresAt = expiresAt
    }

    /// Nil for what is no access token of the peer.
    package init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0].elementsEqual("at".utf8), PeerTokens.isFamily(parts[1]),
            let generation = PeerTokens.number(parts[2]), let expiresAt = PeerTokens.number(parts[3])
        else { return nil }
        self.init(
            family: String(decoding: parts[1], as: UTF8.self), generation: generation, expiresAt: Int64(expiresAt))
    }

    package var text: String { "at.\(family).\(generation).\(expiresAt)" }
}
