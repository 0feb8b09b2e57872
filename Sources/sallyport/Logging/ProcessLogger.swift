import Logging

#if canImport(Glibc)
    import Glibc
#endif

/// The process's logger, by the settings.
enum ProcessLogger {
    /// For commands, whose own output says how it went: the everyday events of a service are left out, unless somebody
    /// asks for `debug` or `trace`.
    static func startForCommand(_ settings: Settings) -> Logger {
        var logger = start(settings)
        if logger.logLevel == .info || logger.logLevel == .notice { logger.logLevel = .warning }
        return logger
    }

    static func start(_ settings: Settings) -> Logger {
        let format: LineLogHandler.Format =
            switch settings.text("log.format") {
            case "json": .json
            case "text": .text
            default: isatty(2) == 1 ? .text : .json
            }
        let level = settings.text("log.level").flatMap(Logger.Level.init(rawValue:)) ?? .info
        return Logger(label: "sallyport") { label in LineLogHandler(label: label, format: format, level: level) }
    }
}
