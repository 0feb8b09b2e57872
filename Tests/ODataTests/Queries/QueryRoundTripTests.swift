@testable import OData
import Testing

@Suite("Queries that are written and read again")
struct QueryRoundTripTests {
    @Test(arguments: ODataVersion.allCases)
    func `50,000 random filters are the same after being written and read`(_ version: ODataVersion) throws {
        var generator = QueriesGenerator(version, seed: 1)
        for number in 0..<50_000 {
            let tree = generator.expression(depth: 3)
            let text = try tree.text(version)
            guard (try? QueryExpression(parsing: text, version: version)) == tree else {
                Issue.record("\(number): \(text)")
                return
            }
        }
    }

    @Test(arguments: ODataVersion.allCases)
    func `10,000 random keys are the same after being written and read`(_ version: ODataVersion) throws {
        var generator = QueriesGenerator(version, seed: 2)
        for _ in 0..<10_000 {
            let key = generator.key()
            let text = try key.text(version)
            try #require(try EntityKey(parsing: text, version: version) == key)
            try #require(try EntityKey(parsing: text.dropFirst().dropLast(), version: version) == key)
        }
    }

    @Test(arguments: ODataVersion.allCases)
    func `5,000 random queries are the same after being written and read`(_ version: ODataVersion) throws {
        var generator = QueriesGenerator(version, seed: 3)
        for number in 0..<5_000 {
            let query = generator.query()
            let url = try query.encoded(version).relativeURL
            guard (try? Query(parsing: url, version: version)) == query else {
                Issue.record("\(number): \(url)")
                return
            }
            try #require(url.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "+") })
        }
    }

    @Test(arguments: ODataVersion.allCases)
    func `10,000 texts that were damaged are read or refused, and what is read is written`(
        _ version: ODataVersion
    ) throws {
        var generator = QueriesGenerator(version, seed: 4)
        for _ in 0..<5_000 {
            let filter = generator.damaged(try generator.expression(depth: 3).text(version))
            if let tree = try? QueryExpression(parsing: filter, version: version) {
                guard let text = try? tree.text(version),
                    let again = try? QueryExpression(parsing: text, version: version),
                    again == tree || text.contains("NaN")
                else {
                    Issue.record("\(filter)")
                    return
                }
            }
            let url = generator.damaged(try generator.query().encoded(version).relativeURL)
            if let query = try? Query(parsing: url, version: version) {
                guard let text = try? query.encoded(version).relativeURL,
                    let again = try? Query(parsing: text, version: version),
                    (try? again.encoded(version).relativeURL) == text
                else {
                    Issue.record("\(url)")
                    return
                }
            }
        }
    }
}

/// Random trees of what a version has, in the form in which they are read.
struct QueriesGenerator {
    let version: ODataVersion
    var random: QueriesRandom

    init(_ version: ODataVersion, seed: UInt64) {
        self.version = version
        random = QueriesRandom(seed: seed)
    }

    // MARK: Names and values

    mutating func name() -> String {
        random.pick([
            "A", "Name", "to_Item", "_x", "eq", "in", "desc", "as", "Ünïcode", "名前", "x1", "INFx", "keep", "from",
        ])
    }

    mutating func typeName() -> QualifiedName { QualifiedName(random.pick(["ns", "a.b.c", "SAP__self"]), name()) }

    mutating func text() -> String {
        random.pick([
            "", "a", "O'Neil", "''", "a/b", "x eq 1", "\") or 1 eq 1", "%27", "a+b c", "é\u{301}", "\u{0}\u{1F600}",
            ";&?#=",
            "\\", "\"", "AND", "/*", "\r\n", "ns.F(", "$it", "@p",
        ])
    }

