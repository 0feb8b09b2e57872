/// References between services, which are paths of the same host (RFC 3986 §5.2, without a scheme).
enum RelativeReference {
    /// Up to and with the last slash, without query: `../x/0001;ps='a'/$metadata?q` becomes `../x/0001;ps='a'/`.
    static func directory(of url: String) -> String {
        let path = url.prefix { $0 != "?" && $0 != "#" }
        guard let slash = path.lastIndex(of: "/") else { return "" }
        return String(path[...slash])
    }

    /// - Parameters:
    ///   - base: ends with a slash or is empty.
    ///   - reference: with a scheme or a slash at its beginning it stands for itself.
    static func join(_ base: String, _ reference: String) -> String {
        if reference.hasPrefix("/") || reference.prefix(while: { $0 != "/" }).contains(":") { return reference }
        var segments = base.split(separator: "/", omittingEmptySubsequences: false).dropLast().map(String.init)
        let fixed = fixedSegments(segments)
        for segment in reference.split(separator: "/", omittingEmptySubsequences: false) {
            switch segment {
            case ".": continue
            case "..":
                if segments.count > fixed, segments.last != ".." {
                    segments.removeLast()
                } else {
                    segments.append("..")
                }
            default: segments.append(String(segment))
            }
        }
        return segments.joined(separator: "/")
    }

    /// Those that no `..` takes away: the empty one before a leading slash, scheme and host.
    private static func fixedSegments(_ segments: [String]) -> Int {
        guard let first = segments.first else { return 0 }
        if first.hasSuffix(":") { return min(3, segments.count) }
        return first.isEmpty ? 1 : 0
    }
}
