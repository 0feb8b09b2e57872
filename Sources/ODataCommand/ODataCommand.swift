import ArgumentParser

@main
struct ODataCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "odata",
        abstract: "Reads and changes what an OData service has, version 2 or 4.",
        discussion: """
            The service's root comes from --service or the environment's ODATA_SERVICE. Credentials come from files, never from \
            arguments. Tables are for people; --json gives programs what they need.

            Exit codes: 0 done, 1 the service refused, 64 wrong usage, 65 a query, value or file that can't be read, 69 the \
            service can't be reached, 74 the output can't be written.
            """,
        version: "0.1.0",
        subcommands: [
            GetCommand.self, CreateCommand.self, UpdateCommand.self, DeleteCommand.self, BatchCommand.self,
            DescribeCommand.self, GenerateCommand.self,
        ])
}
