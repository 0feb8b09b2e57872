internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

extension Response {
    /// - Parameters:
    ///   - isHead: the body is left out, its length stays (RFC 9110 §9.3.2).
    ///   - channel: closed after the answer where the rest of the request isn't read.
    init(_ answer: Answer, isHead: Bool, channel: any Channel) {
        var headers = answer.headers
        if let type = answer.contentType { headers[.contentType] = type.rawValue }
        if headers[.cacheControl] == nil { headers[.cacheControl] = "no-store" }
        headers[.xContentTypeOptions] = "nosniff"
        headers[.contentSecurityPolicy] = "default-src 'none'; frame-ancestors 'none'"
        if answer.status != .noContent, answer.status != .notModified {
            headers[.contentLength] = String(answer.body.count)
        }
        if answer.closesConnection { headers[.connection] = "close" }
        let buffer = ByteBuffer(bytes: isHead ? [] : answer.body)
        let body = answer.closesConnection ? ResponseBody.closing(channel, after: buffer) : ResponseBody(buffer)
        self.init(status: answer.status, headers: headers, body: body)
        if answer.status == .noContent { self.headers[.contentLength] = nil }
    }
}

extension ResponseBody {
    fileprivate init(_ buffer: ByteBuffer) {
        self = buffer.readableBytes == 0 ? ResponseBody() : ResponseBody(byteBuffer: buffer)
    }

    /// Sends the answer, then the end of the stream, and closes the connection a second later.
    ///
    /// Closing at once would answer bytes that are still on their way with a reset, which can take the answer from a client
    /// before it has read it; in that second they are read and dropped.
    fileprivate static func closing(_ channel: any Channel, after buffer: ByteBuffer) -> ResponseBody {
        ResponseBody(contentLength: buffer.readableBytes) { writer in
            if buffer.readableBytes > 0 { try await writer.write(buffer) }
            try await writer.finish(nil)
            channel.close(mode: .output, promise: nil)
            channel.eventLoop.scheduleTask(in: .seconds(1)) { channel.close(promise: nil) }
        }
    }
}

extension HTTPField.Name {
    /// Nil for no reason that can come about: the name is a token.
    static let xRequestID = Self("x-request-id")
    static let traceParent = Self("traceparent")
}
