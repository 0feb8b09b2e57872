internal import Foundation
internal import Glibc

/// What a server answered over HTTP/1.1.
package struct WireAnswer: Sendable, CustomStringConvertible {
    /// Status line and fields as they came.
    package let head: String
    package let status: Int
    package let headers: [(name: String, value: String)]
    package var body: [UInt8] = []
    /// The connection ended before the body did.
    package var isCut = false

    init(head: String) {
        self.head = head
        let lines = head.split(separator: "\r\n", omittingEmptySubsequences: false)
        status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        headers = lines.dropFirst().compactMap { line in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            return (line[..<colon].lowercased(), String(value))
        }
    }

    package func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
    package var text: String { String(decoding: body, as: UTF8.self) }
    package var description: String { "\(head)\n\n\(text.prefix(2_000))" }
}

/// A small HTTP/1.1 client that sends exactly the bytes it is given. Each call runs on a thread of its own, so that any
/// number may wait at once.
package enum WireHTTP {
    /// One request on a connection of its own.
    ///
    /// - Parameter headers: whole lines; `Host`, `Connection: close` and, with a body, `Content-Length` are added.
    package static func send(
        _ method: String, _ path: String, port: Int, headers: [String] = [], body: [UInt8]? = nil,
        within limit: Duration = .seconds(60)
    ) async throws -> WireAnswer {
        let bytes = request(method, path, headers: ["Connection: close"] + headers, body: body)
        guard let answer = try await exchange(bytes, port: port, isHead: method == "HEAD", within: limit) else {
            throw ProcessFailure("no answer to \(method) \(path.prefix(80))")
        }
        return answer
    }

    /// Sends bytes and reads one answer; nil where the server closed without one.
    package static func exchange(
        _ bytes: [UInt8], port: Int, isHead: Bool = false, endsInput: Bool = false,
        within limit: Duration = .seconds(60)
    ) async throws -> WireAnswer? {
        try await onThread {
            let wire = try Wire(port: port, within: limit)
            wire.send(bytes)
            if endsInput { wire.endInput() }
            return try wire.readAnswer(isHead: isHead)
        }
    }

    package static func request(
        _ method: String, _ path: String, headers: [String] = [], body: [UInt8]? = nil
    ) -> [UInt8] {
        var lines = ["\(method) \(path) HTTP/1.1", "Host: 127.0.0.1"]
        if let body { lines.append("Content-Length: \(body.count)") }
        return Array((lines + headers).joined(separator: "\r\n").utf8) + Array("\r\n\r\n".utf8) + (body ?? [])
    }

    /// Blocking work on a thread of its own: the cooperative ones are for work that never blocks.
    package static func onThread<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try work() }) }
        }
    }
}

/// One connection. Every call blocks for the limit at most; one thread at a time uses it.
package final class Wire {
    private let descriptor: Int32
    private var pending: [UInt8] = []
    private let end: ContinuousClock.Instant

    package init(port: Int, within limit: Duration = .seconds(60)) throws {
        descriptor = try LoopbackSocket.connect(port: port, within: limit)
        end = .now + limit
    }

    deinit { close(descriptor) }

    /// Stops silently where the server has closed already: its answer may be there to read.
    package func send(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes {
                unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { return }
            rest = rest.dropFirst(count)
        }
    }

    package func endInput() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// The next answer with its body; nil where the server closed before one. Interim answers are left out.
    package func readAnswer(isHead: Bool = false) throws -> WireAnswer? {
        guard var answer = try readHead() else { return nil }
        while (100..<200).contains(answer.status) {
            guard let next = try readHead() else { return nil }
            answer = next
        }
        if isHead || answer.status == 204 || answer.status == 304 { return answer }
        if answer.header("transfer-encoding")?.lowercased() == "chunked" {
            try readChunks(into: &answer)
        } else if let length = answer.header("content-length").flatMap({ Int($0) }) {
            answer.body = try take(length)
            answer.isCut = answer.body.count < length
        } else {
            while try fill() {}
            answer.body = pending
            pending = []
        }
        return answer
    }

    /// Status line and fields of the next answer.
    package func readHead() throws -> WireAnswer? {
        while true {
            if let end = endOfHead() {
                let answer = WireAnswer(head: String(decoding: pending[..<end], as: UTF8.self))
                pending.removeFirst(end + 4)
                return answer
            }
            guard try fill() else {
                if pending.isEmpty { return nil }
                throw ProcessFailure("closed inside a head")
            }
        }
    }

    /// At least one byte of what comes next; empty where the server closed.
    package func readSome() throws -> [UInt8] {
        if pending.isEmpty { _ = try fill() }
        defer { pending = [] }
        return pending
    }

    /// Whether the server closes the connection before it sends another byte.
    package func isClosedByServer() throws -> Bool { try pending.isEmpty && !fill() }

    private func readChunks(into answer: inout WireAnswer) throws {
        while true {
            guard let line = try readLine(), let size = Int(line.prefix { $0 != ";" }, radix: 16) else {
                answer.isCut = true
                return
            }
            if size == 0 {
                while let line = try readLine(), !line.isEmpty {}
                return
            }
            let chunk = try take(size)
            answer.body += chunk
            guard chunk.count == size, try readLine() == "" else {
                answer.isCut = true
                return
            }
        }
    }

    private func readLine() throws -> String? {
        while true {
            if let index = pending.firstIndex(of: 10) {
                let line = String(decoding: pending[..<index], as: UTF8.self)
                pending.removeFirst(index + 1)
                return line.hasSuffix("\r") ? String(line.dropLast()) : line
            }
            guard try fill() else { return nil }
        }
    }

    private func take(_ count: Int) throws -> [UInt8] {
        while pending.count < count { guard try fill() else { break } }
        defer { pending.removeFirst(min(count, pending.count)) }
        return Array(pending.prefix(count))
    }

    private func fill() throws -> Bool {
        guard ContinuousClock.now < end else { throw ProcessFailure("no answer in time") }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
        if count < 0 {
            if errno == ECONNRESET { return false }
            throw ProcessFailure("no answer", errno)
        }
        pending += buffer[..<count]
        return count > 0
    }

    private func endOfHead() -> Int? {
        guard pending.count >= 4 else { return nil }
        return (0...pending.count - 4).first { pending[$0] == 13 && pending[$0...].starts(with: [13, 10, 13, 10]) }
    }
}
