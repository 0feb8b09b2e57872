/// Which options a resource takes, as far as its path alone tells (OData 4.01 part 1 §11.2, part 2 §5.1).
enum OptionPlacement {
    /// - Parameter isSingle: what metadata says of the result; nil without.
    static func check(_ query: Query, _ version: ODataVersion, isSingle: Bool? = nil) throws(QueryError) {
        let options = query.options
        switch query.path.segments.last {
        case .metadata, .batch:
            try refuse(options, but: ["$format", "$schemaversion"])
        case .value: try refuse(options, but: ["$format", "$schemaversion", "@"])
        case .count:
            let kept =
                version == .v2
                ? ["$filter", "$top", "$skip", "$orderby", "$expand"] : ["$filter", "$search", "$apply"]
            try refuse(options, but: kept + ["$format", "$schemaversion", "@"])
        case .entity: if options.id == nil { throw .misplaced("$entity") }
        case .key, .keySegment:
            // A string in a key segment may be a navigation's name: only a key in parentheses is surely one.
            if case .key = query.path.segments.last { try checkSingle(options) }
        default: break
        }
        if isSingle == true { try checkSingle(options) }
        if options.levels != nil { throw .misplaced("$levels") }
    }

    private static func checkSingle(_ options: QueryOptions) throws(QueryError) {
        let collectionOptions = ["$filter", "$search", "$orderby", "$top", "$skip", "$count", "$index", "$apply"]
        for name in names(options) where collectionOptions.contains(name) { throw .misplaced(name) }
    }

    private static func refuse(_ options: QueryOptions, but kept: [String]) throws(QueryError) {
        for name in names(options) where !kept.contains(name) { throw .misplaced(name) }
    }

    /// Names of the options that are set; `@` for aliases.
    private static func names(_ options: QueryOptions) -> [String] {
        let named: [(String, Bool)] = [
            ("$filter", options.filter != nil), ("$select", !options.select.isEmpty),
            ("$expand", !options.expand.isEmpty), ("$orderby", !options.orderBy.isEmpty),
            ("$top", options.top != nil), ("$skip", options.skip != nil), ("$count", options.count != nil),
            ("$search", options.search != nil), ("$compute", !options.compute.isEmpty),
            ("$apply", !options.apply.isEmpty), ("$levels", options.levels != nil), ("$format", options.format != nil),
            ("$index", options.index != nil), ("$skiptoken", options.skipToken != nil),
            ("$deltatoken", options.deltaToken != nil), ("$schemaversion", options.schemaVersion != nil),
            ("$id", options.id != nil), ("@", !options.aliases.isEmpty),
        ]
        return named.filter(\.1).map(\.0)
    }
}
