/// Puts a query's parts into a URL.
struct URLWriter {
    let version: ODataVersion

    init(_ version: ODataVersion) { self.version = version }

    func encoded(_ query: Query) throws(QueryError) -> EncodedQuery {
        try OptionPlacement.check(query, version)
        var arguments: [(String, String)] = []
        let path = try self.path(query.path, &arguments)
        var writer = ExpressionWriter(version)
        var parts = arguments.map { PercentEncoding.customPart($0.0) + "=" + PercentEncoding.optionValue($0.1) }
        for (name, value) in try writer.options(query.options, in: .query) {
            parts.append(PercentEncoding.pathSegment(name) + "=" + PercentEncoding.optionValue(value))
        }
        for option in query.options.custom { parts.append(try custom(option)) }
        return EncodedQuery(path: path, query: parts.joined(separator: "&"))
    }

    private func custom(_ option: CustomOption) throws(QueryError) -> String {
        guard let first = option.name.utf8.first, first != UInt8(ascii: "$"), first != UInt8(ascii: "@"),
            version != .v401 || SystemOption(rawValue: option.name.lowercased()) == nil
        else { throw .misplaced(option.name) }
        let name = PercentEncoding.customPart(option.name)
        return option.value.map { name + "=" + PercentEncoding.customPart($0) } ?? name
    }

    private func path(_ path: ResourcePath, _ arguments: inout [(String, String)]) throws(QueryError) -> String {
        let segments = try withLinks(path.segments)
        var text = ""
        for (place, segment) in segments.enumerated() {
            let before = place > 0 ? segments[place - 1] : nil
            try checkPlace(of: segment, after: before)
            var writer = ExpressionWriter(version)
            if case .key(let key) = segment {
                try writer.key(key)
            } else {
                if place > 0 { text += "/" }
                try write(segment, &writer, &arguments)
            }
            text += PercentEncoding.pathSegment(writer.text)
        }
        return text
    }

    /// The links of a navigation, as the version has them.
    private func withLinks(_ segments: [PathSegment]) throws(QueryError) -> [PathSegment] {
        var segments = segments
        if version.isV4, let place = segments.firstIndex(of: .links) {
            segments.remove(at: place)
            if segments.last != .ref { segments.append(.ref) }
        } else if version == .v2, segments.last == .ref {
            segments.removeLast()
            let isName = { (segment: PathSegment) in if case .name = segment { true } else { false } }
            guard let place = segments.lastIndex(where: isName), place > 0, !segments.contains(.links) else {
                throw .notInVersion("$ref", version)
            }
            segments.insert(.links, at: place)
        }
        return segments
    }

    private func checkPlace(of segment: PathSegment, after before: PathSegment?) throws(QueryError) {
        switch before {
        case .metadata, .batch, .value, .query, .count, .ref: throw .misplaced("segment")
        default: break
        }
        switch segment {
        case .key, .keySegment:
            switch before {
            case .name, .qualified, .call, .filter: break
            case .keySegment: if case .key = segment { throw .misplaced("key") }
            default: throw .misplaced("key")
            }
        case .metadata, .batch, .all, .crossjoin, .entity, .contentID:
            if before != nil { throw .misplaced("segment") }
        case .count, .value, .ref, .each, .filter, .links, .query:
            if before == nil { throw .misplaced("segment") }
        case .name, .qualified, .call: break
        }
    }

    private func write(
        _ segment: PathSegment, _ writer: inout ExpressionWriter, _ arguments: inout [(String, String)]
    ) throws(QueryError) {
        switch segment {
        case .name(let name): writer.text = try ExpressionWriter.identifier(name)
        case .qualified(let name):
            try writer.needs(.v4, name.description)
            writer.text = try ExpressionWriter.qualified(name)
        case .key(let key): try writer.key(key)
        case .keySegment(let value): writer.text = try keySegment(value, writer)
        case .call(let name, let parameters):
            if version == .v2 {
                writer.text = try ExpressionWriter.identifier(name)
                arguments += try parameters.map { argument throws(QueryError) in try option(argument) }
            } else {
                guard Identifier.isValid(name) || Identifier.isQualified(name) else { throw .invalidName(name) }
                guard parameters.allSatisfy({ Self.isArgument($0.value) }) else { throw .misplaced("argument") }
                writer.text = name + "("
                try writer.arguments(parameters)
                writer.text += ")"
            }
        case .crossjoin(let sets):
            try writer.needs(.v4, "$crossjoin")
            guard !sets.isEmpty else { throw .misplaced("$crossjoin") }
            for set in sets { _ = try ExpressionWriter.identifier(set) }
            writer.text = "$crossjoin(" + sets.joined(separator: ",") + ")"
        case .filter(let condition):
            try writer.needs(.v401, "$filter()")
            writer.text = "$filter("
            try writer.expression(condition)
            writer.text += ")"
        case .contentID(let id):
            guard !id.isEmpty, id.utf8.allSatisfy(Self.isUnreserved), ResourcePath.keyword("$" + id) == nil else {
                throw .invalidName(id)
            }
            writer.text = "$" + id
        default: writer.text = try word(segment, writer)
        }
    }

    private func word(_ segment: PathSegment, _ writer: ExpressionWriter) throws(QueryError) -> String {
        let (word, since): (String, ODataVersion) =
            switch segment {
            case .links: ("$links", .v2)
            case .count: ("$count", .v2)
            case .value: ("$value", .v2)
            case .metadata: ("$metadata", .v2)
            case .batch: ("$batch", .v2)
            case .ref: ("$ref", .v4)
            case .all: ("$all", .v4)
            case .entity: ("$entity", .v4)
            case .each: ("$each", .v401)
            case .query: ("$query", .v401)
            case .name, .qualified, .key, .keySegment, .call, .crossjoin, .filter, .contentID: ("", .v401)
            }
        try writer.needs(since, word)
        // Version 4 has them as `$ref`, and once.
        if segment == .links, version.isV4 { throw .notInVersion(word, version) }
        return word
    }

    /// Below a path an argument is a value or an alias, whose value may be any expression (ABNF §1).
    static func isArgument(_ node: QueryExpression) -> Bool {
        switch node {
        case .literal, .json, .array, .object: return true
        case .path(let path):
            guard case .alias = path.root else { return false }
            return path.steps.isEmpty
        default: return false
        }
    }

    static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }

    /// Text goes without quotes. What a path would swallow (`.`, `..`, nothing) or the protocol has itself can't be
    /// one.
    private func keySegment(_ value: ODataValue, _ writer: ExpressionWriter) throws(QueryError) -> String {
        try writer.needs(.v401, "key as segment")
        let text: String
        switch value {
        case .string(let string): text = string
        case .null, .collection, .complex, .untyped: throw .value(.mismatch(expected: "key"))
        default: text = try ExpressionWriter.literalText(value, version)
        }
        guard !text.isEmpty, text != ".", text != "..", !text.hasPrefix("$") else { throw .value(.malformed(.string)) }
        return text
    }

    /// A parameter of a function import of version 2.
    private func option(_ argument: NamedArgument) throws(QueryError) -> (String, String) {
        guard let name = argument.name else { throw .misplaced("argument") }
        guard case .literal(let value) = argument.value else { throw .notInVersion("expression", version) }
        return (try ExpressionWriter.identifier(name), try ExpressionWriter.literalText(value, version))
    }
}
