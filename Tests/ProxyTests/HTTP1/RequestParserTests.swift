import NIOCore
import Testing

@testable import Proxy

@Suite("Reading requests (RFC 9112)")
struct RequestParserTests {
    struct Refused: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let bytes: String
        let refusal: HTTPRefusal

        init(_ what: String, _ bytes: String, _ refusal: HTTPRefusal) {
            testDescription = what
            self.bytes = bytes
            self.refusal = refusal
        }
    }

    static let host = "Host: a\r\n"

    static let refused: [Refused] = [
        // Which body is whose: RFC 9112 §6.3, §11.2.
        Refused(
            "length and chunked",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", .conflictingLength),
        Refused(
            "chunked and length",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", .conflictingLength),
        Refused(
            "two lengths that differ", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
            .badLength),
        Refused(
            "two lengths that agree", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n",
            .badLength),
        Refused("a list of lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\n", .badLength),
        Refused("a negative length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", .badLength),
        Refused("a signed length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\n", .badLength),
        Refused("a hexadecimal length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x3\r\n\r\n", .badLength),
        Refused("an empty length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", .badLength),
        Refused(
            "a length beyond 63 bits", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775808\r\n\r\n",
            .badLength),
        Refused(
            "gzip, chunked", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            .badTransferEncoding),
        Refused("identity", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n", .badTransferEncoding),
        Refused(
            "chunked twice",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
            .badTransferEncoding),
        Refused(
            "chunked with a parameter", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked;q=1\r\n\r\n",
            .badTransferEncoding),
        Refused("xchunked", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n", .badTransferEncoding),
        Refused(
            "chunked in HTTP/1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
            .badTransferEncoding),
        Refused(
            "vertical tab before chunked", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \u{0B}chunked\r\n\r\n",
            .badHeaderValue),
        // Lines: §2.2, §5.1, §5.2.
        Refused("space before the colon", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length : 3\r\n\r\n", .badHeaderName),
        Refused("tab before the colon", "GET / HTTP/1.1\r\nHost: a\r\nX\t: 3\r\n\r\n", .badHeaderName),
        Refused("a folded line", "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n Y: 2\r\n\r\n", .foldedHeader),
        Refused("a line folded with a tab", "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n\tY: 2\r\n\r\n", .foldedHeader),
        Refused("a blank before the first header", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", .foldedHeader),
        Refused("no colon", "GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", .badHeaderName),
        Refused("no name", "GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n", .badHeaderName),
        Refused("a name that is no token", "GET / HTTP/1.1\r\nHost: a\r\nX(y): x\r\n\r\n", .badHeaderName),
        Refused("a name outside ASCII", "GET / HTTP/1.1\r\nHost: a\r\nX\u{E9}: x\r\n\r\n", .badHeaderName),
        Refused("LF after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", .bareLineFeed),
        Refused("LF after a header", "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", .bareLineFeed),
        Refused("CR alone in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: y\rZ: w\r\n\r\n", .badHeaderValue),
        Refused("NUL in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: y\0z\r\n\r\n", .badHeaderValue),
        Refused("a control character in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: y\u{1}z\r\n\r\n", .badHeaderValue),
        Refused("DEL in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: y\u{7F}z\r\n\r\n", .badHeaderValue),
        Refused("CR without LF at the end", "GET / HTTP/1.1\r\nHost: a\r\n\rX", .badHeaderName),
        // The request line: §3.
        Refused("a method that is no token", "G<T / HTTP/1.1\r\nHost: a\r\n\r\n", .badMethod),
        Refused("an endless method", "\(String(repeating: "G", count: 30)) / HTTP/1.1\r\nHost: a\r\n\r\n", .badMethod),
        Refused("an empty line first", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", .badMethod),
        Refused("absolute form", "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", .badTarget),
        Refused("authority form", "CONNECT b:443 HTTP/1.1\r\nHost: a\r\n\r\n", .badTarget),
        Refused("asterisk form", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", .badTarget),
        Refused("no target", "GET  HTTP/1.1\r\nHost: a\r\n\r\n", .badTarget),
        Refused("bytes outside ASCII in the target", "GET /\u{E9} HTTP/1.1\r\nHost: a\r\n\r\n", .badTarget),
        Refused("tab in the target", "GET /\tx HTTP/1.1\r\nHost: a\r\n\r\n", .badTarget),
        Refused("two spaces before the version", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n", .badRequestLine),
        Refused("a space in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", .badRequestLine),
        Refused("a blank after the version", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", .badRequestLine),
        Refused("no version", "GET /\r\nHost: a\r\n\r\n12345678", .badTarget),
        Refused("another protocol", "GET / HTTQ/1.1\r\nHost: a\r\n\r\n", .badRequestLine),
        Refused("the protocol in lower case", "GET / http/1.1\r\nHost: a\r\n\r\n", .badRequestLine),
        Refused("HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", .unsupportedVersion),
        Refused("HTTP/2's preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .unsupportedVersion),
        // Host: §3.2.
        Refused("no host", "GET / HTTP/1.1\r\nX: y\r\n\r\n", .missingHost),
        Refused("two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", .duplicateHost),
        Refused("an empty host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", .badHost),
        Refused("a host with user information", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", .badHost),
        Refused("a host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", .badHost),
        Refused("a list of hosts", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", .badHost),
        Refused("another expectation", "POST / HTTP/1.1\r\nHost: a\r\nExpect: 200-maybe\r\n\r\n", .badExpectation),
        // Chunks: §7.1.
        Refused("no chunk size", chunked("\r\nabc\r\n0\r\n\r\n"), .badChunk),
        Refused("a chunk size of no digits", chunked("x\r\nabc\r\n0\r\n\r\n"), .badChunk),
        Refused("a negative chunk size", chunked("-3\r\nabc\r\n0\r\n\r\n"), .badChunk),
        Refused("a chunk size with a prefix", chunked("0x3\r\nabc\r\n0\r\n\r\n"), .badChunk),
        Refused("a chunk size beyond 60 bits", chunked("1000000000000000\r\n"), .badChunk),
        Refused("a blank before the chunk size", chunked(" 3\r\nabc\r\n0\r\n\r\n"), .badChunk),
        Refused("a blank after the chunk size", chunked("3 \r\nabc\r\n0\r\n\r\n"), .badChunk),
        Refused("LF after the chunk size", chunked("3\nabc\r\n0\r\n\r\n"), .badChunk),
        Refused("LF after the chunk", chunked("3\r\nabc\n0\r\n\r\n"), .badChunk),
        Refused("a chunk longer than its size", chunked("3\r\nabcd\r\n0\r\n\r\n"), .badChunk),
        Refused("an endless chunk extension", chunked("3;" + String(repeating: "x", count: 300) + "\r\n"), .badChunk),
        Refused("a control character in an extension", chunked("3;x\u{1}\r\nabc\r\n0\r\n\r\n"), .badChunk),
        Refused("a trailer that is no header", chunked("0\r\nno colon\r\n\r\n"), .badChunk),
        Refused("LF after a trailer", chunked("0\r\nX: y\n\r\n"), .badChunk),
        Refused("endless trailers", chunked("0\r\n" + String(repeating: "X: yyyyyyyyyyyy\r\n", count: 600)), .badChunk),
    ]

    static func chunked(_ body: String) -> String {
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body
    }

    @Test(arguments: refused)
    func `refuses what two readers could take for different messages`(_ message: Refused) {
        #expect(throws: message.refusal) { try ParsedRequests.parse([message.bytes]) }
    }

    @Test(arguments: refused)
    func `refuses it too when it comes byte by byte`(_ message: Refused) {
        // Which rule is named may differ: half a line shows less than a whole one.
        #expect(throws: HTTPRefusal.self) {
            let pieces = message.bytes.unicodeScalars.map { String($0) }
            let parsed = try ParsedRequests.parse(pieces + [String(repeating: "\r\n\r\n", count: 2)])
            // What follows a refused message may look like another one; the refused one never counts as whole.
            #expect(parsed.isEmpty)
        }
    }

    static let wellFormed =
        "POST /proxy/x/a?b=c HTTP/1.1\r\nHost: localhost:80\r\nContent-Length: 5\r\nX-A:  b \t\r\nEmpty:\r\n\r\nhello"
        + "PUT /p HTTP/1.1\r\nhost: [::1]:80\r\ntransfer-encoding: Chunked\r\nConnection: close\r\n\r\n"
        + "5;ext=\"1\"\r\nhello\r\n00a\r\n, world!!!\r\n0\r\nTrailer: gone\r\n\r\n"
        + "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    static let expected: [ParsedRequests.One] = [
        .init(
            method: .post, target: "/proxy/x/a?b=c",
            headers: ["Host=localhost:80", "Content-Length=5", "X-A=b", "Empty="], framing: .length(5),
            keepsAlive: true, body: "hello"),
        .init(
            method: .put, target: "/p",
            headers: ["host=[::1]:80", "transfer-encoding=Chunked", "Connection=close"], framing: .chunked,
            keepsAlive: false, body: "hello, world!!!"),
        .init(method: .get, target: "/", headers: ["Host=a"], framing: .none, keepsAlive: true, body: ""),
    ]

    @Test func `reads pipelined requests one after the other`() throws {
        #expect(try ParsedRequests.parse([Self.wellFormed]) == Self.expected)
    }

    @Test func `reads the same wherever the bytes are split`() throws {
        let text = Array(Self.wellFormed)
        for cut in 1..<text.count {
            let parsed = try ParsedRequests.parse([String(text[..<cut]), String(text[cut...])])
            #expect(parsed == Self.expected, "cut at \(cut)")
        }
        #expect(try ParsedRequests.parse(text.map { String($0) }) == Self.expected)
    }

    @Test func `asks for more at every prefix of a request`() throws {
        let request = "GET /a HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n"
        for count in 0..<request.count {
            #expect(try ParsedRequests.parse([String(request.prefix(count))]).isEmpty, "prefix of \(count)")
        }
    }

    @Test func `bounds the request line`() {
        let limits = HTTPLimits(maxRequestLineBytes: 64, maxHeaderBytes: 128, maxHeaders: 4)
        let fits = "GET /" + String(repeating: "a", count: 64 - 14) + " HTTP/1.1"
        #expect(throws: Never.self) { try ParsedRequests.parse([fits + "\r\nHost: a\r\n\r\n"], limits: limits) }
        let long = "GET /" + String(repeating: "a", count: 65 - 14) + " HTTP/1.1"
        #expect(throws: HTTPRefusal.requestLineTooLong) {
            try ParsedRequests.parse([long + "\r\nHost: a\r\n\r\n"], limits: limits)
        }
        #expect(throws: HTTPRefusal.requestLineTooLong) {
            try ParsedRequests.parse(["GET /" + String(repeating: "a", count: 200)], limits: limits)
        }
    }

    @Test func `bounds headers in number and size`() {
        let limits = HTTPLimits(maxRequestLineBytes: 64, maxHeaderBytes: 128, maxHeaders: 4)
        let start = "GET / HTTP/1.1\r\nHost: a\r\n"
        #expect(throws: Never.self) {
            try ParsedRequests.parse([start + "A: 1\r\nB: 1\r\nC: 1\r\n\r\n"], limits: limits)
        }
        #expect(throws: HTTPRefusal.headersTooLarge) {
            try ParsedRequests.parse([start + "A: 1\r\nB: 1\r\nC: 1\r\nD: 1\r\n\r\n"], limits: limits)
        }
        #expect(throws: HTTPRefusal.headersTooLarge) {
            try ParsedRequests.parse([start + "A: " + String(repeating: "x", count: 120) + "\r\n\r\n"], limits: limits)
        }
        #expect(throws: HTTPRefusal.headersTooLarge) {
            try ParsedRequests.parse(
                [start + "A: x", String(repeating: "x", count: 100), String(repeating: "x", count: 100)], limits: limits
            )
        }
    }

    @Test func `takes HTTP/1.0 without a host and without keeping the connection`() throws {
        let parsed = try ParsedRequests.parse(["GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"])
        #expect(parsed.count == 1)
        #expect(parsed.first?.keepsAlive == false)
    }

    @Test(arguments: [("close", false), ("CLOSE", false), ("x, close", false), ("keep-alive", true), ("x, y", true)])
    func `reads the Connection header`(_ value: String, _ keepsAlive: Bool) throws {
        let parsed = try ParsedRequests.parse(["GET / HTTP/1.1\r\nHost: a\r\nConnection: \(value)\r\n\r\n"])
        #expect(parsed.first?.keepsAlive == keepsAlive)
    }

    @Test func `lets the socket's bytes go with the request`() throws {
        var parser = RequestParser(limits: HTTPLimits())
        parser.append(.init(string: "GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
        #expect(try parser.nextHead())
        #expect(!parser.hasPending)
        parser.finish()
        #expect(parser.head.bytes.capacity == 0)
    }
}
