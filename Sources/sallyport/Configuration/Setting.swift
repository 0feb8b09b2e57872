/// One configuration key: what it is called, what it takes, what it is when nobody says, and what it is for.
struct Setting: Sendable {
    enum Kind: Sendable {
        case text
        case path
        case integer(ClosedRange<Int>)
        case boolean
        /// `250ms`, `30s`, `5m`, `1h`; at most a day.
        case duration
        /// `12h`, `7d`: how long something is kept; an hour to ten years.
        case period
        /// A whole number with an optional `KiB`, `MiB` or `GiB`.
        case bytes
        case choice([String])
    }

    /// Dotted path in the file (`control.port`); the environment variable is derived from it (`SALLYPORT_CONTROL_PORT`).
    let key: String
    let kind: Kind
    /// As it would be written; nil where the key has no default.
    let defaultText: String?
    /// One sentence for people.
    let help: String

    var environmentVariable: String {
        "SALLYPORT_" + key.uppercased().map { $0 == "." ? "_" : String($0) }.joined()
    }

    var kindText: String {
        switch kind {
        case .text: "text"
        case .path: "path"
        case .integer(let range): "whole number \(range.lowerBound)–\(range.upperBound)"
        case .boolean: "true or false"
        case .duration: "duration up to a day (250ms, 30s, 5m, 1h)"
        case .period: "hours or days (12h, 7d)"
        case .bytes: "bytes (1048576, 512KiB, 1MiB)"
        case .choice(let choices): choices.joined(separator: " | ")
        }
    }
}

/// Every key that exists; any other is refused, wherever it stands.
enum SettingsTable {
    static let all: [Setting] = database + keys + control + data + refresh + limits + operation

    static func setting(_ key: String) -> Setting? { all.first { $0.key == key } }

    private static let database = [
        Setting(
            key: "database.url", kind: .text, defaultText: nil,
            help: "libpq connection string of the service role; several hosts and target_session_attrs pass through."),
        Setting(
            key: "database.password_file", kind: .path, defaultText: nil,
            help: "File with the service role's password; nothing but the password, mode 0600."),
        Setting(
            key: "database.migrator_url", kind: .text, defaultText: nil,
            help: "Connection string of the role that owns the schema; used by `migrate` alone."),
        Setting(
            key: "database.migrator_password_file", kind: .path, defaultText: nil,
            help: "File with the migrator's password."),
        Setting(
            key: "database.service_role", kind: .text, defaultText: "sallyport_service",
            help: "Role that the service runs as; `migrate` grants it what it needs and nothing more."),
        Setting(
            key: "database.pool_size", kind: .integer(1...64), defaultText: "4",
            help: "Connections to the database; statements are pipelined, so a few carry much."),
        Setting(
            key: "database.prepared_statements", kind: .boolean, defaultText: "true",
            help: "Set to false behind a pooler in transaction mode that doesn't follow prepared statements."),
        Setting(
            key: "database.statement_timeout", kind: .duration, defaultText: "5s",
            help: "Longest time that one statement may take."),
        Setting(
            key: "database.listen_url", kind: .text, defaultText: nil,
            help: "Connection string for LISTEN, past a pooler in transaction mode; by default database.url."),
    ]

    private static let keys = [
        Setting(
            key: "root_key.file", kind: .path, defaultText: nil,
            help: "File with the 32-byte root key, mode 0600; `sallyport root-key create` makes one."),
        Setting(
            key: "memory.require_lock", kind: .boolean, defaultText: "false",
            help: "Refuse to start where secret memory can't be locked (RLIMIT_MEMLOCK)."),
        Setting(
            key: "tokens.issuer", kind: .text, defaultText: nil,
            help: "Issuer of caller tokens (an absolute URL); by default the control plane's own URL."),
        Setting(
            key: "tokens.lifetime", kind: .duration, defaultText: "5m",
            help: "Lifetime of caller tokens whose caller names none, 30s to 15m."),
        Setting(
            key: "catalogue.directory", kind: .path, defaultText: nil,
            help: "Directory of provider entries (*.yaml) that add to the built-in ones or replace them."),
    ]

    private static let control = listener("control", port: "7421", what: "control plane (API, health, metrics)")
    private static let data =
        listener("data", port: "7422", what: "data plane (proxy, token fetch)") + [
            Setting(
                key: "data.threads", kind: .integer(0...256), defaultText: "0",
                help: "Event loops of the data plane; 0 takes one for each core.")
        ]

    private static func listener(_ name: String, port: String, what: String) -> [Setting] {
        [
            Setting(
                key: "\(name).host", kind: .text, defaultText: "127.0.0.1", help: "Address that the \(what) listens on."
            ),
            Setting(
                key: "\(name).port", kind: .integer(0...65_535), defaultText: port,
                help: "Port of the \(what); 0 takes any free one."),
            Setting(
                key: "\(name).tls.certificate_file", kind: .path, defaultText: nil,
                help: "PEM chain of the \(what), leaf first; read again on SIGHUP."),
            Setting(
                key: "\(name).tls.key_file", kind: .path, defaultText: nil,
                help: "PEM private key of the \(what), mode 0600; read again on SIGHUP."),
            Setting(
                key: "\(name).allow_plain_http", kind: .boolean, defaultText: "false",
                help: "Allow plain HTTP on an address that is not loopback (behind a proxy that ends TLS)."),
        ]
    }

    private static let limits = [
        Setting(
            key: "limits.max_body_bytes", kind: .bytes, defaultText: "1MiB",
            help: "Largest request body of the control plane; more is answered 413."),
        Setting(
            key: "limits.max_proxy_body_bytes", kind: .bytes, defaultText: "0",
            help: "Largest request body through the proxy; 0 sets no limit (bodies are streamed)."),
        Setting(
            key: "limits.max_connections", kind: .integer(1...1_000_000), defaultText: "10000",
            help: "Open client connections of each listener."),
        Setting(
            key: "timeouts.request", kind: .duration, defaultText: "15s",
            help: "Longest time that a control-plane request, or the preparation of a proxied one, may take."),
        Setting(
            key: "timeouts.header", kind: .duration, defaultText: "10s",
            help: "Longest time for a request's head, and for its body on the control plane; 408 after."),
        Setting(
            key: "timeouts.idle", kind: .duration, defaultText: "75s",
            help: "How long a kept-alive connection may be idle."
        ),
        Setting(
            key: "timeouts.upstream", kind: .duration, defaultText: "60s",
            help: "Longest wait for the head of an upstream's answer."),
        Setting(
            key: "timeouts.drain", kind: .duration, defaultText: "30s",
            help: "How long requests in flight may go on after SIGTERM."),
    ]

    private static let operation = [
        Setting(
            key: "log.format", kind: .choice(["auto", "json", "text"]), defaultText: "auto",
            help: "JSON lines, text for people, or by whether standard error is a terminal."),
        Setting(
            key: "log.level", kind: .choice(["trace", "debug", "info", "notice", "warning", "error", "critical"]),
            defaultText: "info", help: "Least severe level that is written."),
    ]
}
