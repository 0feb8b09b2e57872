import ArgumentParser
import OData

struct CreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Creates an entity, with those nested in it.",
        discussion: """
            odata create A_SalesOrder --data order.json
            echo '{"SalesOrderType":"OR","to_Item":[{"Material":"TG11"}]}' | odata create A_SalesOrder --data -
            """)

    @OptionGroup var service: ServiceArguments
    @Argument(help: "An entity set, or a navigation to many.")
    var path: String
    @Option(help: ArgumentHelp("A file with the entity as a JSON object; - is standard input.", valueName: "file"))
    var data: String
    @Flag(help: "JSON instead of a table.")
    var json = false

    func run() async throws {
        try await reporting {
            try await service.withClient { client in
                let metadata = try await client.metadata()
                let query = try QueryArguments.parsed(path, client.root, metadata)
                let entity = try EntityInput.read(data, for: query, metadata)
                try Shown.entity(try await client.create(entity, in: query), json: json)
            }
        }
    }
}

struct UpdateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update", abstract: "Changes properties of an entity.",
        discussion: """
            odata update "A_BusinessPartner('1')" --data '-' --if-match any <<< '{"LastName":"Meier"}'

            Without --if-match the entity is read first, and its tag sent: a change in between is refused.
            """)

    @OptionGroup var service: ServiceArguments
    @Argument(help: "The entity.")
    var path: String
    @Option(help: ArgumentHelp("A file with the properties as a JSON object; - is standard input.", valueName: "file"))
    var data: String
    @Option(help: "patch, merge or put; else what the version wants.")
    var method: MethodChoice?
    @Option(help: ArgumentHelp("The tag that the entity must have; any for whichever it has.", valueName: "tag"))
    var ifMatch: String?
    @Flag(help: "JSON instead of a table.")
    var json = false

    enum MethodChoice: String, ExpressibleByArgument, CaseIterable { case patch, merge, put }

    func run() async throws {
        try await reporting {
            try await service.withClient { client in
                let metadata = try await client.metadata()
                let query = try QueryArguments.parsed(path, client.root, metadata)
                let entity = try EntityInput.read(data, for: query, metadata)
                let condition = try await Tag.precondition(ifMatch, of: query, client)
                let updated = try await client.update(entity, at: query, method: chosen, if: condition)
                try Shown.entity(updated, json: json)
            }
        }
    }

    private var chosen: UpdateMethod? {
        switch method {
        case .patch: .patch
        case .merge: .merge
        case .put: .put
        case nil: nil
        }
    }
}

struct DeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Deletes an entity.",
        discussion: "Without --if-match the entity is read first, and its tag sent: a change in between is refused.")

    @OptionGroup var service: ServiceArguments
    @Argument(help: "The entity.")
    var path: String
    @Option(help: ArgumentHelp("The tag that the entity must have; any for whichever it has.", valueName: "tag"))
    var ifMatch: String?

    func run() async throws {
        try await reporting {
            try await service.withClient { client in
                let query = try QueryArguments.parsed(path, client.root, try await client.metadata())
                try await client.delete(query, if: try await Tag.precondition(ifMatch, of: query, client))
                Terminal.tell("deleted")
            }
        }
    }
}

/// Which version of an entity a write is meant for.
private enum Tag {
    static func precondition(_ text: String?, of query: Query, _ client: ODataClient) async throws -> Precondition {
        switch text {
        case "any": .exists
        case let tag?: .matches(ETag(tag))
        case nil: try await client.entity(query).etag.map { .matches($0) } ?? .none
        }
    }
}

private enum Shown {
    static func entity(_ entity: Entity, json: Bool) throws {
        if json { return Terminal.say(try EntityJSON.line(entity)) }
        for line in EntityTable.lines(of: entity, width: Terminal.width) { Terminal.say(line) }
    }
}

extension QueryArguments {
    fileprivate static func parsed(_ path: String, _ root: ServiceRoot, _ metadata: Metadata) throws -> Query {
        try QueryArguments.parse([]).query(path, root: root, version: metadata.version, metadata: metadata)
    }
}