    mutating func literal() -> ODataValue {
        switch random.below(12) {
        case 0: return .null
        case 1: return .boolean(random.chance(50))
        case 2: return .int32(Int32(truncatingIfNeeded: random.next()))
        case 3:
            let value = Int64(bitPattern: random.next())
            return version.isV4 ? (Int32(exactly: value).map { .int32($0) } ?? .int64(value)) : .int64(value)
        case 4:
            return .decimal(ODataDecimal(significand: UInt128(random.next()), exponent: -Int16(1 + random.below(10))))
        case 5:
            return version.isV4
                ? .double(Double(random.below(1_000)) * 1e30 + 1e30) : .double(Double(random.below(1_000)) / 8)
        case 6: return .guid(GUID(high: random.next(), low: random.next()))
        case 7: return .binary((0..<random.below(8)).map { _ in UInt8(truncatingIfNeeded: random.next()) })
        case 8: return temporal()
        case 9 where version.isV4:
            return .enumeration(EnumerationValue(random.pick(["Red", "Red,Blue", "5"]), of: typeName()))
        default: return .string(text())
        }
    }

    private mutating func temporal() -> ODataValue {
        let date = CalendarDate(year: 1 + random.below(9_999), month: 1 + random.below(12), day: 1 + random.below(28))
        let time = TimeOfDay(
            hour: random.below(24), minute: random.below(60), second: random.below(60),
            nanosecond: random.below(1_000) * 1_000_000)
        guard let date, let time else { return .null }
        let wall = LocalDateTime(date, time)
        switch (random.below(4), version.isV4) {
        case (0, true): return .date(date)
        case (1, true): return .timeOfDay(time)
        case (2, true): return ODataDuration(seconds: Int64(random.below(1_000_000))).map { .duration($0) } ?? .null
        case (0, false): return .dateTime(wall)
        case (1, false): return ODataDuration(seconds: Int64(random.below(86_400))).map { .time($0) } ?? .null
        default:
            return OffsetDateTime(wall, offsetMinutes: random.below(1_680) - 840).map { .dateTimeOffset($0) } ?? .null
        }
    }

    mutating func key() -> EntityKey {
        var values: [ODataValue] = []
        for _ in 0...random.below(3) {
            let value = literal()
            values.append(value == .null ? .string("x") : value)
        }
        if values.count == 1 { return random.chance(50) ? EntityKey(values[0]) : EntityKey([.init(name(), values[0])]) }
        return EntityKey(values.enumerated().map { EntityKey.Part("\(name())\($0.offset)", $0.element) })
    }

    // MARK: Expressions

    mutating func expression(depth: Int) -> QueryExpression {
        guard depth > 0 else { return random.chance(50) ? .literal(literal()) : .path(path(depth: 0)) }
        switch random.below(10) {
        case 0: return .literal(literal())
        case 1: return .path(path(depth: depth - 1))
        case 2: return .not(expression(depth: depth - 1))
        case 3: return .negate(expression(depth: depth - 1))
        case 4: return .and(expressions(2 + random.below(3), depth - 1))
        case 5: return .or(expressions(2 + random.below(3), depth - 1))
        case 6: return call(depth)
        case 7: return special(depth)
        default:
            var symbols = QueryOperator.allCases.filter { $0.since <= version }
            symbols.removeAll { $0 == .in }
            return .binary(random.pick(symbols), expression(depth: depth - 1), expression(depth: depth - 1))
        }
    }

    private mutating func expressions(_ count: Int, _ depth: Int) -> [QueryExpression] {
        var result: [QueryExpression] = []
        for _ in 0..<count { result.append(expression(depth: depth)) }
        return result
    }

    private mutating func call(_ depth: Int) -> QueryExpression {
        let function = random.pick(QueryFunction.allCases.filter { $0.isAvailable(in: version) })
        let count = function.arity.lowerBound + random.below(function.arity.count)
        return .call(function, expressions(count, depth - 1))
    }

