internal import Glibc

/// Plain Unix sockets for fixtures.
enum UnixSocket {
    /// A listening socket at a path.
    static func listen(_ path: String) throws -> Int32 {
        let descriptor = try open()
        guard
            unsafe withAddress(path, { unsafe bind(descriptor, $0, $1) }) == 0,
            Glibc.listen(descriptor, 128) == 0
        else {
            defer { close(descriptor) }
            throw ProxyFailure.socket(errno)
        }
        return descriptor
    }

    /// A connected, non-blocking socket.
    static func connect(_ path: String) throws -> Int32 {
        let descriptor = try open()
        guard unsafe withAddress(path, { unsafe Glibc.connect(descriptor, $0, $1) }) == 0 else {
            defer { close(descriptor) }
            throw ProxyFailure.socket(errno)
        }
        configure(descriptor)
        return descriptor
    }

    /// Non-blocking, and not for children.
    static func configure(_ descriptor: Int32) {
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }

    private static func open() throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw ProxyFailure.socket(errno) }
        return descriptor
    }

    private static func withAddress(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { buffer in
            unsafe buffer.copyBytes(from: path.utf8.prefix(buffer.count - 1))
        }
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
