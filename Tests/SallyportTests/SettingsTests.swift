import Testing

@testable import sallyport

@Suite("Settings come from flags, environment and one file, and nothing unknown comes through")
struct SettingsTests {
    private static func load(
        _ overrides: [String] = [], environment: [String: String] = [:], file: String? = nil
    ) async throws(SettingsError) -> Settings {
        try await SettingsLoader(file: file, overrides: overrides, environment: environment).load()
    }

    @Test(arguments: [
        ("0s", Duration.zero), ("250ms", .milliseconds(250)), ("30s", .seconds(30)), ("5m", .seconds(300)),
        ("1h", .seconds(3_600)), ("1000000000h", .seconds(3_600_000_000_000)),
    ])
    func `a duration is a whole number and a unit`(text: String, duration: Duration) {
        #expect(Setting.Kind.duration(from: text) == duration)
    }

    @Test(arguments: [
        "", "s", "5", "-5s", "+5s", "5 s", " 5s", "5s ", "1.5s", "1e3s", "5S", "5sec", "5d", "٥s", "1000000001s",
        "0x5s",
        "99999999999999999999s", "5ms5s", "ms", "5\0s",
    ])
    func `anything else is no duration`(text: String) {
        #expect(Setting.Kind.duration(from: text) == nil)
    }

    @Test(arguments: [
        ("0", 0), ("1048576", 1_048_576), ("512KiB", 524_288), ("1MiB", 1_048_576), ("2GiB", 2_147_483_648),
    ])
    func `bytes are a whole number and perhaps a unit`(text: String, count: Int) {
        #expect(Setting.Kind.bytes(from: text) == count)
    }

    @Test(arguments: [
        "", "KiB", "-1", "+1", "1KB", "1K", "1.5MiB", "1 MiB", "1mib", "10000000000000", "1000000000001GiB", "1MiBMiB",
        "99999999999999999999",
    ])
    func `anything else is no number of bytes`(text: String) {
        #expect(Setting.Kind.bytes(from: text) == nil)
    }

    @Test(arguments: ["True", "TRUE", "1", "yes", "on", "", " true", "false "])
    func `only true and false are booleans`(text: String) {
        #expect(!Setting.Kind.boolean.accepts(text))
    }

    @Test(arguments: ["", "-1", "+1", "01", "65536", "1.0", "1e3", "0x1", " 1", "1 "])
    func `a port is written plainly and in range`(text: String) {
        #expect(!Setting.Kind.integer(0...65_535).accepts(text))
    }

