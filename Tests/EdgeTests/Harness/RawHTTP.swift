import Foundation
import Glibc

/// A tiny HTTP client on a blocking socket: it sends whatever bytes a test wants, and reads one answer.
enum RawHTTP {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Sends the bytes on a connection of their own and reads one answer.
    ///
    /// - Parameters:
    ///   - endsInput: half-closes after sending, as a client that has nothing more to say.
    ///   - isHead: the answer has no body, whatever its length says.
    /// - Returns: nil where the server closed without an answer.
    static func exchange(
        _ bytes: [UInt8], port: Int, endsInput: Bool = false, isHead: Bool = false
    ) async throws -> RawResponse? {
        try await onThread {
            let connection = try RawConnection(port: port)
            try connection.send(bytes)
            if endsInput { connection.endInput() }
            return try connection.readResponse(isHead: isHead)
        }
    }

    /// Blocking work on a thread of its own: the server needs each cooperative one.
    static func onThread<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try work() }) }
        }
    }
}

/// One connection; every call blocks for ten seconds at most.
final class RawConnection {
    private let descriptor: Int32
    private var pending: [UInt8] = []

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port)).bigEndian
        address.sin_addr.s_addr = in_addr_t(UInt32(0x7F00_0001)).bigEndian
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe connect(descriptor, address, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        // Whole by now, so that `deinit` closes it; closed here too, the number may be another thread's by then.
        guard result == 0 else { throw RawHTTP.Failure(description: "connect: errno \(errno)") }
    }

    deinit { close(descriptor) }

    /// Stops silently where the server has closed already: its answer may be there to read.
    ///
    /// - Returns: how many bytes the kernel took.
    @discardableResult
    func send(_ bytes: [UInt8]) throws -> Int {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes {
                unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EAGAIN { throw RawHTTP.Failure(description: "the server neither reads nor closes") }
            if count <= 0 { return bytes.count - rest.count }
            rest = rest.dropFirst(count)
        }
        return bytes.count
    }

    func endInput() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// The next answer of the connection; nil where it was closed before one.
    func readResponse(isHead: Bool = false) throws -> RawResponse? {
        var head: Range<Int>?
        while head == nil {
            head = pending.endOfHead
            if head == nil, try !fill() {
                if pending.isEmpty { return nil }
                throw RawHTTP.Failure(description: "closed inside a head")
            }
        }
        guard let head else { return nil }
        var response = RawResponse(head: String(decoding: pending[..<head.lowerBound], as: UTF8.self))
        pending.removeFirst(head.upperBound)
        let length = isHead ? 0 : response.header("content-length").flatMap { Int($0) } ?? 0
        while pending.count < length { guard try fill() else { break } }
        response.body = Array(pending.prefix(length))
        pending.removeFirst(min(length, pending.count))
        return response
    }

    /// Whether the server closes the connection before it sends another byte.
    func isClosedByServer() throws -> Bool {
        guard pending.isEmpty else { return false }
        return try !fill()
    }

    private func fill() throws -> Bool {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
        if count < 0 {
            if errno == ECONNRESET { return false }
            throw RawHTTP.Failure(description: "recv: errno \(errno)")
        }
        pending.append(contentsOf: buffer.prefix(count))
        return count > 0
    }
}

extension [UInt8] {
    fileprivate var endOfHead: Range<Int>? {
        guard count >= 4 else { return nil }
        for index in 0...(count - 4)
        where self[index] == 13 && self[index + 1] == 10 && self[index + 2] == 13 && self[index + 3] == 10 {
            return index..<(index + 4)
        }
        return nil
    }
}
