import Foundation
import StrictJSON
import TestSupport
import Testing

extension EndToEnd {
    @Suite("The command line: help, exit codes, JSON, and no secret in an argument")
    struct CommandLineTests {
        /// Each command and its subcommands; from the program's own help, so that a new one can't be forgotten.
        private static func allCommands() async throws -> [[String]] {
            var found: [[String]] = []
            var open: [[String]] = [[]]
            while let command = open.popLast() {
                let help = try await Binary.succeed(command + ["--help"]).output
                found.append(command)
                guard let start = help.range(of: "SUBCOMMANDS:") else { continue }
                for line in help[start.upperBound...].split(separator: "\n") {
                    guard let match = line.wholeMatch(of: #/  ([a-z][a-z-]*)( .*)?/#) else { continue }
                    let name = String(match.output.1)
                    if name != "help" { open.append(command + [name]) }
                }
            }
            return found
        }

        @Test func `every command has a help text that says what it does`() async throws {
            let commands = try await Self.allCommands()
            #expect(commands.count >= 35, "\(commands)")
            for command in commands {
                let help = try await Binary.run(command + ["--help"])
                #expect(help.status == 0 && help.output.contains("USAGE: sallyport"), "\(command)")
                #expect(help.output.contains("OVERVIEW: "), "\(command)")
                #expect(help.errors.isEmpty, "\(command): \(help.errors)")
            }
        }

        @Test func `no option of any command takes a secret`() async throws {
            let suspicious = #/--[a-z-]*(password|secret|token|api-?key|private)[a-z-]* </#
            for command in try await Self.allCommands() {
                let help = try await Binary.run(command + ["--help"]).output
                for match in help.matches(of: suspicious) {
                    let text = String(match.output.0)
                    #expect(text.contains("-file") || text.contains("--token-url"), "\(command): \(text)")
                }
            }
        }

        @Test func `what isn't known ends with 64 and a hint`() async throws {
            for arguments in [
                ["nonsense"], ["tenants", "nonsense"], ["--nonsense"], ["tenants", "create"], ["serve", "extra"],
                ["tenants", "create", "a", "--password", "hidden"],
                ["connections", "create", "--secret", "password=hidden"],
                ["tenants", "list", "--limit", "many"],
            ] {
                let ending = try await Binary.run(arguments)
                #expect(ending.status == 64, "\(arguments): \(ending)")
                #expect(!ending.errors.isEmpty && ending.output.isEmpty, "\(arguments)")
            }
        }

        @Test func `exit codes of what goes wrong`() async throws {
            try await Site.with { site in
                let absent = "tnt_01kat0c3m0e9y8x4t5v6w7z8ab"
                let cases: [(code: Int32, arguments: [String])] = [
                    (65, ["tenants", "show", "nonsense"]), (66, ["tenants", "show", absent]),
                    (65, ["tenants", "create", ""]), (65, ["environments", "create", "Not A Slug"]),
                    (65, ["environments", "create", "production"]), (66, ["tenants", "list", "-e", "absent"]),
                    (77, ["tenants", "delete", absent]), (66, ["tenants", "delete", absent, "--yes"]),
                    (65, ["integrations", "create", "a", "--provider", "nonsense"]),
                    (65, ["integrations", "create", "a", "--provider", "generic-basic", "--allow-network", "x"]),
                    (65, ["api-keys", "create", "a", "--permissions", "everything"]),
                    (65, ["connections", "create", "--tenant", absent, "--integration", "a", "--field", "x"]),
                    (
                        66,
                        [
                            "connections", "create", "--tenant", absent, "--integration", "a", "--secret-file",
                            "password=/nowhere",
                        ]
                    ),
                    (66, ["api-keys", "revoke", "key_01kat0c3m0e9y8x4t5v6w7z8ab"]),
                    (65, ["tenants", "list", "--limit", "0"]),
                ]
                for (code, arguments) in cases {
                    let ending = try await Binary.run(arguments + site.settings)
                    #expect(ending.status == code, "\(arguments): \(ending)")
                    #expect(ending.errors.hasPrefix("error: ") && ending.output.isEmpty, "\(arguments): \(ending)")
                }
                let away = try await Binary.run(
                    [
                        "tenants", "list", "--set", "database.url=host=/nowhere dbname=a", "--set",
                        "root_key.file=\(site.rootKeyFile)",
                    ])
                #expect(away.status == 69, "\(away)")
            }
        }

        @Test func `what the configuration doesn't know is refused with 78, wherever it stands`() async throws {
            try await TestDirectory.with { directory in
                let file = directory + "/sallyport.yaml"
                try TextFiles.write("control:\n  prot: 1\n", to: file)
                let endings = [
                    try await Binary.run(["tenants", "list", "--config", file]),
                    try await Binary.run(["tenants", "list"], environment: ["SALLYPORT_CONTROL_PROT": "1"]),
                    try await Binary.run(["tenants", "list", "--set", "control.prot=1"]),
                ]
                for ending in endings {
                    #expect(ending.status == 78, "\(ending)")
                    #expect(ending.errors.lowercased().contains("prot"), "\(ending)")
                }
                for arguments in [
                    ["serve", "--config", directory + "/absent.yaml"], ["serve", "--set", "control.port=x"], ["serve"],
                    ["migrate"], ["serve", "--set", "database.url=host=a", "--set", "root_key.file=/nowhere"],
                ] {
                    #expect(try await Binary.run(arguments).status == 78, "\(arguments)")
                }
            }
        }

        @Test func `docs/configuration.md is what the program writes`() async throws {
            let written = try await Binary.succeed(["config", "--markdown"]).output
            #expect(written == TextFiles.read(Binary.packageRoot + "/docs/configuration.md"))
        }

        @Test func `an installation by hand, each command with --json`() async throws {
            try await FakeUpstream.with { upstream in
                try await OwnCluster.withDatabase { cluster, superuser in
                    try await TestDirectory.with { directory in
                        let hand = try Hand(directory, cluster)
                        try await hand.install()
                        try await hand.administer(upstream)
                    }
                }
            }
        }

        @Test func `a secret comes from a file or standard input, without its line break`() async throws {
            try await FakeUpstream.with { upstream in
                upstream.script.withLock { $0.accepted = ["Basic " + Base64Text.encoded("user:from-input")] }
                try await Site.with { site in
                    let tenant = try await site.json(["tenants", "create", "t"])["id"]?.string ?? ""
                    _ = try await site.json([
                        "integrations", "create", "fake", "--provider", "generic-basic", "--allow-network",
                        "127.0.0.0/8",
                        "--allow-plain-http",
                    ])
                    let link = [
                        "connections", "create", "--tenant", tenant, "--integration", "fake", "--field",
                        "base_url=\(upstream.base)", "--field", "username=user", "--secret-file", "password=-",
                    ]
                    let wrong = try await Binary.run(link + site.settings, input: .text("wrong\n"))
                    #expect(wrong.status == 65, "\(wrong)")
                    #expect(!wrong.errors.contains("from-input"))
                    #expect(try await site.count("select count(*) from sallyport.connections") == 0)
                    let linked = try await Binary.run(link + site.settings + ["--json"], input: .text("from-input\n"))
                    #expect(linked.status == 0, "\(linked)")
                    #expect(try JSONValue.parse(Array(linked.output.utf8))?["status"]?.string == "active")
                }
            }
        }

        @Test func `a token is obtained by hand, shown, and refused where the connection is suspended`() async throws {
            try await FakeUpstream.with { upstream in
                try await Site.with { site in
                    let tenant = try await site.json(["tenants", "create", "t"])["id"]?.string ?? ""
                    _ = try await site.json([
                        "integrations", "create", "fake", "--provider", "generic-oauth2-client-credentials",
                        "--allow-network", "127.0.0.0/8", "--allow-plain-http",
                    ])
                    try TextFiles.write("s", to: site.directory + "/secret")
                    let linked = try await site.json([
                        "connections", "create", "--tenant", tenant, "--integration", "fake", "--field",
                        "base_url=\(upstream.base)", "--field", "token_url=\(upstream.base)/token", "--field",
                        "client_id=c", "--secret-file", "client_secret=\(site.directory)/secret",
                    ])
                    let id = linked["id"]?.string ?? ""
                    let before = upstream.script.now.tokenRequests
                    let refreshed = try await site.json(["connections", "refresh", id])
                    #expect(upstream.script.now.tokenRequests == before + 1)
                    #expect(refreshed["refresh"]?["last_success_at"]?.string != nil)
                    let shown = try await site.json(["connections", "show", id])
                    #expect(shown["refresh"] == refreshed["refresh"])
                    #expect(shown["refresh"]?["next_refresh_at"]?.string != nil)
                    let people = try await Binary.succeed(["connections", "show", id] + site.settings).output
                    #expect(people.contains("refresh.token_expires_at"))

                    _ = try await site.json(["connections", "suspend", id])
                    let refused = try await Binary.run(["connections", "refresh", id] + site.settings)
                    #expect(refused.status == 77 && refused.errors.contains("resume"), "\(refused)")
                    #expect(upstream.script.now.tokenRequests == before + 1)
                    for status in ["pending", "active", "backing_off", "reauth_required", "suspended"] {
                        let listed = try await site.json(["connections", "list", "--status", status])
                        #expect(listed["result"]?.elements?.count == (status == "suspended" ? 1 : 0), "\(status)")
                    }
                }
            }
        }

        @Test func `what may spend a refresh token refuses to go without its spool; nothing else asks for one`()
            async throws
        {
            try await Site.with { site in
                try TextFiles.write("no directory", to: site.directory + "/file")
                let bad = site.settings + ["--set", "refresh.spool_directory=\(site.directory)/file"]
                let absent = "conn_01kat0c3m0e9y8x4t5v6w7z8ab"
                for command in ["refresh", "verify"] {
                    let ending = try await Binary.run(["connections", command, absent] + bad)
                    #expect(ending.status == 78 && ending.errors.contains("refresh.spool_directory"), "\(ending)")
                }
                let serving = try await Binary.run(["serve"] + bad)
                #expect(serving.status == 78 && serving.errors.contains("refresh.spool_directory"), "\(serving)")
                try await Binary.succeed(["tenants", "list"] + bad)
                try await Binary.succeed(["refresh", "status"] + bad)
                try await Binary.succeed(["connections", "list"] + bad)
            }
        }

        @Test func `a key file is new and nobody else's to read`() async throws {
            try await Site.with { site in
                #expect(TextFiles.mode(site.keyFile) == 0o600)
                #expect(TextFiles.mode(site.rootKeyFile) == 0o600)
                let again = try await Binary.run(
                    ["api-keys", "create", "b", "--key-file", site.keyFile] + site.settings)
                #expect(again.status != 0)
                #expect(TextFiles.read(site.keyFile) == site.key, "the old key stands")
                let root = TextFiles.bytes(site.rootKeyFile)
                #expect(try await Binary.run(["root-key", "create", site.rootKeyFile]).status != 0)
                #expect(TextFiles.bytes(site.rootKeyFile) == root)
            }
        }
    }
}

extension Site {
    /// Runs a command with `--json` that must succeed; gives its document.
    func json(_ arguments: [String]) async throws -> JSONValue {
        try await Self.json(arguments + settings)
    }

    static func json(_ arguments: [String]) async throws -> JSONValue {
        let ending = try await Binary.succeed(arguments + ["--json"])
        guard let value = try JSONValue.parse(Array(ending.output.utf8)) else {
            throw ProcessFailure("\(arguments): not JSON: \(ending)")
        }
        return value
    }
}
