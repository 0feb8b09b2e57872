import Glibc

/// Standard output and standard error.
enum Terminal {
    static func say(_ line: String) { write(shown(line, on: STDOUT_FILENO) + "\n", to: STDOUT_FILENO) }
    static func tell(_ line: String) { write(shown(line, on: STDERR_FILENO) + "\n", to: STDERR_FILENO) }

    /// A terminal obeys control characters, and a service's texts may have some.
    private static func shown(_ line: String, on file: Int32) -> String { isatty(file) == 1 ? harmless(line) : line }

    static func harmless(_ line: String) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in line.unicodeScalars {
            let isControl = scalar.properties.generalCategory == .control && scalar != "\n" && scalar != "\t"
            scalars.append(isControl ? "\u{FFFD}" : scalar)
        }
        return String(scalars)
    }

    static var isInteractive: Bool { isatty(STDERR_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 }

    /// Columns; 120 where there is no terminal.
    static var width: Int {
        var size = winsize()
        guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 20 else { return 120 }
        return Int(size.ws_col)
    }

    static func write(_ text: String, to file: Int32) { write(Array(text.utf8), to: file) }

    /// Ends the process with 0 if nobody reads any more, as with `| head`, where the system's signal doesn't end it before;
    /// with 74 if the output can't be written.
    static func write(_ bytes: [UInt8], to file: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(file, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EPIPE {
                exit(0)
            } else if errno != EINTR && errno != EAGAIN {
                // What is lost of standard error can't be told anywhere.
                guard file == STDOUT_FILENO else { return }
                tell("error: the output can't be written: error \(errno)")
                exit(74)
            }
        }
    }
}
