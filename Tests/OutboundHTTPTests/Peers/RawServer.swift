import Dispatch
import Foundation
import Glibc
import Synchronization

/// A TCP server on 127.0.0.1 that says whatever a test wants, a thread for each connection; stops with its last
/// reference.
final class RawServer: Sendable {
    private final class Count: Sendable {
        let value = Atomic(0)
    }

    let port: UInt16
    private let descriptor: Int32
    private let accepted = Count()

    /// Connections accepted so far.
    var connectionCount: Int { accepted.value.load(ordering: .sequentiallyConsistent) }

    init(_ serve: @escaping @Sendable (RawConnection) -> Void) throws {
        (descriptor, port) = try bindEphemeral()
        guard listen(descriptor, 256) == 0 else { throw PeerError.cannotListen }
        // Ends when `deinit` shuts the listening socket down.
        Thread.detachNewThread { [descriptor, accepted] in
            while true {
                let peer = accept(descriptor, nil, nil)
                guard peer >= 0 else { break }
                accepted.value.add(1, ordering: .sequentiallyConsistent)
                // Ends with the connection, which has a receive timeout.
                Thread.detachNewThread {
                    let connection = RawConnection(peer)
                    serve(connection)
                    connection.close()
                }
            }
            close(descriptor)
        }
    }

    deinit { shutdown(descriptor, Int32(SHUT_RDWR)) }

    func url(_ path: String = "/") -> String { "http://127.0.0.1:\(port)\(path)" }
}

/// A socket bound to a port of 127.0.0.1 that nobody else has.
func bindEphemeral() throws -> (descriptor: Int32, port: UInt16) {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let (bound, named) = unsafe withUnsafeMutablePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
            let bound = unsafe bind(descriptor, generic, length)
            return unsafe (bound, getsockname(descriptor, generic, &length))
        }
    }
    guard bound == 0, named == 0 else { throw PeerError.cannotListen }
    return (descriptor, UInt16(bigEndian: address.sin_port))
}

enum PeerError: Error { case cannotListen, cannotStart(String), notReady(String) }

/// One accepted connection; used by its thread alone.
final class RawConnection {
    fileprivate let descriptor: Int32
    private var buffered: [UInt8] = []

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        var timeout = timeval(tv_sec: 20, tv_usec: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    }

    /// More bytes; empty at the end.
    func receive(_ limit: Int = 65_536) -> [UInt8] {
        if !buffered.isEmpty {
            defer { buffered = [] }
            return buffered
        }
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = unsafe recv(descriptor, &bytes, limit, 0)
        return count > 0 ? Array(bytes.prefix(count)) : []
    }

    /// Everything to the empty line; nil where the peer leaves before. What follows stays for later.
    func readHead() -> String? {
        var bytes: [UInt8] = []
        while true {
            if let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) {
                buffered = Array(bytes[end.upperBound...])
                return String(decoding: bytes[..<end.upperBound], as: UTF8.self)
            }
            let more = receive()
            guard !more.isEmpty else { return nil }
            bytes += more
        }
    }

    /// Exactly so many bytes, or fewer where the peer leaves.
    func read(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let more = receive()
            guard !more.isEmpty else { return bytes }
            bytes += more
        }
        buffered = Array(bytes[count...])
        return Array(bytes[..<count])
    }

    @discardableResult
    func write(_ bytes: [UInt8]) -> Bool {
        var start = 0
        while start < bytes.count {
            let sent = unsafe bytes.withUnsafeBytes { buffer in
                unsafe send(
                    descriptor, buffer.baseAddress.map { unsafe $0 + start }, bytes.count - start, Int32(MSG_NOSIGNAL))
            }
            guard sent > 0 else { return false }
            start += sent
        }
        return true
    }

    @discardableResult
    func write(_ text: String) -> Bool { write(Array(text.utf8)) }

    /// Answers with a status, a body and a length.
    func answer(_ body: String = "ok", status: String = "200 OK", headers: String = "") {
        write("HTTP/1.1 \(status)\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }

    /// Waits until the peer closes.
    func waitForClose() { while !receive().isEmpty {} }

    /// Makes the coming close a reset.
    func armReset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
    }

    func close() { Glibc.close(descriptor) }
}

extension RawConnection {
    /// A line without its end.
    func readLine() -> String? {
        var line: [UInt8] = []
        while true {
            let byte = read(1)
            guard let byte = byte.first else { return nil }
            if byte == UInt8(ascii: "\n") { return String(decoding: line.dropLast(), as: UTF8.self) }
            line.append(byte)
        }
    }

    /// Whether the peer takes bytes within the time.
    func canWriteWithin(milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return unsafe poll(&entry, 1, milliseconds) == 1
    }

    /// Sends what fits; how many bytes, or less than 1 where the peer is gone.
    func writeSome(_ bytes: [UInt8]) -> Int {
        unsafe bytes.withUnsafeBytes { unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }

    /// Waits for a condition that another thread brings about, or for the time to pass.
    func waitUntil(milliseconds: Int, _ condition: () -> Bool) {
        let end = ContinuousClock.now + .milliseconds(milliseconds)
        while ContinuousClock.now < end, !condition() { _ = poll(nil, 0, 5) }
    }
}

/// Waits on a server's thread for a test to finish the stream; at most 20 seconds.
func blockingWait(for stream: AsyncStream<Void>) {
    let done = DispatchSemaphore(value: 0)
    // Ends with the stream, which the test finishes.
    Task {
        for await _ in stream {}
        done.signal()
    }
    _ = done.wait(timeout: .now() + 20)
}
