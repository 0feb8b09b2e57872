extension ExpressionParser {
    /// Behind an expanded or selected path: options in parentheses with semicolons between them.
    mutating func nestedOptions(in where: OptionPlace) throws(QueryError) -> QueryOptions {
        try enter()
        defer { leave() }
        try expect("(")
        var (options, seen, tallest): (QueryOptions, Set<SystemOption>, Int) = (QueryOptions(), [], 0)
        repeat {
            skipSpace()
            height = 0
            if next == UInt8(ascii: "@") {
                try needs(.v401, "@")
                try alias(into: &options)
            } else {
                let start = place
                let option = try optionName()
                guard `where`.allows(option.rawValue), seen.insert(option).inserted else {
                    throw .syntax(offset: start)
                }
                try expect("=")
                skipSpace()
                try value(of: option, into: &options)
            }
            tallest = max(tallest, height)
            skipSpace()
        } while take(";")
        try expect(")")
        try grow(above: tallest)
        return options
    }

    private mutating func alias(into options: inout QueryOptions) throws(QueryError) {
        let start = place
        try expect("@")
        let name = try identifier()
        guard options.aliases.allSatisfy({ $0.name != name }) else { throw .syntax(offset: start) }
        try expect("=")
        skipSpace()
        options.aliases.append(QueryAlias(name, try expression()))
    }

    /// With its `$`, which 4.01 doesn't need.
    private mutating func optionName() throws(QueryError) -> SystemOption {
        let start = place
        if !take("$"), version != .v401 { throw syntax }
        let nameStart = place
        place = nameEnd(from: place)
        let name = text(from: nameStart)
        guard let option = SystemOption(rawValue: version == .v401 ? name.lowercased() : name) else {
            throw .syntax(offset: start)
        }
        guard option.isAvailable(in: version) else { throw .notInVersion("$" + option.rawValue, version) }
        return option
    }

    /// What stands behind the `=`, up to where it ends by itself.
    mutating func value(of option: SystemOption, into options: inout QueryOptions) throws(QueryError) {
        switch option {
        case .filter: options.filter = try expression()
        case .select: options.select = try separated { (parser) throws(QueryError) in try parser.selectItem() }
        case .expand: options.expand = try separated { (parser) throws(QueryError) in try parser.expandItem() }
        case .orderby: options.orderBy = try separated { (parser) throws(QueryError) in try parser.orderItem() }
        case .compute: options.compute = try separated { (parser) throws(QueryError) in try parser.computeItem() }
        case .apply: options.apply = try transformations()
        case .search: options.search = try search()
        case .top: options.top = try number()
        case .skip: options.skip = try number()
        case .count: options.count = try boolean()
        case .inlinecount: options.count = try inlineCount()
        case .levels: options.levels = try levels()
        case .index:
            let isNegative = take("-")
            let index = try number()
            options.index = isNegative ? -index : index
        case .format, .skiptoken, .deltatoken, .schemaversion, .id: try token(option, into: &options)
        }
    }

    /// All of the text, whatever it is.
    private mutating func token(_ option: SystemOption, into options: inout QueryOptions) throws(QueryError) {
        guard place < bytes.count else { throw syntax }
        let text = String(decoding: bytes[place...], as: UTF8.self)
        place = bytes.count
        switch option {
        case .format: options.format = text
        case .skiptoken: options.skipToken = text
        case .deltatoken: options.deltaToken = text
        case .schemaversion: options.schemaVersion = text
        default: options.id = text
        }
    }

    private mutating func boolean() throws(QueryError) -> Bool {
        let start = place
        place = nameEnd(from: place)
        switch text(from: start).lowercased() {
        case "true": return true
        case "false": return false
        default: throw .syntax(offset: start)
        }
    }

    private mutating func inlineCount() throws(QueryError) -> Bool {
        if take("allpages") { return true }
        guard take("none") else { throw syntax }
        return false
    }

    private mutating func levels() throws(QueryError) -> ExpandLevels {
        if take("max") { return .max }
        let start = place
        let count = try number()
        guard bytes[start] != UInt8(ascii: "0") else { throw .syntax(offset: start) }
        return .count(count)
    }

    mutating func orderItem() throws(QueryError) -> OrderItem {
        let expression = try expression()
        let start = place
        if skipNeededSpace() {
            let wordStart = place
            place = nameEnd(from: place)
            switch text(from: wordStart).lowercased() {
            case "desc": return OrderItem(expression, isDescending: true)
            case "asc": return OrderItem(expression)
            default: place = start
            }
        }
        return OrderItem(expression)
    }

    mutating func computeItem() throws(QueryError) -> ComputeItem {
        let expression = try expression()
        return ComputeItem(expression, as: try alias())
    }

    private mutating func selectItem() throws(QueryError) -> SelectItem {
        let start = place
        while let byte = next, Self.isNameByte(byte) || "*./@#".utf8.contains(byte) { place += 1 }
        skipSignature()
        var item = SelectItem(text(from: start))
        guard (try? ExpressionWriter.selectPath(item.path, version)) != nil else { throw .syntax(offset: start) }
        if next == UInt8(ascii: "(") {
            try needs(.v401, "$select()")
            item.options = try nestedOptions(in: .select)
        }
        return item
    }

    /// `(Location,Kind)`: parameter names, no options.
    private mutating func skipSignature() {
        guard version.isV4, next == UInt8(ascii: "("), let first = byte(at: place + 1), Self.isNameByte(first) else {
            return
        }
        let end = nameEnd(from: place + 1)
        guard byte(at: end) == UInt8(ascii: ",") || byte(at: end) == UInt8(ascii: ")") else { return }
        while let byte = next, byte != UInt8(ascii: ")"), byte != UInt8(ascii: ";"), byte != UInt8(ascii: "'") {
            place += 1
        }
        _ = take(")")
    }

    private mutating func expandPath() throws(QueryError) -> String {
        let start = place
        if take("$value") { return "$value" }
        repeat {
            if take("*") { break }
            if take("@") { _ = try annotationTerm() } else { _ = try dottedName() }
        } while next == UInt8(ascii: "/") && byte(at: place + 1) != UInt8(ascii: "$") && take("/")
        return text(from: start)
    }

    private mutating func expandItem() throws(QueryError) -> ExpandItem {
        let start = place
        var item = ExpandItem(try expandPath())
        guard (try? ExpressionWriter.expandPath(item.path, version)) != nil else { throw .syntax(offset: start) }
        var inner = OptionPlace.expand
        if version.isV4, take("/$ref") { (item.form, inner) = (.references, .references) }
        if version.isV4, take("/$count") { (item.form, inner) = (.count, .count) }
        if next == UInt8(ascii: "(") {
            try needs(.v4, "$expand()")
            // `*(2)` of the grammar: levels without a name.
            if item.path.hasSuffix("*"), let byte = byte(at: place + 1), Self.isDigit(byte) || byte == UInt8(ascii: "m")
            {
                place += 1
                item.options.levels = try levels()
                try expect(")")
                try grow(above: 0)
            } else {
                item.options = try nestedOptions(in: inner)
            }
        }
        return item
    }
}
