import Configuration
import SystemPackage
import Yams

#if canImport(FoundationEssentials)
    import FoundationEssentials
#endif

/// Reads the settings from flags, environment and one file, in this order of precedence, and refuses what it doesn't know.
struct SettingsLoader {
    /// `--config`, or nil for none.
    var file: String?
    /// `--set key=value`, in order; the last one wins.
    var overrides: [String] = []
    var environment: [String: String] = ProcessInfo.processInfo.environment

    func load() async throws(SettingsError) -> Settings {
        let flags = try parsedOverrides()
        try refuseUnknownVariables()
        var providers: [any ConfigProvider] = [
            EnvironmentVariablesProvider(environmentVariables: flags),
            EnvironmentVariablesProvider(environmentVariables: environment).prefixKeys(with: "sallyport"),
        ]
        if let file, let provider = try await fileProvider(file) { providers.append(provider) }
        let reader = ConfigReader(providers: providers)
        var values: [String: String] = [:]
        for setting in SettingsTable.all {
            if let text = reader.string(forKey: ConfigKey(setting.key)) ?? setting.defaultText {
                values[setting.key] = text
            }
        }
        return try Settings(values: values)
    }

    /// `--set` pairs under the names that an environment provider looks for.
    private func parsedOverrides() throws(SettingsError) -> [String: String] {
        var flags: [String: String] = [:]
        for override in overrides {
            guard let equals = override.firstIndex(of: "=") else { throw .malformedFlag(override) }
            let key = String(override[..<equals])
            guard let setting = SettingsTable.setting(key) else { throw .unknownKey(key, place: "--set") }
            let name = setting.environmentVariable.dropFirst("SALLYPORT_".count)
            flags[String(name)] = String(override[override.index(after: equals)...])
        }
        return flags
    }

    private func refuseUnknownVariables() throws(SettingsError) {
        let known = Set(SettingsTable.all.map(\.environmentVariable)).union(Self.otherVariables)
        for name in environment.keys.sorted() where name.hasPrefix("SALLYPORT_") && !known.contains(name) {
            throw .unknownKey(name, place: "environment")
        }
    }

    /// Variables that are no settings of the service: where PostgreSQL's programs are, and the test suites' own.
    private static let otherVariables: Set<String> = [
        "SALLYPORT_PG_BINDIR", "SALLYPORT_BINARY", "SALLYPORT_DEMO_STATE",
    ]

    /// Nil for a file that says nothing.
    private func fileProvider(_ path: String) async throws(SettingsError) -> (any ConfigProvider)? {
        let text: String
        do {
            text = try String(contentsOf: URL(filePath: path), encoding: .utf8)
        } catch {
            throw .unreadableFile(path)
        }
        let keys = try Self.leafKeys(of: text, path: path)
        for key in keys where SettingsTable.setting(key) == nil { throw .unknownKey(key, place: path) }
        guard !keys.isEmpty else { return nil }
        do {
            return try await FileProvider<YAMLSnapshot>(filePath: FilePath(path))
        } catch {
            throw .malformedFile(path)
        }
    }

    /// Dotted paths of all values. A list is no value of any key, and would count as one that is missing.
    private static func leafKeys(of text: String, path: String) throws(SettingsError) -> [String] {
        let root: Node?
        do { root = try Yams.compose(yaml: text) } catch { throw .malformedFile(path) }
        guard let root else { return [] }
        guard case .mapping = root else { throw .malformedFile(path) }
        var keys: [String] = []
        var isPlain = true
        func walk(_ node: Node, _ prefix: String) {
            guard case .mapping(let mapping) = node else {
                if node.scalar == nil { isPlain = false }
                keys.append(prefix)
                return
            }
            for (key, value) in mapping {
                let name = key.string ?? "?"
                walk(value, prefix.isEmpty ? name : prefix + "." + name)
            }
        }
        walk(root, "")
        guard isPlain else { throw .malformedFile(path) }
        return keys
    }
}

/// Why the configuration can't be used; names keys and places, never values.
enum SettingsError: Error, CustomStringConvertible {
    case unknownKey(String, place: String)
    case malformedFlag(String)
    case unreadableFile(String)
    case malformedFile(String)
    case malformedValue(Setting)
    case missing(String)
    case refused(String)

    var description: String {
        switch self {
        case .unknownKey(let key, let place):
            "unknown configuration key '\(key)' in \(place); `sallyport config` lists every key"
        case .malformedFlag(let flag):
            "--set takes KEY=VALUE, not '\(flag.prefix(40))'"
        case .unreadableFile(let path): "the configuration file \(path) can't be read"
        case .malformedFile(let path): "the configuration file \(path) is not a YAML mapping of keys to plain values"
        case .malformedValue(let setting): "\(setting.key): expected \(setting.kindText)"
        case .missing(let key): "\(key) is not set; `sallyport config` says what it is for"
        case .refused(let why): why
        }
    }
}
