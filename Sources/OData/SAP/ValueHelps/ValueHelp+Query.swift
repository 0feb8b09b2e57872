extension ValueHelp {
    /// What to ask for to fill the list. Goes to `service`, or to the service that the field is of.
    ///
    /// Values of other fields restrict it (`in`, `inOut`), the field's own doesn't: what the user types there is `search`.
    /// Empty and null values restrict nothing, unless the parameter says that they mean something.
    ///
    /// - Parameters:
    ///   - entity: values by the paths of `parameters`; what is missing restricts nothing.
    ///   - search: what was typed. Goes to the service's search if it has one, else the key must begin with it or the
    ///     description contain it (case as it is: not every service can do without).
    ///   - day: for lists with periods of validity; nil asks for all of them.
    ///   - language: two letters as SAP has them, for descriptions in several languages; nil asks for all of them. In
    ///     version 2 an expanded list can't be restricted: pick the row of the language.
    ///   - top: how many rows at most.
    public func query(
        values entity: [String: ODataValue] = [:], search: String? = nil, on day: CalendarDate? = nil,
        language: String? = nil, top: Int = 50
    ) -> Query {
        var query = selecting(Query(collectionPath), language: language)
        for condition in conditions(entity) + validity(on: day) { query = query.filter(condition) }
        if let search, !search.isEmpty { query = searching(query, for: search) }
        query.options.orderBy = order.map { OrderItem(.property($0.column), isDescending: $0.isDescending) }
        return query.top(top)
    }

    /// All columns of the parameters, each once; the description too.
    private func selecting(_ query: Query, language: String?) -> Query {
        var seen: Set<String> = []
        var columns: [String] = []
        for parameter in parameters {
            switch parameter.direction {
            case .in, .constant, .filter: continue
            case .out, .inOut, .display: if seen.insert(parameter.column).inserted { columns.append(parameter.column) }
            }
        }
        guard let descriptionPath, seen.insert(descriptionPath).inserted else { return query.select(columns) }
        guard let slash = descriptionPath.lastIndex(of: "/") else { return query.select(columns + [descriptionPath]) }
        let navigation = String(descriptionPath[..<slash])
        let column = String(descriptionPath[descriptionPath.index(after: slash)...])
        guard version.isV4 else {
            let paths = [descriptionPath] + (languageColumn.map { ["\(navigation)/\($0)"] } ?? [])
            return query.select(columns + paths).expand(navigation)
        }
        return query.select(columns).expand(navigation) { nested in
            let selected = nested.select([column] + (languageColumn.map { [$0] } ?? []))
            guard let languageColumn, let language else { return selected }
            return selected.filter(Self.equal(languageColumn, .string(language)))
        }
    }

    private func conditions(_ entity: [String: ODataValue]) -> [QueryExpression] {
        parameters.compactMap { parameter in
            switch parameter.direction {
            case .constant(let value): return Self.equal(parameter.column, value)
            case .in, .inOut:
                guard let path = parameter.localPath, path != property, let value = entity[path],
                    parameter.initialValueIsSignificant || !value.isInitial
                else { return nil }
                return Self.equal(parameter.column, value)
            case .out, .display, .filter: return nil
            }
        }
    }

    private func validity(on day: CalendarDate?) -> [QueryExpression] {
        guard let day, let validity, let midnight = TimeOfDay(hour: 0, minute: 0) else { return [] }
        let value: ODataValue = version.isV4 ? .date(day) : .dateTime(LocalDateTime(day, midnight))
        return [
            .binary(.lessOrEqual, .property(validity.from), .literal(value)),
            .binary(.greaterOrEqual, .property(validity.to), .literal(value)),
        ]
    }

    private func searching(_ query: Query, for text: String) -> Query {
        if isSearchSupported {
            // SAP's version 2 services have a search of their own, under a name without the dollar.
            return version.isV4 ? query.search(text) : query.custom("search", text)
        }
        var conditions: [QueryExpression] = []
        if let keyColumn, isText(keyColumn) {
            conditions.append(.call(.startsWith, [.property(keyColumn), .literal(.string(text))]))
        }
        // A description behind a navigation to many has no value to compare.
        if let descriptionPath, languageColumn == nil, descriptionPath != keyColumn, isText(descriptionPath) {
            conditions.append(.call(.contains, [.property(descriptionPath), .literal(.string(text))]))
        }
        guard let first = conditions.first else { return query }
        return query.filter(conditions.count == 1 ? first : .or(conditions))
    }

    private func isText(_ column: String) -> Bool { textColumns?.contains(column) ?? true }

    private static func equal(_ column: String, _ value: ODataValue) -> QueryExpression {
        .binary(.equal, .property(column), .literal(value))
    }
}

extension ODataValue {
    /// ABAP has no null: what was never set comes back as an empty text.
    fileprivate var isInitial: Bool {
        switch self {
        case .null, .string(""): true
        default: false
        }
    }
}
