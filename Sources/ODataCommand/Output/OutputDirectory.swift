import Glibc
import SystemPackage

/// A directory that is made if it is missing, with those above it.
enum OutputDirectory {
    static func make(_ path: FilePath) throws(Errno) {
        if path.isEmpty || path.string == "/" || path.string == "." { return }
        guard unsafe mkdir(path.string, 0o777) != 0 else { return }
        switch errno {
        case EEXIST: return
        case ENOENT:
            try make(path.removingLastComponent())
            guard unsafe mkdir(path.string, 0o777) == 0 || errno == EEXIST else { throw Errno(rawValue: errno) }
        case let code: throw Errno(rawValue: code)
        }
    }
}
