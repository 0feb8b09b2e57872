import Glibc
import Synchronization

/// A server that speaks bytes: each connection is given to a script on a thread of its own. Reads and writes give up
/// after a while, so that every thread ends.
final class CurlRawServer: Sendable {
    typealias Script = @Sendable (CurlRawConnection) -> Void

    private struct State {
        var accepted = 0
        var open: Set<Int32> = []
        var isStopped = false
    }

    let port: Int
    private let listener: Int32
    private let state = Mutex(State())

    /// - Parameter script: what a connection is answered with; it is closed afterwards.
    init(_ script: @escaping Script) throws {
        (listener, port) = try Self.listen()
        start { self.acceptAll(script) }
    }

    var accepted: Int { state.withLock { $0.accepted } }
    var url: String { "http://127.0.0.1:\(port)" }

    /// Ends every connection and the server's thread.
    func stop() {
        let open = state.withLock { state in
            state.isStopped = true
            return state.open
        }
        for descriptor in open { shutdown(descriptor, Int32(SHUT_RDWR)) }
        shutdown(listener, Int32(SHUT_RDWR))
    }

    /// A port that nobody listens on.
    static func closedPort() throws -> Int {
        let (listener, port) = try listen()
        close(listener)
        return port
    }

    private static func listen() throws -> (Int32, Int) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                guard unsafe bind(listener, generic, length) == 0, Glibc.listen(listener, 64) == 0 else {
                    return Int32(-1)
                }
                return unsafe getsockname(listener, generic, &length)
            }
        }
        guard code == 0 else { throw CurlRawServerFailure() }
        return (listener, Int(UInt16(bigEndian: address.sin_port)))
    }

    private func acceptAll(_ script: @escaping Script) {
        while true {
            let descriptor = accept(listener, nil, nil)
            guard descriptor >= 0 else { break }
            let isStopped = state.withLock { state in
                state.accepted += 1
                state.open.insert(descriptor)
                return state.isStopped
            }
            if isStopped { shutdown(descriptor, Int32(SHUT_RDWR)) }
            start {
                script(CurlRawConnection(descriptor))
                self.state.withLock { _ = $0.open.remove(descriptor) }
                close(descriptor)
            }
        }
        close(listener)
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    private func start(_ run: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        let body = unsafe Unmanaged.passRetained(Body(run)).toOpaque()
        let code = unsafe pthread_create(
            &thread, nil,
            { context in
                if let context = unsafe context { unsafe Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run() }
                return nil
            }, body)
        if code == 0 { pthread_detach(thread) } else { unsafe Unmanaged<Body>.fromOpaque(body).release() }
    }
}

struct CurlRawServerFailure: Error {}

struct CurlRawConnection: Sendable {
    private let descriptor: Int32

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        setTimeout(SO_RCVTIMEO, milliseconds: 10_000)
        setTimeout(SO_SNDTIMEO, milliseconds: 10_000)
    }

    func setTimeout(_ option: Int32, milliseconds: Int) {
        var time = timeval(tv_sec: milliseconds / 1000, tv_usec: (milliseconds % 1000) * 1000)
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    /// Bytes, empty at the end or after a time-out.
    func read(atMost count: Int = 65_536) -> [UInt8] {
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = unsafe max(0, recv(descriptor, buffer.baseAddress, count, 0))
        }
        return bytes
    }

    /// Waits for a little while, or until the peer has gone: true then.
    func pause(milliseconds: Int) -> Bool {
        var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard unsafe Glibc.poll(&poll, 1, Int32(milliseconds)) > 0 else { return false }
        return read(atMost: 1).isEmpty
    }

    /// Head and body of a request with a length; empty where none came.
    func request() -> (head: String, body: [UInt8]) {
        var bytes: [UInt8] = []
        let end = Array("\r\n\r\n".utf8)
        while true {
            if let start = (0..<max(0, bytes.count - 3)).first(where: { bytes[$0...].starts(with: end) }) {
                let head = String(decoding: bytes[..<start], as: UTF8.self)
                var body = Array(bytes[(start + 4)...])
                while body.count < length(head) {
                    let more = read()
                    guard !more.isEmpty else { break }
                    body += more
                }
                return (head, body)
            }
            let more = read()
            guard !more.isEmpty else { return ("", []) }
            bytes += more
        }
    }

    private func length(_ head: String) -> Int {
        let line = head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
        return line.flatMap { Int($0.dropFirst(15).trimmingPrefix(" ")) } ?? 0
    }

    @discardableResult
    func write(_ text: String) -> Bool { write(Array(text.utf8)) == text.utf8.count }

    /// How many could be written.
    func write(_ bytes: [UInt8]) -> Int {
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { all in
                unsafe send(
                    descriptor, all.baseAddress?.advanced(by: written), all.count - written, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { break }
            written += count
        }
        return written
    }

    func answer(_ status: String = "200 OK", _ headers: String = "", _ body: String = "") {
        write("HTTP/1.1 \(status)\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }
}

/// Something that a server's thread tells the test.
final class CurlNotes<Value: Sendable>: Sendable {
    private struct State {
        var values: [Value] = []
        var waiters: [(count: Int, wake: CheckedContinuation<[Value], Never>)] = []
    }

    private let state = Mutex(State())

    func add(_ value: Value) {
        let (woken, values) = state.withLock { state in
            state.values.append(value)
            let woken = state.waiters.filter { $0.count <= state.values.count }
            state.waiters.removeAll { $0.count <= state.values.count }
            return (woken, state.values)
        }
        for waiter in woken { waiter.wake.resume(returning: values) }
    }

    var values: [Value] { state.withLock { $0.values } }

    /// As soon as there are so many. The servers' time-outs are its deadline: every script adds its note.
    func first(_ count: Int = 1) async -> [Value] {
        await withCheckedContinuation { continuation in
            let values = state.withLock { state -> [Value]? in
                if state.values.count >= count { return state.values }
                state.waiters.append((count, continuation))
                return nil
            }
            if let values { continuation.resume(returning: values) }
        }
    }
}
