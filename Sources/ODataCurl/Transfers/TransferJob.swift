internal import HTTPTypes
internal import OData

/// One request on its way: what is sent, and where its answer goes.
final class TransferJob: Sendable {
    let url: String
    let method: HTTPRequest.Method
    let headers: HTTPFields
    let body: [UInt8]?
    let deadline: ContinuousClock.Instant
    let channel: ResponseChannel

    /// nil for a head that is no request: without scheme, host or path, with another scheme than http and https, or
    /// with bytes that no URL has.
    init?(_ head: HTTPRequest, body: [UInt8]?, deadline: ContinuousClock.Instant, options: CurlOptions) {
        guard let scheme = head.scheme, scheme == "https" || scheme == "http", let authority = head.authority,
            !authority.isEmpty, let path = head.path, path.hasPrefix("/"),
            (authority + path).utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") }),
            !authority.utf8.contains(where: { "/?@\\".utf8.contains($0) })
        else { return nil }
        url = scheme + "://" + authority + path
        (method, headers, self.body) = (head.method, head.headerFields, body)
        self.deadline = deadline
        channel = ResponseChannel(capacity: options.maxBufferedBytes)
    }

    /// May be written twice by libcurl, where a kept connection turns out to be dead.
    var isSafe: Bool { body == nil && [.get, .head, .options].contains(method) }
}
