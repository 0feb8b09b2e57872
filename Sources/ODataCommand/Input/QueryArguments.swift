import ArgumentParser
import OData

/// The options of a query, as they are written in a URL but without its escapes.
struct QueryArguments: ParsableArguments {
    @Option(help: ArgumentHelp("Which: Price gt 10 and contains(Name,'x').", valueName: "expression"))
    var filter: String?

    @Option(help: ArgumentHelp("Properties, separated by commas.", valueName: "names"))
    var select: String?

    @Option(help: ArgumentHelp("Navigation to bring along: Items or, in version 4, Items($top=2).", valueName: "names"))
    var expand: String?

    @Option(name: .customLong("orderby"), help: ArgumentHelp("In which order: Name desc,ID.", valueName: "items"))
    var orderBy: String?

    @Option(help: "How many at most.")
    var top: Int?

    @Option(help: "How many to leave out first.")
    var skip: Int?

    @Option(help: ArgumentHelp("Words to look for (version 4).", valueName: "words"))
    var search: String?

    @Option(help: ArgumentHelp("Aggregation (version 4): groupby((City),aggregate($count as N)).", valueName: "steps"))
    var apply: String?

    @Option(
        name: .customLong("query"), help: ArgumentHelp("Further options as in a URL, with escapes.", valueName: "text"))
    var raw: String?

    /// - Parameter path: below the root or the whole URL of something below it, perhaps with options.
    func query(_ path: String, root: ServiceRoot, version: ODataVersion, metadata: Metadata?) throws -> Query {
        var (path, options) = Self.split(Self.relative(path, root))
        let named: [(String, String?)] = [
            ("$filter", filter), ("$select", select), ("$expand", expand), ("$orderby", orderBy),
            ("$top", top.map(String.init)), ("$skip", skip.map(String.init)), ("$search", search), ("$apply", apply),
        ]
        options += named.compactMap { name, value in value.map { name + "=" + Self.escaped($0) } }
        if let raw { options.append(raw) }
        path = Self.escapedSpaces(path)
        do throws(QueryError) {
            return try Query(
                parsing: options.isEmpty ? path : path + "?" + options.joined(separator: "&"), version: version,
                metadata: metadata)
        } catch {
            throw Failure(of: ODataError.query(error))
        }
    }

    private static func relative(_ text: String, _ root: ServiceRoot) -> String {
        if text.hasPrefix(root.url) { return String(text.dropFirst(root.url.count)) }
        return text.hasPrefix("/") ? String(text.dropFirst()) : text
    }

    private static func split(_ text: String) -> (path: String, options: [String]) {
        guard let mark = text.firstIndex(of: "?") else { return (text, []) }
        let options = text[text.index(after: mark)...]
        return (String(text[..<mark]), options.isEmpty ? [] : [escapedSpaces(String(options))])
    }

    private static func escapedSpaces(_ text: String) -> String {
        text.contains(" ")
            ? text.split(separator: " ", omittingEmptySubsequences: false).joined(separator: "%20") : text
    }

    /// Everything but RFC 3986 §2.3's unreserved characters.
    static func escaped(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                bytes.append(byte)
            default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
