internal import Glibc
internal import Synchronization

/// TCP ports of loopback that nobody listens on. They are outside the range that outgoing connections take theirs from,
/// and none is given twice, so that a program started a moment later still finds it free.
package enum FreePort {
    private static let given = Mutex<Set<Int>>([])

    package static func next() throws -> Int {
        for _ in 0..<1_000 {
            let port = Int.random(in: 12_000..<32_000)
            guard given.withLock({ $0.insert(port).inserted }), isFree(port) else { continue }
            return port
        }
        throw ProcessFailure("no free port")
    }

    private static func isFree(_ port: Int) -> Bool {
        guard let listener = try? LoopbackSocket.listen(port: port) else { return false }
        close(listener)
        return true
    }
}

/// TCP sockets of 127.0.0.1.
enum LoopbackSocket {
    static func listen(port: Int) throws -> Int32 {
        let descriptor = try open()
        var yes: Int32 = 1
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        guard unsafe withAddress(port, { unsafe bind(descriptor, $0, $1) }) == 0, Glibc.listen(descriptor, 512) == 0
        else {
            let code = errno
            close(descriptor)
            throw ProcessFailure("port \(port) can't be listened on", code)
        }
        return descriptor
    }

    /// A connected socket whose reads and writes fail after `limit`.
    static func connect(port: Int, within limit: Duration) throws -> Int32 {
        let descriptor = try open()
        setDeadline(descriptor, limit)
        guard unsafe withAddress(port, { unsafe Glibc.connect(descriptor, $0, $1) }) == 0 else {
            let code = errno
            close(descriptor)
            throw ProcessFailure("port \(port) can't be connected to", code)
        }
        var yes: Int32 = 1
        unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
        return descriptor
    }

    static func setDeadline(_ descriptor: Int32, _ limit: Duration) {
        let (seconds, attoseconds) = limit.components
        var time = timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    private static func open() throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw ProcessFailure("no socket", errno) }
        return descriptor
    }

    private static func withAddress(_ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port)).bigEndian
        address.sin_addr.s_addr = in_addr_t(UInt32(0x7F00_0001)).bigEndian
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
