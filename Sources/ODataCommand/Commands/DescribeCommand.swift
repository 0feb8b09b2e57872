import ArgumentParser
import OData

struct DescribeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "describe",
        abstract: "Tells what a service has: sets, fields with labels and types, keys, navigation.",
        discussion: """
            odata describe                       sets, singletons, functions and actions
            odata describe A_SalesOrder          fields of a set's entities
            odata describe API_X.A_SalesOrderType
            odata describe --metadata file.edmx A_SalesOrder
            """)

    @OptionGroup var service: ServiceArguments
    @Argument(help: "An entity set, or a type with its namespace; nothing lists what there is.")
    var name: String?
    @Flag(help: "JSON instead of tables.")
    var json = false

    func run() async throws {
        try await reporting {
            if let file = service.metadata { return try show(try MetadataFile.read(file)) }
            try await service.withClient { try show(try await $0.metadata()) }
        }
    }

    private func show(_ metadata: Metadata) throws {
        guard let name else { return overview(metadata) }
        let found =
            metadata.description(ofSet: name) ?? QualifiedName(name).flatMap { metadata.description(ofType: $0) }
        guard let found else { throw Failure("The service has no set or type '\(name)'.", code: .data) }
        json ? Terminal.say(DescriptionJSON.text(found)) : DescriptionText(found, metadata).lines.forEach(Terminal.say)
    }

    private func overview(_ metadata: Metadata) {
        if json { return Terminal.say(DescriptionJSON.text(of: metadata)) }
        var sets = Table(["set", "type", "label"])
        for set in metadata.entitySets {
            let label = metadata.description(ofSet: set.name)?.label
            sets.add([set.name, set.type.name, label ?? ""])
        }
        Terminal.say("OData \(metadata.version)")
        for line in sets.lines(width: Terminal.width) { Terminal.say(line) }
        for singleton in metadata.singletons { Terminal.say("singleton \(singleton.name): \(singleton.type.name)") }
        for operation in metadata.importDescriptions { Terminal.say(DescriptionText.line(of: operation)) }
    }
}
