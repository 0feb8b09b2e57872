/// Reads the path of a URL, segment by segment.
struct PathReader {
    let version: ODataVersion
    let metadata: Metadata?

    init(_ version: ODataVersion, _ metadata: Metadata?) { (self.version, self.metadata) = (version, metadata) }

    func segments(_ bytes: ArraySlice<UInt8>) throws(QueryError) -> [PathSegment] {
        guard !bytes.isEmpty else { return [] }
        var walker = metadata.map { PathWalker($0, version) }
        var segments: [PathSegment] = []
        var start = bytes.startIndex
        while start <= bytes.endIndex {
            // A slash in a value is encoded (part 2 §2): every other one separates.
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "/")) ?? bytes.endIndex
            guard let text = PercentEncoding.decoded(bytes[start..<end]), !text.isEmpty else {
                throw .syntax(offset: start)
            }
            do throws(QueryError) {
                try read(text, into: &segments, &walker)
            } catch {
                guard case .syntax(let offset) = error else { throw error }
                throw .syntax(offset: PercentEncoding.encodedOffset(of: offset, in: bytes[start..<end]))
            }
            start = end + 1
        }
        return segments
    }

    private func read(
        _ text: [UInt8], into segments: inout [PathSegment], _ walker: inout PathWalker?
    ) throws(QueryError) {
        let before = segments.count
        var parser = ExpressionParser(text, version)
        if text[0] == UInt8(ascii: "$") {
            segments.append(try systemSegment(&parser, isFirst: segments.isEmpty))
            if parser.next == UInt8(ascii: "("), case .filter = segments.last {
                segments.append(.key(try parser.key()))
            }
        } else if let found = keySegment(text, after: segments, walker) {
            segments.append(found)
        } else {
            try named(&parser, into: &segments, walker)
        }
        guard parser.place == text.count || segments.last.map(Self.isKeySegment) == true else {
            throw .syntax(offset: parser.place)
        }
        for segment in segments[before...] {
            // What the metadata doesn't know is read all the same; `encoded` is where it is refused.
            if walker != nil, (try? walker?.step(segment)) == nil { walker = nil }
        }
    }

    private static func isKeySegment(_ segment: PathSegment) -> Bool {
        if case .keySegment = segment { true } else { false }
    }

    /// Where no name can stand, or the metadata has none, it is a key (4.01).
    private func keySegment(
        _ text: [UInt8], after segments: [PathSegment], _ walker: PathWalker?
    ) -> PathSegment? {
        guard version == .v401, let last = segments.last else { return nil }
        switch last {
        case .name, .qualified, .call, .keySegment, .filter: break
        default: return nil
        }
        let word = String(decoding: text, as: UTF8.self)
        guard word != ".", word != ".." else { return nil }
        let name = word.prefix { $0 != "(" }
        let canBeName = Identifier.isValid(name) || Identifier.isQualified(name)
        if canBeName {
            guard let walker, walker.takesKey, !walker.knows(String(name)) else { return nil }
        }
        return .keySegment(.string(word))
    }

    private func systemSegment(_ parser: inout ExpressionParser, isFirst: Bool) throws(QueryError) -> PathSegment {
        if parser.take("$filter(") {
            try parser.needs(.v401, "$filter()")
            parser.skipSpace()
            let condition = try parser.expression()
            parser.skipSpace()
            try parser.expect(")")
            guard !isFirst else { throw .syntax(offset: 0) }
            return .filter(condition)
        }
        if parser.take("$crossjoin(") {
            try parser.needs(.v4, "$crossjoin")
            parser.skipSpace()
            let sets = try parser.separated { (parser) throws(QueryError) in try parser.identifier() }
            parser.skipSpace()
            try parser.expect(")")
            guard isFirst else { throw .syntax(offset: 0) }
            return .crossjoin(sets)
        }
        let word = String(decoding: parser.bytes, as: UTF8.self)
        parser.place = parser.bytes.count
        if let segment = ResourcePath.keyword(word) { return segment }
        guard isFirst, parser.bytes.count > 1, parser.bytes.dropFirst().allSatisfy(URLWriter.isUnreserved) else {
            throw .syntax(offset: 0)
        }
        return .contentID(String(word.dropFirst()))
    }

    /// A name, and what stands in parentheses behind it.
    private func named(
        _ parser: inout ExpressionParser, into segments: inout [PathSegment], _ walker: PathWalker?
    ) throws(QueryError) {
        let start = parser.place
        let name = try parser.dottedName()
        guard parser.next == UInt8(ascii: "(") else {
            let qualified = try name.contains(".") ? parser.qualified(name, at: start) : nil
            return segments.append(qualified.map { .qualified($0) } ?? .name(name))
        }
        let arguments = try parser.arguments()
        guard arguments.allSatisfy({ URLWriter.isArgument($0.value) }) else { throw .syntax(offset: start) }
        let isFunction = walker?.isFunction(name, isFirst: segments.isEmpty) == true
        if !isFunction, !name.contains("."), let key = ExpressionParser.key(of: arguments) {
            segments += [.name(name), .key(key)]
        } else {
            try parser.needs(.v4, name + "()")
            guard arguments.allSatisfy({ $0.name != nil }) || (arguments.count == 1 && !name.contains(".")) else {
                // A key behind a type cast.
                guard let key = ExpressionParser.key(of: arguments) else { throw .syntax(offset: start) }
                segments += [.qualified(try parser.qualified(name, at: start)), .key(key)]
                return
            }
            segments.append(.call(name, arguments))
            if parser.next == UInt8(ascii: "(") { segments.append(.key(try parser.key())) }
        }
    }
}