    private mutating func special(_ depth: Int) -> QueryExpression {
        let type = QueryTypeName(typeName(), isCollection: version.isV4 && random.chance(20))
        switch random.below(version == .v401 ? 7 : version == .v4 ? 4 : 2) {
        case 0: return .cast(random.chance(50) ? nil : expression(depth: depth - 1), type)
        case 1: return .isOf(random.chance(50) ? nil : expression(depth: depth - 1), type)
        case 2: return .json(json(depth))
        case 3: return .array([.literal(.string(text())), expression(depth: depth - 1), .json(.string(text()))])
        case 4:
            return .binary(.in, expression(depth: depth - 1), .list(expressions(random.below(4), depth - 1)))
        case 5: return .choice([ChoiceBranch(expression(depth: depth - 1), expression(depth: depth - 1))])
        default: return .object([ExpressionMember(text(), .literal(.string(text())))])
        }
    }

    private mutating func json(_ depth: Int) -> JSONNode {
        .array([
            .string(text()), .number("1.50"), .null, .object([.init(text(), .boolean(true)), .init("#", .array([]))]),
        ])
    }

    private mutating func path(depth: Int) -> MemberPath {
        var path = MemberPath(.implicit, [.name(name())])
        guard version.isV4 else {
            if random.chance(30) { path.steps.append(.name(name())) }
            return path
        }
        if random.chance(20) { path.root = random.pick([.it, .root, .alias("p"), version == .v401 ? .this : .it]) }
        for _ in 0..<random.below(3) { path.steps.append(step(depth)) }
        if case .name = path.steps.last, random.chance(20) { path.steps.append(.key(key())) }
        return path
    }

    private mutating func step(_ depth: Int) -> MemberStep {
        let inner = depth > 0 ? expression(depth: depth - 1) : .property("d")
        switch random.below(version == .v401 ? 9 : 7) {
        case 0: return .type(typeName())
        case 1: return .any(random.chance(20) ? nil : Lambda("d", inner))
        case 2: return .all(Lambda(name(), inner))
        case 3: return .count()
        case 4: return .annotation(random.pick(["ns.T", "Core.M#q"]))
        case 5: return .call(typeName().description, [NamedArgument("a", inner), NamedArgument("b", .alias("q"))])
        case 6: return .name(name())
        case 7: return .filter(inner)
        default: return .count(filter: inner, search: random.chance(50) ? search(2) : nil)
        }
    }

    mutating func search(_ depth: Int) -> SearchExpression {
        switch random.below(depth > 0 ? 5 : 2) {
        case 0: return .word(random.pick(["blue", "3.14", "brand-new", "Δ", "a'b", "nOT"]))
        case 1:
            return .phrase(random.pick(version == .v401 ? ["a b", "\"", "\\", "NOT"] : ["a b", "'", "NOT", "(x)"]))
        case 2: return .not(search(depth - 1))
        case 3: return .and([search(depth - 1), search(depth - 1)])
        default: return .or([search(depth - 1), search(depth - 1), search(depth - 1)])
        }
    }

    // MARK: Transformations and queries

    mutating func transformations(_ depth: Int) -> [Transformation] {
        var steps: [Transformation] = []
        for _ in 0...random.below(2) { steps.append(transformation(depth)) }
        return steps
    }

    private mutating func transformation(_ depth: Int) -> Transformation {
        switch random.below(depth > 0 ? 15 : 9) {
        case 0:
            return .aggregate([
                .count(as: "N"),
                AggregateItem(
                    expression(depth: 1), with: random.pick([.sum, .average, .custom(QualifiedName("ns", "m"))]),
                    from: random.chance(30) ? [.init(["A/B", "C"], with: .max)] : [], as: "T"),
                AggregateItem(.property("Forecast")),
            ])
        case 1: return .groupBy([.property("A/B"), .rollUp(["C", "D"], isTotal: random.chance(50)), .rollUp(["H"])])
        case 2: return .filter(expression(depth: 2))
        case 3: return .search(search(1))
        case 4: return .compute([ComputeItem(expression(depth: 1), as: "X")])
        case 5:
            return .limit(
                random.pick(Transformation.LimitKind.allCases), expression(depth: 0), by: expression(depth: 1))
        case 6: return random.chance(50) ? .top(random.below(100)) : .skip(random.below(100))
        case 7: return .orderBy([OrderItem(expression(depth: 1), isDescending: random.chance(50))])
        case 8: return .identity
        case 9: return .concat([transformations(depth - 1), transformations(depth - 1)])
        case 10:
            return .join(
                path: "Items", as: "I", random.chance(50) ? transformations(depth - 1) : [], isOuter: random.chance(50))
        case 11: return .nest([NestItem(transformations(depth - 1), as: "N")])
        case 12: return .addNested(path: "Items/ns.T", [NestItem(transformations(depth - 1), as: "N")])
        case 13: return .groupBy(["A"], transformations(depth - 1))
        default:
            return .call(
                random.pick(["ancestors", "descendants"]),
                [
                    .expression(OrderItem(.property("$root/Sets"))), .expression(OrderItem(.property("H"))),
                    .expression(OrderItem(.property("Set/ID"))),
                    .transformations([.filter(expression(depth: 1)), .identity]),
                    .expression(OrderItem(.literal(.int32(1)))), .keepStart,
                ])
        }
    }

