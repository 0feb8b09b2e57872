internal import NIOCore

/// Writes a whole response of our own.
enum ProblemWriter {
    struct Context {
        let id: RequestID
        let keepAlive: Bool
        /// False for the answer to HEAD: the length is named, the body isn't sent.
        let hasBody: Bool
        let dateLine: [UInt8]
        var allow: String?
        /// Replaces the problem's own `Retry-After`.
        var retryAfterSeconds: Int?
    }

    static func write(_ problem: DataPlaneProblem, _ context: Context, into out: inout ByteBuffer) {
        let body = body(problem, context.id)
        writeStatusLine(problem.status, into: &out)
        out.writeBytes(context.dateLine)
        out.writeStaticString("content-type: application/problem+json\r\ncache-control: no-store\r\nx-request-id: ")
        out.write(context.id)
        if let challenge = problem.challenge {
            out.writeStaticString("\r\nwww-authenticate: ")
            out.writeStaticString(challenge)
        }
        if let allow = context.allow { out.writeString("\r\nallow: \(allow)") }
        if let seconds = context.retryAfterSeconds ?? problem.retryAfterSeconds {
            out.writeString("\r\nretry-after: \(seconds)")
        }
        out.writeString("\r\ncontent-length: \(body.readableBytes)\r\n")
        if !context.keepAlive { out.writeStaticString("connection: close\r\n") }
        out.writeStaticString("\r\n")
        if context.hasBody { out.writeImmutableBuffer(body) }
    }

    /// Every value is our own text without a character that JSON escapes; the request id is checked to be such.
    private static func body(_ problem: DataPlaneProblem, _ id: RequestID) -> ByteBuffer {
        var body = ByteBuffer()
        body.writeString("{\"type\":\"urn:sallyport:problem:\(problem.code)\",\"title\":\"\(problem.title)\"")
        body.writeString(",\"status\":\(problem.status),\"code\":\"\(problem.code)\"")
        body.writeStaticString(",\"instance\":\"urn:sallyport:request:")
        body.write(id)
        body.writeStaticString("\"}")
        return body
    }

    /// The reason phrase means nothing to a program (RFC 9112 §4); the usual ones are for people who look at a trace.
    static func writeStatusLine(_ status: Int, into out: inout ByteBuffer) {
        out.writeStaticString("HTTP/1.1 ")
        out.writeDecimal(status)
        out.writeStaticString(reason(status))
    }

    private static func reason(_ status: Int) -> StaticString {
        switch status {
        case 200: " OK\r\n"
        case 201: " Created\r\n"
        case 202: " Accepted\r\n"
        case 204: " No Content\r\n"
        case 206: " Partial Content\r\n"
        case 301: " Moved Permanently\r\n"
        case 302: " Found\r\n"
        case 303: " See Other\r\n"
        case 304: " Not Modified\r\n"
        case 307: " Temporary Redirect\r\n"
        case 308: " Permanent Redirect\r\n"
        case 400: " Bad Request\r\n"
        case 401: " Unauthorized\r\n"
        case 403: " Forbidden\r\n"
        case 404: " Not Found\r\n"
        case 405: " Method Not Allowed\r\n"
        case 408: " Request Timeout\r\n"
        case 409: " Conflict\r\n"
        case 412: " Precondition Failed\r\n"
        case 413: " Content Too Large\r\n"
        case 414: " URI Too Long\r\n"
        case 415: " Unsupported Media Type\r\n"
        case 417: " Expectation Failed\r\n"
        case 428: " Precondition Required\r\n"
        case 429: " Too Many Requests\r\n"
        case 431: " Request Header Fields Too Large\r\n"
        case 500: " Internal Server Error\r\n"
        case 502: " Bad Gateway\r\n"
        case 503: " Service Unavailable\r\n"
        case 504: " Gateway Timeout\r\n"
        case 505: " HTTP Version Not Supported\r\n"
        case _: " \r\n"
        }
    }
}
