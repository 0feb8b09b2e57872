/// A language, as HTTP names it and as SAP's services do.
public struct ServiceLanguage: Sendable, Hashable {
    /// For `Accept-Language` (RFC 5646): `en`, `de-DE`, `zh-Hant`.
    public let tag: String
    /// For `sap-language`: two letters, `EN`, `DE`, `ZF`.
    public let sapKey: String

    /// - Returns: nil for a text that is no language tag of letters, digits and hyphens, two letters first.
    public init?(_ tag: String) {
        let parts = tag.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard tag.utf8.count <= 35, let first = parts.first, first.count == 2, first.allSatisfy(Self.isLetter),
            parts.allSatisfy({ (1...8).contains($0.count) && $0.allSatisfy(Self.isAlphanumeric) })
        else { return nil }
        self.tag = tag
        sapKey = Self.key(parts.map { String(Substring($0)).lowercased() })
    }

    /// - Parameter sapKey: what the system calls it, where `init(_:)` doesn't know; two letters or digits.
    public init?(_ tag: String, sapKey: String) {
        guard let language = ServiceLanguage(tag), sapKey.utf8.count == 2, sapKey.utf8.allSatisfy(Self.isAlphanumeric)
        else { return nil }
        (self.tag, self.sapKey) = (language.tag, sapKey.uppercased())
    }

    /// SAP's keys are ISO 639-1 with exceptions: traditional Chinese and Serbian in Latin script have keys of their
    /// own.
    private static func key(_ parts: [String]) -> String {
        let rest = parts.dropFirst()
        switch parts[0] {
        case "zh" where rest.contains { ["hant", "tw", "hk", "mo"].contains($0) }: return "ZF"
        case "sr" where rest.contains("latn"): return "SH"
        case "nb", "nn": return "NO"
        default: return parts[0].uppercased()
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (65...90).contains(byte & 0xDF) }
    private static func isAlphanumeric(_ byte: UInt8) -> Bool { isLetter(byte) || (48...57).contains(byte) }
}
