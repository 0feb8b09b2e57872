internal import Glibc

/// Where programs are.
package enum ProgramPath {
    static var variable: String {
        unsafe getenv("PATH").map { unsafe String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
    }

    /// The absolute path of a program on PATH; a path stays as it is.
    ///
    /// - Throws: ``ProcessFailure`` that says how to get the program.
    package static func find(_ name: String) throws -> String {
        if name.contains("/") {
            guard unsafe access(name, X_OK) == 0 else { throw ProcessFailure("\(name) is not there, or no program") }
            return name
        }
        for directory in variable.split(separator: ":") where unsafe access("\(directory)/\(name)", X_OK) == 0 {
            return "\(directory)/\(name)"
        }
        throw ProcessFailure("\(name) is not on PATH: deploy/test installs it")
    }

    /// The value of an environment variable of this process.
    package static func environment(_ name: String) -> String? {
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }
}
