import ArgumentParser
import StrictJSON

struct Config: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List every configuration key with its default, its environment variable and what it is for.")

    @Flag(help: "Write one JSON document instead of text.")
    var json = false

    @Flag(help: "Write the page docs/configuration.md.")
    var markdown = false

    func run() async throws {
        if json {
            return CommandOutput(json: true).list(SettingsTable.all.map(\.record), columns: [])
        }
        CommandOutput.write(markdown ? SettingsTable.markdown : SettingsTable.text)
    }
}

extension Setting {
    var record: JSONValue {
        [
            "key": .string(key), "environment_variable": .string(environmentVariable), "takes": .string(kindText),
            "default": JSONValue(defaultText), "help": .string(help),
        ]
    }
}

extension SettingsTable {
    static var text: String {
        all.map { setting in
            """
            \(setting.key)
                \(setting.help)
                takes \(setting.kindText); default \(setting.defaultText ?? "none"); \(setting.environmentVariable)

            """
        }.joined()
    }

    static var markdown: String {
        let rows = all.map { setting in
            let takes = setting.kindText.split(separator: "|").joined(separator: "\\|")
            return "| `\(setting.key)` | `\(setting.environmentVariable)` | \(takes) | "
                + (setting.defaultText.map { "`\($0)`" } ?? "none") + " | \(setting.help) |\n"
        }.joined()
        return """
            # Configuration

            Settings come from `--set KEY=VALUE`, from environment variables and from one YAML file (`--config FILE`), in this
            order of precedence. A key that isn't listed here is refused wherever it stands. In the file the dots are
            nesting: `control.port` is `port` below `control`. Secrets are never settings: they stand in files that a
            setting names. This page is written by `sallyport config --markdown`.

            | key | environment variable | takes | default | what it is for |
            | --- | --- | --- | --- | --- |
            \(rows)
            """
    }
}
