import NIOCore

/// Cuts requests out of what was received. Works on bytes: the peer must cost less than what is measured against it.
enum RequestReader {
    enum Result {
        case incomplete, malformed
        case request(PeerRequest)
    }

    private static let maxBodyBytes = 64 * 1_024

    static func read(_ buffer: inout ByteBuffer) -> Result {
        guard let bytes = buffer.getBytes(at: buffer.readerIndex, length: buffer.readableBytes),
            let headLength = lengthOfHead(bytes)
        else { return .incomplete }
        guard let head = Head(bytes[..<headLength]), head.bodyLength <= maxBodyBytes else { return .malformed }
        let end = headLength + head.bodyLength
        guard bytes.count >= end else { return .incomplete }
        buffer.moveReaderIndex(forwardBy: end)
        buffer.discardReadBytes()
        return .request(
            PeerRequest(
                method: head.method, path: head.path, query: head.query, authorization: head.authorization,
                closes: head.closes, body: Array(bytes[headLength..<end])))
    }

    /// Bytes up to and with the empty line; nil while it hasn't come.
    private static func lengthOfHead(_ bytes: [UInt8]) -> Int? {
        var newlines = 0
        for (offset, byte) in bytes.enumerated() {
            if byte == UInt8(ascii: "\n") {
                newlines += 1
                if newlines == 2 { return offset + 1 }
            } else if byte != UInt8(ascii: "\r") {
                newlines = 0
            }
        }
        return nil
    }

    private struct Head {
        var method = ""
        var path = ""
        var query: [UInt8] = []
        var bodyLength = 0
        var authorization: String?
        var closes = false

        /// Nil for what is no request, and for bodies that name no length.
        init?(_ bytes: ArraySlice<UInt8>) {
            var rest = bytes
            guard take(requestLine: Self.line(&rest)) else { return nil }
            while !rest.isEmpty {
                guard take(field: Self.line(&rest)) else { return nil }
            }
        }

        private static func line(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
            let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
            let line = rest[..<end]
            rest = rest[min(end + 1, rest.endIndex)...]
            return line.last == UInt8(ascii: "\r") ? line.dropLast() : line
        }

        private mutating func take(requestLine line: ArraySlice<UInt8>) -> Bool {
            guard let first = line.firstIndex(of: 0x20), let second = line.lastIndex(of: 0x20), first < second,
                line[second...].dropFirst().starts(with: "HTTP/1.".utf8)
            else { return false }
            let target = line[(first + 1)..<second]
            let mark = target.firstIndex(of: UInt8(ascii: "?")) ?? target.endIndex
            method = String(decoding: line[..<first], as: UTF8.self)
            path = String(decoding: target[..<mark], as: UTF8.self)
            query = Array(target[mark...].dropFirst())
            return true
        }

        private mutating func take(field line: ArraySlice<UInt8>) -> Bool {
            guard !line.isEmpty else { return true }
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return false }
            let value = line[(colon + 1)...].drop { $0 == 0x20 }
            // The fields that matter have names of different lengths.
            switch line[..<colon].count {
            case 10 where Self.isName(line[..<colon], "connection"):
                closes = Self.isName(value, "close")
            case 13 where Self.isName(line[..<colon], "authorization"):
                authorization = String(decoding: value, as: UTF8.self)
            case 14 where Self.isName(line[..<colon], "content-length"):
                guard let length = Int(String(decoding: value, as: UTF8.self)), length >= 0 else { return false }
                bodyLength = length
            case 17 where Self.isName(line[..<colon], "transfer-encoding"):
                return false
            default: break
            }
            return true
        }

        /// Without regard to case; `name` is in lower case.
        private static func isName(_ bytes: ArraySlice<UInt8>, _ name: String) -> Bool {
            bytes.elementsEqual(name.utf8) { byte, letter in byte == letter || byte | 0x20 == letter }
        }
    }
}
