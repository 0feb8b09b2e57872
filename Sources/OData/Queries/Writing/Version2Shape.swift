/// What version 2 makes of nested options: paths in `$expand` and `$select`, side by side (MS-ODATA §2.2.3.6.1.3,
/// §2.2.3.6.1.11).
enum Version2Shape {
    /// - Throws: `.notInVersion` for what version 2 can't ask of an expanded navigation.
    static func flatten(_ options: inout QueryOptions) throws(QueryError) {
        var shape = Shape()
        try shape.gather(options, at: "", depth: 0)
        options.expand = shape.expands.map { ExpandItem($0) }
        options.select = shape.selects.map { SelectItem($0) }
    }

    private struct Shape {
        var expands: [String] = []
        var selects: [String] = []
        private var known: Set<String> = []
        private var expanded: Set<String> = []
        /// Navigations of which some properties are selected.
        private var narrowed: Set<String> = []

        mutating func gather(_ options: QueryOptions, at prefix: String, depth: Int) throws(QueryError) {
            guard depth <= QueryExpression.maxDepth else { throw .tooDeep }
            for item in options.select {
                guard item.options.isEmpty else { throw .notInVersion("$select()", .v2) }
                try select(prefix + item.path)
            }
            for item in options.expand {
                guard item.form == .entities else { throw .notInVersion("$ref", .v2) }
                var nested = item.options
                (nested.select, nested.expand) = ([], [])
                guard nested.isEmpty else { throw .notInVersion("$expand()", .v2) }
                let path = prefix + item.path
                if item.options.expand.isEmpty { expand(path) }
                let before = selects.count
                try gather(item.options, at: path + "/", depth: depth + 1)
                // All of its properties, beside some of what lies behind it.
                if item.options.select.isEmpty, selects.count > before { try select(path + "/*") }
            }
            if prefix.isEmpty { try completeTopLevel(options) }
        }

        /// A navigation that no selected path names is not expanded, whatever `$expand` says: its name must stand in
        /// `$select`. The shortest name that others don't narrow is enough.
        private mutating func completeTopLevel(_ options: QueryOptions) throws(QueryError) {
            guard !selects.isEmpty else { return }
            if options.select.isEmpty { try select("*") }
            for path in expands {
                var names = ""
                for part in try Self.parts(path) {
                    names += names.isEmpty ? String(part) : "/" + part
                    if known.contains(names) { break }
                    if narrowed.contains(names) { continue }
                    try select(names)
                    break
                }
            }
        }

        private mutating func select(_ path: String) throws(QueryError) {
            guard known.insert(path).inserted else { return }
            selects.append(path)
            var names = ""
            for part in try Self.parts(path).dropLast() {
                names += names.isEmpty ? String(part) : "/" + part
                narrowed.insert(names)
            }
        }

        private mutating func expand(_ path: String) {
            if expanded.insert(path).inserted { expands.append(path) }
        }

        private static func parts(_ path: String) throws(QueryError) -> [Substring] {
            let parts = path.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count <= QueryExpression.maxDepth else { throw .tooDeep }
            return parts
        }
    }
}
