extension SettingsTable {
    /// Bounds of refreshing; what must hold between them is ``RefreshBounds``'s matter.
    static let refresh = [
        Setting(
            key: "refresh.spool_directory", kind: .path, defaultText: "/var/lib/sallyport/spool",
            help: "Directory on a durable disk, mode 0700, made if missing, where answers of token endpoints are kept, "
                + "encrypted, until the database has them. Instances on one machine share it; it outlives the process."),
        Setting(
            key: "refresh.spool_bytes", kind: .bytes, defaultText: "256MiB",
            help: "Largest size of this instance's part of the spool; while it is full no refresh token is sent."),
        Setting(
            key: "refresh.scheduler", kind: .boolean, defaultText: "true",
            help: "Whether this instance refreshes what is due. With false it refreshes only what its callers ask for; "
                + "at least one instance must have true."),
        Setting(
            key: "refresh.max_in_flight", kind: .integer(1...100_000), defaultText: "512",
            help: "Connections that this instance refreshes at the same time."),
        Setting(
            key: "refresh.endpoint_concurrency", kind: .integer(1...10_000), defaultText: "64",
            help: "Requests that this instance has open to one token endpoint."),
        Setting(
            key: "refresh.endpoint_rate", kind: .integer(1...100_000), defaultText: "200",
            help: "Requests a second that this instance sends to one token endpoint."),
        Setting(
            key: "refresh.max_attempts_per_hour", kind: .integer(1...10_000), defaultText: "120",
            help: "Hard cap on the attempts of one connection in an hour, over all instances and whoever asks."),
        Setting(
            key: "refresh.request_timeout", kind: .duration, defaultText: "20s",
            help: "Longest wait for a token endpoint's answer, 100ms or more; at most half of refresh.lease."),
        Setting(
            key: "refresh.lease", kind: .duration, defaultText: "40s",
            help: "How long an instance holds the right to refresh one connection."),
        Setting(
            key: "refresh.unresolved_wait", kind: .duration, defaultText: "5m",
            help:
                "How long after its lease an attempt that sent a refresh token, and of which nothing was heard, keeps "
                + "other instances away: the time to start the instance that made it again, with its spool. At least "
                + "refresh.request_timeout."),
        Setting(
            key: "refresh.event_retention", kind: .period, defaultText: "7d",
            help: "How long lifecycle events (connection.refreshed and its like) are kept."),
    ]
}
