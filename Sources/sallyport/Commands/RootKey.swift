import ArgumentParser
import StrictJSON
import Sodium
import Vault

struct RootKey: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "root-key", abstract: "Make a root key file.", subcommands: [Create.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a new root key file: 32 random bytes, mode 0600.",
            discussion: """
                Keep a copy where the database's backups are not. Without the root key no credential can be opened; with it and \
                a backup, every one can.
                """)

        @Argument(help: "Path of the new file; it must not exist.")
        var path: String
        @Flag(help: "Write one JSON document instead of text.")
        var json = false

        func run() async throws {
            try await CommandFailure.run {
                _ = try SecretMemory.harden()
                do {
                    let provider = try FileRootKeyProvider.create(at: path)
                    CommandOutput(json: json).show(["root_key_file": .string(path), "root_id": .string(provider.id)])
                } catch {
                    throw CommandFailure(.failed, "\(path) can't be created (\(error)); it must not exist yet")
                }
            }
        }
    }
}