    mutating func query() -> Query {
        var query = Query(random.pick(["Sets", "A_Partner", "名前"]))
        var isSingle = false
        if random.chance(50) {
            query = query.key(key())
            isSingle = true
        }
        if random.chance(40) {
            query = query.navigate(name())
            isSingle = false
        }
        if version.isV4, random.chance(20) {
            query = query.function("ns.F", ["a": .literal(literal()), "b": .alias("p")])
            isSingle = false
        }
        if version == .v401, !isSingle, random.chance(20) { query = query.filterSegment(expression(depth: 2)) }
        query.options = options(depth: 2, isSingle: isSingle)
        for number in 0..<random.below(3) {
            query = query.custom("sap-\(number)" + text(), random.chance(80) ? text() : nil)
        }
        if version.isV4, random.chance(30) { query = query.alias("p", expression(depth: 2)) }
        if random.chance(20) { query = query.skipToken("t" + text()) }
        return query
    }

    private mutating func options(depth: Int, isSingle: Bool) -> QueryOptions {
        var options = QueryOptions()
        if !isSingle {
            if random.chance(40) { options.filter = expression(depth: 3) }
            if random.chance(30) {
                options.orderBy = [OrderItem(.path(path(depth: 1)), isDescending: random.chance(50))]
            }
            if random.chance(30) { options.top = random.below(1_000) }
            if random.chance(30) { options.skip = random.below(1_000) }
            if random.chance(30) { options.count = random.chance(50) }
            if version.isV4, random.chance(20) { options.search = search(2) }
            if version.isV4, random.chance(20) { options.apply = transformations(2) }
        }
        if version == .v401, random.chance(20) { options.compute = [ComputeItem(expression(depth: 2), as: name())] }
        guard version.isV4 else {
            // What is expanded is selected, too.
            if random.chance(40) { options.expand = ["to_A", "to_B/to_C"] }
            if random.chance(40) { options.select = ["Name", "to_A/X", "to_B"] }
            return options
        }
        if random.chance(30) { options.select = [SelectItem(name()), "ns.T/A", "ns.*", "*"] }
        if depth > 0, random.chance(40) {
            var inner = self.options(depth: depth - 1, isSingle: false)
            if random.chance(20) { inner.levels = .max }
            options.expand = [ExpandItem("to_A", options: inner), ExpandItem("ns.T/to_B", form: .references), "*"]
        }
        return options
    }

    // MARK: Damage

    mutating func damaged(_ text: String) -> String {
        var bytes = Array(text.utf8)
        for _ in 0...random.below(3) where !bytes.isEmpty {
            let place = random.below(bytes.count)
            switch random.below(4) {
            case 0: bytes.remove(at: place)
            case 1: bytes.insert(random.pick(Array("'()/,;$@ %=&\"{[]:.-e5\\".utf8)), at: place)
            case 2: bytes[place] = UInt8(truncatingIfNeeded: random.next())
            default: bytes.append(contentsOf: bytes[place...].prefix(10))
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
