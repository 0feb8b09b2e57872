/// Which options may stand where (OData 4.01 part 2 §5.1).
enum OptionPlace: Sendable {
    case query, expand, references, count, select

    /// Names without their `$`.
    func allows(_ name: String) -> Bool {
        switch self {
        case .query: name != "levels"
        case .expand:
            ["filter", "select", "expand", "orderby", "top", "skip", "count", "search", "compute", "apply", "levels"]
                .contains(name)
        case .references: ["filter", "orderby", "top", "skip", "count", "search"].contains(name)
        case .count: ["filter", "search"].contains(name)
        case .select: ["filter", "select", "orderby", "top", "skip", "count", "search", "compute"].contains(name)
        }
    }
}

extension ExpressionWriter {
    /// The options' names and values, in a fixed order, not percent-encoded. Custom ones are the URL's.
    mutating func options(_ options: QueryOptions, in place: OptionPlace) throws(QueryError) -> [(String, String)] {
        var found: [(String, String)] = []
        try writeConditions(options, into: &found)
        try writeShape(options, into: &found)
        try writeRange(options, into: &found)
        try writeTokens(options, into: &found)
        for (name, _) in found where !place.allows(String(name.dropFirst())) { throw .misplaced(name) }
        if place != .query, let custom = options.custom.first { throw .misplaced(custom.name) }
        var aliases: Set<String> = []
        for alias in options.aliases {
            guard aliases.insert(alias.name).inserted else { throw .misplaced("@" + alias.name) }
            guard place == .query || (place != .count && place != .references && version >= .v401) else {
                throw .misplaced("@" + alias.name)
            }
            try needs(.v4, "@" + alias.name)
            let name = "@" + (try Self.identifier(alias.name))
            found.append((name, try captured { (writer) throws(QueryError) in try writer.expression(alias.value) }))
        }
        return found
    }

    /// What a piece of writing gives, apart from the text so far.
    mutating func captured(
        _ write: (inout ExpressionWriter) throws(QueryError) -> Void
    ) throws(QueryError) -> String {
        let before = text
        text = ""
        try write(&self)
        defer { text = before }
        return text
    }

    private mutating func writeConditions(
        _ options: QueryOptions, into found: inout [(String, String)]
    ) throws(QueryError) {
        if !options.compute.isEmpty {
            try needs(.v401, "$compute")
            let value = try captured { (writer) throws(QueryError) in
                try writer.separated(options.compute, "$compute") { (writer, item) throws(QueryError) in
                    try writer.computeItem(item)
                }
            }
            found.append(("$compute", value))
        }
        if !options.apply.isEmpty {
            found.append(
                ("$apply", try captured { (writer) throws(QueryError) in try writer.transformations(options.apply) }))
        }
        if let filter = options.filter {
            found.append(("$filter", try captured { (writer) throws(QueryError) in try writer.expression(filter) }))
        }
        if let search = options.search {
            found.append(("$search", try captured { (writer) throws(QueryError) in try writer.search(search) }))
        }
    }

    private mutating func writeShape(
        _ options: QueryOptions, into found: inout [(String, String)]
    ) throws(QueryError) {
        var options = options
        if version == .v2 { try Version2Shape.flatten(&options) }
        if !options.select.isEmpty {
            let value = try captured { (writer) throws(QueryError) in
                try writer.separated(options.select, "$select") { (writer, item) throws(QueryError) in
                    try writer.selectItem(item)
                }
            }
            found.append(("$select", value))
        }
        if !options.expand.isEmpty {
            let value = try captured { (writer) throws(QueryError) in
                try writer.separated(options.expand, "$expand") { (writer, item) throws(QueryError) in
                    try writer.expandItem(item)
                }
            }
            found.append(("$expand", value))
        }
        if !options.orderBy.isEmpty {
            let value = try captured { (writer) throws(QueryError) in
                try writer.separated(options.orderBy, "$orderby") { (writer, item) throws(QueryError) in
                    try writer.orderItem(item)
                }
            }
            found.append(("$orderby", value))
        }
    }

