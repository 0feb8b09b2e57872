import ArgumentParser
import OData
import ODataGenerator
import SystemPackage

struct GenerateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate", abstract: "Writes Swift types for a service.",
        discussion: """
            odata generate API_SALES_ORDER_SRV.edmx --service-name SalesOrders --output Sources/App/SalesOrders
            odata generate - --service-name SalesOrders --entity-set A_SalesOrder < metadata.xml

            The metadata is a file; `odata get '$metadata' …` or a browser brings it. The same metadata gives the same files.
            """)

    @Argument(help: "A $metadata document, XML or JSON; - is standard input.")
    var metadata: String
    @Option(name: [.customLong("service"), .customLong("service-name")], help: "The name of the service in Swift.")
    var serviceName: String
    @Option(help: ArgumentHelp("Where the files go; made if it is missing.", valueName: "directory"))
    var output = "."
    @Option(name: .customLong("entity-set"), help: "Only this set and what it needs; may be given more than once.")
    var entitySets: [String] = []
    @Option(help: "public, package or internal.")
    var access: Access = .public
    @Flag(help: "Name the files that would be written.")
    var dryRun = false

    enum Access: String, ExpressibleByArgument, CaseIterable { case `public`, package, `internal` }

    func run() async throws {
        try await reporting {
            var options = GeneratorOptions(serviceName: serviceName, entitySets: entitySets.isEmpty ? nil : entitySets)
            if let level = GeneratorOptions.AccessLevel(rawValue: access.rawValue) { options.accessLevel = level }
            let files: [GeneratedFile]
            do {
                files = try Generator(metadata: try MetadataFile.read(metadata), options: options).files()
            } catch let error as GeneratorError {
                throw Failure("\(error)", code: .data)
            }
            for file in files { try write(file) }
            Terminal.tell("\(files.count) files in \(output)")
        }
    }

    private func write(_ file: GeneratedFile) throws {
        let path = FilePath(output).appending(file.name)
        if dryRun { return Terminal.say(path.string) }
        do {
            try OutputDirectory.make(FilePath(output))
            let descriptor = try FileDescriptor.open(
                path, .writeOnly, options: [.create, .truncate], permissions: [.ownerReadWrite, .groupRead, .otherRead])
            try descriptor.closeAfter { _ = try descriptor.writeAll(Array(file.text.utf8)) }
        } catch let error as Errno {
            throw Failure("\(path.string): \(error.description)", code: .data)
        }
    }
}