    @Test func `text and paths hold no NUL`() {
        #expect(
            !Setting.Kind.text.accepts("a\0b") && !Setting.Kind.path.accepts("/a\0b")
                && Setting.Kind.text.accepts("ä b"))
    }

    @Test func `each default is one that its kind takes`() throws {
        for setting in SettingsTable.all {
            if let text = setting.defaultText { #expect(setting.kind.accepts(text), "\(setting.key)") }
            #expect(!setting.help.isEmpty && setting.help.hasSuffix("."), "\(setting.key)")
        }
        let keys = SettingsTable.all.map(\.key)
        #expect(Set(keys).count == keys.count)
        #expect(Set(SettingsTable.all.map(\.environmentVariable)).count == keys.count)
    }

    @Test func `defaults stand where nobody says anything`() async throws {
        let settings = try await Self.load()
        for setting in SettingsTable.all {
            #expect(settings.text(setting.key) == setting.defaultText, "\(setting.key)")
        }
    }

    @Test func `a flag goes before the environment, and that before the file`() async throws {
        try await Files.with("control:\n  port: 1001\ndata:\n  port: 1002\ntimeouts:\n  idle: 7s\n") { file in
            let environment = ["SALLYPORT_CONTROL_PORT": "2001", "SALLYPORT_DATA_PORT": "2002"]
            let settings = try await Self.load(["control.port=3001"], environment: environment, file: file)
            #expect(settings.integer("control.port") == 3_001)
            #expect(settings.integer("data.port") == 2_002)
            #expect(settings.duration("timeouts.idle") == .seconds(7))
            #expect(settings.duration("timeouts.header") == .seconds(10))
        }
    }

    @Test func `the last of two flags wins, and a value may hold equals signs`() async throws {
        let settings = try await Self.load(["control.port=1", "control.port=2", "database.url=host=a dbname=b"])
        #expect(settings.integer("control.port") == 2)
        #expect(settings.text("database.url") == "host=a dbname=b")
    }

    @Test(arguments: ["control.ports=1", "control=1", "=1", "Control.port=1", "control.port =1", "control..port=1"])
    func `an unknown key of a flag is refused`(flag: String) async {
        let error = await #expect(throws: SettingsError.self) { try await Self.load([flag]) }
        #expect(error?.description.contains("unknown configuration key") ?? false)
    }

    @Test func `a flag without a value is refused`() async {
        await #expect(throws: SettingsError.self) { try await Self.load(["control.port"]) }
    }

    @Test(arguments: ["SALLYPORT_CONTROL_PORTS", "SALLYPORT_", "SALLYPORT_API_KEY", "SALLYPORT_ROOT_KEY"])
    func `an unknown variable of ours is refused, and its value is not repeated`(name: String) async {
        let error = await #expect(throws: SettingsError.self) {
            try await Self.load(environment: [name: "hidden-value", "PATH": "/bin", "OTHER": "1"])
        }
        #expect(error?.description.contains(name) ?? false)
        #expect(error?.description.contains("hidden-value") == false)
    }

    @Test(arguments: [
        "control:\n  ports: 1\n", "controls:\n  port: 1\n", "control.port: 1\nnope: 1\n",
        "control:\n  port:\n    deep: 1\n",
    ])
    func `an unknown key of the file is refused`(text: String) async throws {
        try await Files.with(text) { file in
            let error = await #expect(throws: SettingsError.self) { try await Self.load(file: file) }
            #expect(error?.description.contains("unknown configuration key") ?? false, "\(String(describing: error))")
        }
    }

    @Test(arguments: ["- a\n- b\n", "just text", "a: [", "\tcontrol: 1"])
    func `a file that is no mapping is refused`(text: String) async throws {
        try await Files.with(text) { file in
            await #expect(throws: SettingsError.self) { try await Self.load(file: file) }
        }
    }

    @Test func `a list where one value belongs is refused`() async throws {
        try await Files.with("control:\n  port: [1, 2]\n") { file in
            await #expect(throws: SettingsError.self) { try await Self.load(file: file) }
        }
    }

    @Test func `a file that isn't there is refused by name`() async {
        let error = await #expect(throws: SettingsError.self) { try await Self.load(file: "/nowhere/sallyport.yaml") }
        #expect(error?.description == "the configuration file /nowhere/sallyport.yaml can't be read")
    }

    @Test func `an empty file says nothing`() async throws {
        try await Files.with("") { file in
            let settings = try await Self.load(file: file)
            #expect(settings.integer("control.port") == 7_421)
        }
    }

    @Test(arguments: [
        "control.port=eighty", "timeouts.idle=soon", "limits.max_body_bytes=much", "log.level=loud", "log.format=xml",
        "memory.require_lock=maybe", "database.pool_size=0", "data.threads=257", "limits.max_connections=0",
    ])
    func `a malformed value is refused by its key, without the value`(flag: String) async {
        let error = await #expect(throws: SettingsError.self) { try await Self.load([flag]) }
        let key = flag.prefix { $0 != "=" }
        #expect(error?.description.hasPrefix("\(key): expected ") ?? false)
    }

    @Test func `what the file holds is of the same types as elsewhere`() async throws {
        let text = """
            control: { port: 8080, allow_plain_http: true }
            limits: { max_body_bytes: 2MiB }
            log: { level: debug }
            """
        try await Files.with(text) { file in
            let settings = try await Self.load(file: file)
            #expect(settings.integer("control.port") == 8_080)
            #expect(settings.boolean("control.allow_plain_http"))
            #expect(settings.bytes("limits.max_body_bytes") == 2 << 20)
            #expect(settings.text("log.level") == "debug")
        }
    }

    @Test(arguments: ["127.0.0.1", "localhost", "::1", "127.9.9.9"])
    func `plain HTTP is served on loopback`(host: String) { #expect(ListenerRules.isLoopback(host)) }

    @Test(arguments: ["0.0.0.0", "::", "10.0.0.1", "127.0.0.1.example.com", "localhost.example.com", "", "example.com"])
    func `and on nothing else without being told so`(host: String) throws {
        #expect(!ListenerRules.isLoopback(host))
    }

    @Test func `a certificate without its key is refused`() throws {
        for key in ["certificate_file", "key_file"] {
            let settings = try Settings(values: ["control.host": "127.0.0.1", "control.tls.\(key)": "/a"])
            #expect(throws: SettingsError.self) { try ListenerRules.certificateFiles("control", settings) }
        }
    }
}
