internal import CCurl
internal import Domain
internal import Sodium

extension Transfer {
    /// Sets every option that decides where the request goes and what it carries, whatever libcurl's defaults are.
    func applyOptions(limits: CurlLimits, now: ContinuousClock.Instant) throws(OutboundError) {
        try applyBehaviour()
        try applyTLS()
        try applyTimes(limits: limits, now: now)
        try applyRequest()
        try applyBody()
        try registerCallbacks()
        unsafe try check(sp_set_list(easy, CURLOPT_HTTPHEADER, headers.head))
    }

    private func applyBehaviour() throws(OutboundError) {
        try set(CURLOPT_NOSIGNAL, 1)
        try set(CURLOPT_NOPROGRESS, 1)
        try set(CURLOPT_QUICK_EXIT, 1)
        try set(CURLOPT_FOLLOWLOCATION, 0)
        // An empty list is refused by libcurl; no redirect is followed anyway.
        try set(CURLOPT_REDIR_PROTOCOLS_STR, "https")
        try set(CURLOPT_PROTOCOLS_STR, exchange.request.destination.allowsPlainHTTP ? "http,https" : "https")
        try set(CURLOPT_PROXY, "")
        try set(CURLOPT_NOPROXY, "*")
        try set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))
        try set(CURLOPT_UNRESTRICTED_AUTH, 0)
        try set(CURLOPT_HTTP09_ALLOWED, 0)
        try set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
        try set(CURLOPT_PATH_AS_IS, 1)
        try set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        try set(CURLOPT_HSTS_CTRL, 0)
        try set(CURLOPT_TCP_KEEPALIVE, 1)
        try set(CURLOPT_TCP_NODELAY, 1)
        try set(CURLOPT_FAILONERROR, 0)
    }

    /// Trust comes from our own store, in the callback; no file or directory is looked up by libcurl.
    private func applyTLS() throws(OutboundError) {
        try set(CURLOPT_SSL_VERIFYPEER, 1)
        try set(CURLOPT_SSL_VERIFYHOST, 2)
        try set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        try set(CURLOPT_SSL_SESSIONID_CACHE, 0)
        try set(CURLOPT_CA_CACHE_TIMEOUT, 0)
        unsafe try check(sp_set_pointer(easy, CURLOPT_CAINFO, nil))
        unsafe try check(sp_set_pointer(easy, CURLOPT_CAPATH, nil))
    }

    private func applyTimes(limits: CurlLimits, now: ContinuousClock.Instant) throws(OutboundError) {
        let left = (exchange.deadline - now).milliseconds
        guard left > 0 else { throw .timedOutBeforeSending }
        // The deadline of the whole exchange is the loop's matter, which reads what is there before it gives up.
        try set(CURLOPT_CONNECTTIMEOUT_MS, max(1, min(left, limits.connectTimeout.milliseconds)))
        try set(CURLOPT_MAXAGE_CONN, max(1, limits.idleTime.milliseconds / 1000))
        // A connection lives on under the addresses and certificates that it was opened with; not for ever.
        try set(CURLOPT_MAXLIFETIME_CONN, 600)
    }

    private func applyRequest() throws(OutboundError) {
        let request = exchange.request
        try set(CURLOPT_URL, request.url.text)
        for header in request.headers { try headers.append(header.name, header.value) }
        switch request.method {
        case .get: try set(CURLOPT_HTTPGET, 1)
        case .head: try set(CURLOPT_NOBODY, 1)
        case .post: try set(CURLOPT_POST, 1)
        }
        if case .streamed = exchange.delivery { try set(CURLOPT_BUFFERSIZE, 64 << 10) }
    }

    private func applyBody() throws(OutboundError) {
        guard exchange.request.method == .post else { return }
        let length: Int?
        switch exchange.upload {
        case .none: length = 0
        case .whole(let secret): length = secret.count
        case .streamed(let pipe): length = pipe.contentLength
        }
        unsafe try check(sp_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, length ?? -1))
        // No waiting for an interim answer, and no content type that the caller didn't name.
        try headers.suppress("Expect")
        if !exchange.request.headers.contains(where: { $0.name.lowercased() == "content-type" }) {
            try headers.suppress("Content-Type")
        }
        if length == nil { try headers.append("Transfer-Encoding", .plain("chunked")) }
        // A body refuses to be sent twice (see the seek callback); without one, only a new connection is never retried.
        if length == 0 { try set(CURLOPT_FRESH_CONNECT, 1) }
        if case .streamed = exchange.upload { try set(CURLOPT_UPLOAD_BUFFERSIZE, 64 << 10) }
    }

    private func set(_ option: CURLoption, _ value: Int) throws(OutboundError) {
        unsafe try check(sp_set_long(easy, option, value))
    }

    private func set(_ option: CURLoption, _ value: String) throws(OutboundError) {
        unsafe try check(sp_set_string(easy, option, value))
    }

    private func check(_ code: CURLcode) throws(OutboundError) {
        switch code {
        case CURLE_OK: return
        case CURLE_OUT_OF_MEMORY: throw .overloaded
        default: throw .invalidRequest
        }
    }
}

extension URLParts {
    /// The URL as libcurl is given it: the parts as they were parsed, the port always written.
    fileprivate var text: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return "\(scheme.rawValue)://\(name):\(port)\(path)" + (query.map { "?\($0)" } ?? "")
    }
}

extension Duration {
    /// Rounded up, so that a wait never ends before its time; at least 0.
    var milliseconds: Int {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        return Int(seconds) * 1000 + Int((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
