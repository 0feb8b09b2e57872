/// Takes a URL apart: first at `?`, `&` and `/`, then the percent-encoding, then the grammar (OData 4.01 part 2 §2).
struct URLReader {
    let version: ODataVersion
    let metadata: Metadata?

    init(_ version: ODataVersion, _ metadata: Metadata?) { (self.version, self.metadata) = (version, metadata) }

    func query(_ bytes: [UInt8]) throws(QueryError) -> Query {
        if let hash = bytes.firstIndex(of: UInt8(ascii: "#")) { throw .syntax(offset: hash) }
        let end = bytes.firstIndex(of: UInt8(ascii: "?")) ?? bytes.count
        var query = Query(path: ResourcePath(try PathReader(version, metadata).segments(bytes[..<end])))
        if end < bytes.count { try options(bytes[(end + 1)...], into: &query.options) }
        if version == .v2 { parameters(of: &query) }
        return query
    }

    private func options(_ bytes: ArraySlice<UInt8>, into options: inout QueryOptions) throws(QueryError) {
        var (seen, aliases): (Set<SystemOption>, Set<String>) = ([], [])
        var start = bytes.startIndex
        while start < bytes.endIndex {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "&")) ?? bytes.endIndex
            if end > start { try option(bytes[start..<end], into: &options, &seen, &aliases) }
            start = end + 1
        }
    }

    private func option(
        _ bytes: ArraySlice<UInt8>, into options: inout QueryOptions, _ seen: inout Set<SystemOption>,
        _ aliases: inout Set<String>
    ) throws(QueryError) {
        let equals = bytes.firstIndex(of: UInt8(ascii: "="))
        let name = try decoded(bytes[..<(equals ?? bytes.endIndex)])
        let nameText = String(decoding: name, as: UTF8.self)
        guard let first = name.first else { throw .syntax(offset: bytes.startIndex) }
        let rawValue = equals.map { bytes[($0 + 1)...] }
        if let option = try systemOption(nameText, at: bytes.startIndex) {
            guard let rawValue, seen.insert(option).inserted else { throw .syntax(offset: bytes.startIndex) }
            // Two spellings of one thing.
            guard !(option == .count && seen.contains(.inlinecount)) else { throw .syntax(offset: bytes.startIndex) }
            try read(rawValue) { (parser) throws(QueryError) in
                try parser.value(of: option, into: &options)
            }
        } else if first == UInt8(ascii: "@") {
            let alias = nameText.dropFirst()
            guard version.isV4 else { throw .notInVersion("@", version) }
            guard let rawValue, Identifier.isValid(alias), aliases.insert(String(alias)).inserted else {
                throw .syntax(offset: bytes.startIndex)
            }
            try read(rawValue) { (parser) throws(QueryError) in
                options.aliases.append(QueryAlias(String(alias), try parser.expression()))
            }
        } else {
            var value: String?
            if let rawValue { value = String(decoding: try decoded(rawValue), as: UTF8.self) }
            options.custom.append(CustomOption(nameText, value))
        }
    }

    /// - Returns: nil for a custom option or an alias.
    private func systemOption(_ name: String, at offset: Int) throws(QueryError) -> SystemOption? {
        let hasDollar = name.utf8.first == UInt8(ascii: "$")
        guard hasDollar || version == .v401 else { return nil }
        var word = hasDollar ? String(name.dropFirst()) : name
        if version == .v401 { word = word.lowercased() }
        guard let option = SystemOption(rawValue: word), option != .levels else {
            if hasDollar { throw .syntax(offset: offset) }
            return nil
        }
        guard option.isAvailable(in: version) else {
            // Without `$`, what 4.01 doesn't have is a custom option.
            guard hasDollar else { return nil }
            throw .notInVersion("$" + word, version)
        }
        return option
    }

    private func decoded(_ bytes: ArraySlice<UInt8>) throws(QueryError) -> [UInt8] {
        guard let decoded = PercentEncoding.decoded(bytes, plusIsSpace: version == .v2) else {
            throw .syntax(offset: bytes.startIndex)
        }
        return decoded
    }

    /// Reads a value, and gives offsets in the URL.
    private func read(
        _ bytes: ArraySlice<UInt8>, _ read: (inout ExpressionParser) throws(QueryError) -> Void
    ) throws(QueryError) {
        var parser = ExpressionParser(try decoded(bytes), version)
        do throws(QueryError) {
            try parser.whole(read)
        } catch {
            guard case .syntax(let offset) = error else { throw error }
            throw .syntax(offset: PercentEncoding.encodedOffset(of: offset, in: bytes))
        }
    }

    /// Options that are parameters of a function import, as far as they are literals of its declaration's names.
    private func parameters(of query: inout Query) {
        guard case .name(let name) = query.path.segments.last, query.path.segments.count == 1, let metadata,
            let declared = metadata.operationImport(name)
        else { return }
        let names = Set(metadata.operations(declared.operation).flatMap(\.parameters).map(\.name))
        var (arguments, others): ([NamedArgument], [CustomOption]) = ([], [])
        for option in query.options.custom {
            if names.contains(option.name), let text = option.value,
                let value = try? ODataValue(literal: text, version: version, type: nil)
            {
                arguments.append(NamedArgument(option.name, .literal(value)))
            } else {
                others.append(option)
            }
        }
        guard !arguments.isEmpty else { return }
        query.path.segments = [.call(name, arguments)]
        query.options.custom = others
    }
}
