import Testing

@testable import Proxy

@Suite("Reading an upstream's responses (RFC 9112)")
struct ResponseParserTests {
    static let refused: [(String, HTTPRefusal)] = [
        ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", .conflictingLength),
        ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n", .badLength),
        ("HTTP/1.1 200 OK\r\nContent-Length: 3x\r\n\r\n", .badLength),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", .badTransferEncoding),
        ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", .badTransferEncoding),
        ("HTTP/1.1 200 OK\nContent-Length: 3\r\n\r\n", .badStatusLine),
        ("HTTP/1.1 200 OK\r\nX: y\nZ: w\r\n\r\n", .bareLineFeed),
        ("HTTP/1.1 200 OK\r\nX : y\r\n\r\n", .badHeaderName),
        ("HTTP/1.1 200 OK\r\nX: y\r\n z\r\n\r\n", .foldedHeader),
        ("HTTP/1.1 200 OK\r\nX: y\0\r\n\r\n", .badHeaderValue),
        ("HTTP/2.0 200 OK\r\n\r\n", .badStatusLine),
        ("HTTP/1.1 20 OK\r\n\r\n......", .badStatusLine),
        ("HTTP/1.1 099 OK\r\n\r\n", .badStatusLine),
        ("HTTP/1.1 2000 OK\r\n\r\n", .badStatusLine),
        ("HTTP/1.1  200 OK\r\n\r\n", .badStatusLine),
        ("SSH-2.0-OpenSSH_9.2p1\r\n", .badStatusLine),
        ("ICY 200 OK\r\nX: y\r\n\r\n", .badStatusLine),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", .badChunk),
    ]

    @Test(arguments: refused)
    func `refuses what isn't one message to everybody`(_ bytes: String, _ refusal: HTTPRefusal) {
        #expect(throws: refusal) { try ParsedResponses.parse([bytes]) }
        #expect(throws: HTTPRefusal.self) { try ParsedResponses.parse(bytes.unicodeScalars.map { String($0) }) }
    }

    static let answers: [(String, HTTPMethod, [ParsedResponses.One])] = [
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", .get,
            [.init(status: 200, headers: ["Content-Length=3"], framing: .length(3), keepsAlive: true, body: "abc")]
        ),
        (
            "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", .get,
            [.init(status: 200, headers: ["Content-Length=0"], framing: .none, keepsAlive: true, body: "")]
        ),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Made\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            .get,
            [
                .init(status: 100, headers: [], framing: .none, keepsAlive: true, body: ""),
                .init(
                    status: 201, headers: ["Transfer-Encoding=chunked"], framing: .chunked, keepsAlive: true,
                    body: "abc"),
            ]
        ),
        (
            "HTTP/1.1 200 OK\r\nX: y\r\n\r\nuntil the end", .get,
            [.init(status: 200, headers: ["X=y"], framing: .untilClose, keepsAlive: false, body: "until the end")]
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n", .head,
            [.init(status: 200, headers: ["Content-Length=300"], framing: .none, keepsAlive: true, body: "")]
        ),
        (
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 300\r\nConnection: close\r\n\r\n", .get,
            [
                .init(
                    status: 304, headers: ["Content-Length=300", "Connection=close"], framing: .none, keepsAlive: false,
                    body: "")
            ]
        ),
        (
            // It has no body, and says that it has one: what follows may be that body or the next answer.
            "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", .get,
            [.init(status: 204, headers: ["Content-Length=5"], framing: .none, keepsAlive: false, body: "")]
        ),
        (
            "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", .get,
            [.init(status: 204, headers: ["Transfer-Encoding=chunked"], framing: .none, keepsAlive: false, body: "")]
        ),
        (
            "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", .get,
            [.init(status: 204, headers: ["Content-Length=0"], framing: .none, keepsAlive: true, body: "")]
        ),
        (
            "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", .get,
            [.init(status: 200, headers: ["Content-Length=1"], framing: .length(1), keepsAlive: false, body: "x")]
        ),
    ]

    @Test(arguments: answers)
    func `reads the same wherever the bytes are split`(
        _ bytes: String, _ method: HTTPMethod, _ expected: [ParsedResponses.One]
    ) throws {
        #expect(try ParsedResponses.parse([bytes], answersTo: method) == expected)
        let text = Array(bytes.unicodeScalars).map { String($0) }
        #expect(try ParsedResponses.parse(text, answersTo: method) == expected)
        for cut in 1..<text.count {
            let pieces = [text[..<cut].joined(), text[cut...].joined()]
            #expect(try ParsedResponses.parse(pieces, answersTo: method) == expected, "cut at \(cut)")
        }
    }
}
