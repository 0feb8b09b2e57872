import NIOCore

@testable import Proxy

extension ByteBuffer {
    var text: String { String(buffer: self) }
}

/// What a parser makes of bytes that arrive in the given pieces.
enum ParsedRequests {
    struct One: Equatable {
        var method: HTTPMethod
        var target: String
        var headers: [String]
        var framing: BodyFraming
        var keepsAlive: Bool
        var body: String
    }

    static func parse(_ pieces: [String], limits: HTTPLimits = HTTPLimits()) throws(HTTPRefusal) -> [One] {
        var parser = RequestParser(limits: limits)
        var done: [One] = []
        var current: One?
        for piece in pieces {
            parser.append(ByteBuffer(string: piece))
            while true {
                if var open = current {
                    switch try parser.nextBody() {
                    case .needMore:
                        current = open
                    case .bytes(let bytes):
                        open.body += bytes.text
                        current = open
                        continue
                    case .end:
                        parser.finish()
                        done.append(open)
                        current = nil
                        continue
                    }
                    break
                }
                guard try parser.nextHead() else { break }
                current = one(parser.head)
            }
        }
        return done
    }

    private static func one(_ head: RequestHead) -> One {
        let text = Array(head.bytes.readableBytesView)
        func string(_ range: Range<Int>) -> String { String(decoding: text[range], as: UTF8.self) }
        return One(
            method: head.method, target: string(head.target),
            headers: head.fields.map { string($0.nameRange) + "=" + string($0.valueRange) }, framing: head.framing,
            keepsAlive: head.keepsAlive, body: "")
    }
}

enum ParsedResponses {
    struct One: Equatable {
        var status: Int
        var headers: [String]
        var framing: BodyFraming
        var keepsAlive: Bool
        var body: String
    }

    /// Interim responses are among the answers; a body until close ends with the last piece.
    static func parse(
        _ pieces: [String], answersTo method: HTTPMethod = .get, limits: HTTPLimits = HTTPLimits()
    ) throws(HTTPRefusal) -> [One] {
        var parser = ResponseParser(limits: limits)
        parser.expect(answerTo: method)
        var done: [One] = []
        var current: One?
        for piece in pieces {
            parser.append(ByteBuffer(string: piece))
            while true {
                if var open = current {
                    switch try parser.nextBody() {
                    case .needMore: current = open
                    case .bytes(let bytes):
                        open.body += bytes.text
                        current = open
                        continue
                    case .end:
                        parser.finish()
                        done.append(open)
                        current = nil
                        continue
                    }
                    break
                }
                guard try parser.nextHead() else { break }
                current = one(parser.head)
            }
        }
        if let current, parser.body.endsAtClose { done.append(current) }
        return done
    }

    private static func one(_ head: ResponseHead) -> One {
        let text = Array(head.bytes.readableBytesView)
        func string(_ range: Range<Int>) -> String { String(decoding: text[range], as: UTF8.self) }
        return One(
            status: head.status, headers: head.fields.map { string($0.nameRange) + "=" + string($0.valueRange) },
            framing: head.framing, keepsAlive: head.keepsAlive, body: "")
    }
}
