internal import Foundation
internal import Glibc
internal import Synchronization

/// A small HTTP/1.1 server on loopback with a thread for each connection: the other side of tests that need to count,
/// delay or refuse. It keeps connections alive and takes bodies with a length or in chunks.
package final class ThreadedServer: Sendable {
    package struct Request: Sendable {
        package let method: String
        /// Path and query.
        package let target: String
        package let headers: [(name: String, value: String)]
        package let body: [UInt8]

        package func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
        package var path: String { String(target.prefix { $0 != "?" }) }
    }

    /// Writes one answer; `false` where the client is gone.
    package struct Answering {
        fileprivate let descriptor: Int32
        /// An answer to HEAD has no body, whatever its length says.
        fileprivate let isHead: Bool

        @discardableResult
        package func send(
            _ status: Int, headers: [String] = [], body: [UInt8] = []
        ) -> Bool {
            begin(status, headers: headers, length: body.count) && write(isHead ? [] : body)
        }

        package func begin(_ status: Int, headers: [String], length: Int) -> Bool {
            let lines = ["HTTP/1.1 \(status) Answer", "content-length: \(length)"] + headers
            return write(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8))
        }

        package func write(_ bytes: [UInt8]) -> Bool {
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = unsafe rest.withUnsafeBytes {
                    unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                if count <= 0 { return false }
                rest = rest.dropFirst(count)
            }
            return true
        }
    }

    package typealias Handler = @Sendable (Request, Answering) -> Void

    package let port: Int
    private let listener: Int32
    private let open = Mutex<Set<Int32>>([])
    private let handler: Handler

    package init(_ handler: @escaping Handler) throws {
        port = try FreePort.next()
        listener = try LoopbackSocket.listen(port: port)
        self.handler = handler
        Thread.detachNewThread { [listener, weak self] in
            while true {
                let descriptor = accept(listener, nil, nil)
                guard descriptor >= 0 else { break }
                _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
                guard let self else {
                    close(descriptor)
                    break
                }
                open.withLock { _ = $0.insert(descriptor) }
                Thread.detachNewThread { self.serve(descriptor) }
            }
            close(listener)
        }
    }

    /// Ends the listener and every connection.
    package func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        open.withLock { for descriptor in $0 { shutdown(descriptor, Int32(SHUT_RDWR)) } }
    }

    private func serve(_ descriptor: Int32) {
        LoopbackSocket.setDeadline(descriptor, .seconds(120))
        var reader = RequestReader(descriptor: descriptor)
        while let request = reader.next() {
            handler(request, Answering(descriptor: descriptor, isHead: request.method == "HEAD"))
        }
        open.withLock { _ = $0.remove(descriptor) }
        close(descriptor)
    }
}

/// Takes requests apart; ends at anything it doesn't understand.
private struct RequestReader {
    let descriptor: Int32
    var pending: [UInt8] = []

    mutating func next() -> ThreadedServer.Request? {
        guard let start = line() else { return nil }
        let parts = start.split(separator: " ")
        guard parts.count == 3 else { return nil }
        var headers: [(name: String, value: String)] = []
        while true {
            guard let text = line() else { return nil }
            if text.isEmpty { break }
            guard let colon = text.firstIndex(of: ":") else { return nil }
            headers.append((text[..<colon].lowercased(), String(text[text.index(after: colon)...].drop { $0 == " " })))
        }
        guard let body = body(headers) else { return nil }
        return ThreadedServer.Request(
            method: String(parts[0]), target: String(parts[1]), headers: headers, body: body)
    }

    private mutating func body(_ headers: [(name: String, value: String)]) -> [UInt8]? {
        if headers.contains(where: { $0.name == "transfer-encoding" }) {
            var whole: [UInt8] = []
            while true {
                guard let size = line().flatMap({ Int($0, radix: 16) }) else { return nil }
                if size == 0 {
                    while let text = line(), !text.isEmpty {}
                    return whole
                }
                guard let chunk = take(size), line() == "" else { return nil }
                whole += chunk
            }
        }
        return take(headers.first { $0.name == "content-length" }.flatMap { Int($0.value) } ?? 0)
    }

    private mutating func line() -> String? {
        while true {
            if let index = pending.firstIndex(of: 10) {
                let text = String(decoding: pending[..<index], as: UTF8.self)
                pending.removeFirst(index + 1)
                return text.hasSuffix("\r") ? String(text.dropLast()) : text
            }
            guard fill() else { return nil }
        }
    }

    private mutating func take(_ count: Int) -> [UInt8]? {
        while pending.count < count { guard fill() else { return nil } }
        defer { pending.removeFirst(count) }
        return Array(pending.prefix(count))
    }

    private mutating func fill() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
        guard count > 0 else { return false }
        pending += buffer[..<count]
        return true
    }
}
