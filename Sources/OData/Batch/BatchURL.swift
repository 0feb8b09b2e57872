/// What a URL inside of a batch may be.
enum BatchURL {
    /// Names after `$` that are the service's own and no request's (OData JSON 4.01 §19.1).
    static let systemResources: Set<String> = ["batch", "crossjoin", "all", "entity", "root", "id", "metadata"]

    /// The request that a URL stands below: `1` of `$1/to_Item`. nil for all others.
    static func reference(in url: String) -> String? {
        guard url.utf8.first == UInt8(ascii: "$") else { return nil }
        let name = url.dropFirst().prefix { $0 != "/" && $0 != "?" && $0 != "(" }
        return name.isEmpty || systemResources.contains(String(name)) ? nil : String(name)
    }

    /// Visible ASCII without a fragment, a scheme, a host or a way out of the service by `..`, and no batch itself.
    static func isValid(_ url: String) -> Bool {
        guard !url.isEmpty, !url.hasPrefix("//"), url.utf8.allSatisfy(isAllowed) else { return false }
        let path = url.prefix { $0 != "?" }
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        guard let first = segments.first, !hasScheme(first), path != "$batch", segments.last != "$batch" else {
            return false
        }
        return !segments.contains { [".", ".."].contains($0.replacing("%2E", with: ".").replacing("%2e", with: ".")) }
    }

    static func isValidID(_ id: String) -> Bool {
        guard (1...64).contains(id.utf8.count), !systemResources.contains(id) else { return false }
        return id.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                true
            default: false
            }
        }
    }

    /// The URL without its `sap-client` options; everything else byte for byte.
    static func withoutClient(_ url: String) -> String {
        guard url.contains("sap-client="), let mark = url.firstIndex(of: "?") else { return url }
        let options = url[url.index(after: mark)...].split(separator: "&", omittingEmptySubsequences: false)
        let kept = options.filter { !$0.hasPrefix("sap-client=") }
        guard kept.count < options.count else { return url }
        return kept.isEmpty ? String(url[..<mark]) : url[...mark] + kept.joined(separator: "&")
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "#"), UInt8(ascii: "\\"): false
        case 0x21...0x7E: true
        default: false
        }
    }

    /// `https:` before any sign that can't stand in a scheme. Keys may have colons, after a parenthesis.
    private static func hasScheme(_ segment: Substring) -> Bool {
        guard let colon = segment.firstIndex(of: ":") else { return false }
        return segment[..<colon].utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
                true
            default: false
            }
        }
    }
}
