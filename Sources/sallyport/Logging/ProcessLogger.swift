import Logging

#if canImport(Glibc)
    import Glibc
#endif

/// The process's logger, by the settings.
enum ProcessLogger {
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
