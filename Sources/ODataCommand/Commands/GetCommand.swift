import ArgumentParser
import OData

struct GetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Reads one entity, many, a property or a count.",
        discussion: """
            odata get "A_SalesOrder" --filter "SoldToParty eq '1000001'" --top 5
            odata get "A_SalesOrder('4711')/to_Item" --select Material,RequestedQuantity
            odata get 'Products/$count'
            odata get '$metadata' > metadata.xml
            odata get Products --all --json > products.ndjson

            A list ends after --limit entities unless --all is given. With --json a list is one JSON object a line.
            """)

    @OptionGroup var service: ServiceArguments
    @OptionGroup var query: QueryArguments

    @Argument(help: "What to read, below the root; it may have options behind a question mark.")
    var path: String

    @Flag(help: "All of a list, page after page.")
    var all = false

    @Option(help: "Entities of a list at most, without --all.")
    var limit: Int = 100

    @Option(help: ArgumentHelp("Columns of the table, separated by commas.", valueName: "names"))
    var columns: String?

    @Flag(help: "JSON instead of a table.")
    var json = false

    func validate() throws {
        guard limit >= 0 else { throw ValidationError("--limit is not negative.") }
    }

    func run() async throws {
        try await reporting {
            try await service.withClient { client in
                let metadata = try await client.metadata()
                let query = try query.query(path, root: client.root, version: metadata.version, metadata: metadata)
                try await show(query, of: client, metadata)
            }
        }
    }

    private func show(_ query: Query, of client: ODataClient, _ metadata: Metadata) async throws {
        switch query.path.segments.last {
        case .count:
            // It is appended by `count`.
            var counted = query
            counted.path.segments.removeLast()
            Terminal.say("\(try await client.count(counted))")
        case .value, .metadata: try await raw(query, client)
        default:
            guard let type = query.resultType(in: metadata) else { return try await many(query, client) }
            if case .named(let name) = type.base, metadata.structuredType(name)?.kind == .entity {
                if type.isCollection { try await many(query, client) } else { try await one(query, client) }
            } else {
                try value(try await client.value(query))
            }
        }
    }

    private func raw(_ query: Query, _ client: ODataClient) async throws {
        for try await chunk in try await client.content(query).body { Terminal.write(chunk, to: 1) }
    }

    private func one(_ query: Query, _ client: ODataClient) async throws {
        let entity = try await client.entity(query)
        if json { return Terminal.say(try EntityJSON.line(entity)) }
        for line in EntityTable.lines(of: entity, width: Terminal.width) { Terminal.say(line) }
    }

    private func value(_ value: ODataValue) throws {
        Terminal.say(
            json ? String(decoding: try EntityJSON.node(value).serialized(), as: UTF8.self) : EntityTable.text(value))
    }

    private func many(_ query: Query, _ client: ODataClient) async throws {
        var kept: [Entity] = []
        var count = 0
        var progress = Progress(isShown: Terminal.isInteractive && all)
        for try await entity in client.entities(query) {
            if !all, count == limit {
                Terminal.tell("There are more than \(limit): see --all, --limit and --skip.")
                break
            }
            count += 1
            if json { Terminal.say(try EntityJSON.line(entity)) } else { kept.append(entity) }
            progress.report(count)
        }
        progress.end()
        if json { return }
        let names = columns.map { $0.split(separator: ",").map { String($0.trimmed) } }
        for line in EntityTable.lines(of: kept, columns: names, width: Terminal.width) { Terminal.say(line) }
    }
}

/// How many entities have come, on a terminal, every thousand.
private struct Progress {
    let isShown: Bool
    private var wasShown = false

    init(isShown: Bool) { self.isShown = isShown }

    mutating func report(_ count: Int) {
        guard isShown, count % 1_000 == 0 else { return }
        Terminal.write("\r\(count) entities", to: 2)
        wasShown = true
    }

    func end() { if wasShown { Terminal.write("\r\u{1B}[K", to: 2) } }
}