    private func writeRange(_ options: QueryOptions, into found: inout [(String, String)]) throws(QueryError) {
        for (name, number) in [("$top", options.top), ("$skip", options.skip)] {
            guard let number else { continue }
            guard number >= 0 else { throw .misplaced(name) }
            found.append((name, String(number)))
        }
        if let count = options.count {
            if version == .v2 {
                found.append(("$inlinecount", count ? "allpages" : "none"))
            } else {
                found.append(("$count", count ? "true" : "false"))
            }
        }
        switch options.levels {
        case .count(let levels):
            try needs(.v4, "$levels")
            guard levels > 0 else { throw .misplaced("$levels") }
            found.append(("$levels", String(levels)))
        case .max:
            try needs(.v4, "$levels")
            found.append(("$levels", "max"))
        case nil: break
        }
        if let index = options.index {
            try needs(.v401, "$index")
            found.append(("$index", String(index)))
        }
    }

    /// Texts that are nobody's to understand.
    private func writeTokens(_ options: QueryOptions, into found: inout [(String, String)]) throws(QueryError) {
        let texts: [(String, ODataVersion, String?)] = [
            ("$format", .v2, options.format), ("$skiptoken", .v2, options.skipToken),
            ("$deltatoken", .v4, options.deltaToken), ("$schemaversion", .v401, options.schemaVersion),
            ("$id", .v4, options.id),
        ]
        for (name, since, text) in texts {
            guard let text else { continue }
            try needs(since, name)
            guard !text.isEmpty else { throw .misplaced(name) }
            found.append((name, text))
        }
    }

    mutating func orderItem(_ item: OrderItem) throws(QueryError) {
        try expression(item.expression)
        if item.isDescending { text += " desc" }
    }

    mutating func computeItem(_ item: ComputeItem) throws(QueryError) {
        try expression(item.expression)
        text += " as " + (try Self.identifier(item.alias))
    }

    private mutating func selectItem(_ item: SelectItem) throws(QueryError) {
        text += try Self.selectPath(item.path, version)
        guard !item.options.isEmpty else { return }
        try needs(.v401, "$select()")
        try nested(item.options, in: .select)
    }

    private mutating func expandItem(_ item: ExpandItem) throws(QueryError) {
        text += try Self.expandPath(item.path, version)
        let place: OptionPlace
        switch item.form {
        case .entities: place = .expand
        case .references:
            try needs(.v4, "$ref")
            text += "/$ref"
            place = .references
        case .count:
            try needs(.v4, "$count")
            text += "/$count"
            place = .count
        }
        if !item.options.isEmpty { try nested(item.options, in: place) }
    }

    private mutating func nested(_ options: QueryOptions, in place: OptionPlace) throws(QueryError) {
        try enter()
        defer { leave() }
        let parts = try self.options(options, in: place)
        text += "(" + parts.map { $0.0 + "=" + $0.1 }.joined(separator: ";") + ")"
    }

    /// Names, with `*` or `ns.*` at the end, or an annotation (4.01).
    static func selectPath(_ path: String, _ version: ODataVersion) throws(QueryError) -> String {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        for (place, part) in parts.enumerated() {
            let isLast = place == parts.count - 1
            if Identifier.isValid(part) { continue }
            if isLast, part == "*" { continue }
            guard version.isV4 else { throw .invalidName(path) }
            if isLast, isSignature(part) { continue }
            if Identifier.isQualified(part) { continue }
            if isLast, part.hasSuffix(".*"), isNamespace(part.dropLast(2)) { continue }
            if version == .v401, part.hasPrefix("@") {
                _ = try annotationTerm(String(part.dropFirst()))
                continue
            }
            throw .invalidName(path)
        }
        return path
    }

    /// A function's name with its parameters' names, which tell overloads apart.
    private static func isSignature(_ text: Substring) -> Bool {
        guard text.hasSuffix(")"), let open = text.firstIndex(of: "(") else { return false }
        let names = text[text.index(after: open)...].dropLast().split(separator: ",", omittingEmptySubsequences: false)
        return isNamespace(text[..<open]) && names.allSatisfy { Identifier.isValid($0) }
    }

    private static func isNamespace(_ text: Substring) -> Bool {
        Identifier.isValid(text) || Identifier.isQualified(text)
    }

    static func expandPath(_ path: String, _ version: ODataVersion) throws(QueryError) -> String {
        if path == "$value", version == .v401 { return path }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        for (place, part) in parts.enumerated() {
            if Identifier.isValid(part) { continue }
            guard version.isV4 else { throw .invalidName(path) }
            if Identifier.isQualified(part) || (part == "*" && place == parts.count - 1) { continue }
            guard version == .v401, part.hasPrefix("@") else { throw .invalidName(path) }
            _ = try annotationTerm(String(part.dropFirst()))
        }
        return path
    }
}
