internal import CCurl
internal import HTTPTypes
internal import OData

extension Transfer {
    /// Sets every option that decides where a request goes and what it carries, whatever libcurl's defaults are.
    func apply(_ options: CurlOptions, now: ContinuousClock.Instant) -> Bool {
        guard behaviour(), tls(options), connection(options, now), request(options), callbacks() else { return false }
        return unsafe sp_set_list(easy, CURLOPT_HTTPHEADER, headers.head) == CURLE_OK
    }

    private func behaviour() -> Bool {
        set(CURLOPT_NOSIGNAL, 1) && set(CURLOPT_NOPROGRESS, 1) && set(CURLOPT_QUICK_EXIT, 1)
            && set(CURLOPT_FOLLOWLOCATION, 0) && set(CURLOPT_PROTOCOLS_STR, "http,https")
            && set(CURLOPT_REDIR_PROTOCOLS_STR, "https") && set(CURLOPT_PROXY, "") && set(CURLOPT_NOPROXY, "*")
            && set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue)) && set(CURLOPT_UNRESTRICTED_AUTH, 0)
            && set(CURLOPT_HTTP09_ALLOWED, 0) && set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
            && set(CURLOPT_PATH_AS_IS, 1) && set(CURLOPT_HSTS_CTRL, 0)
            && set(CURLOPT_FAILONERROR, 0) && set(CURLOPT_TCP_KEEPALIVE, 1) && set(CURLOPT_TCP_NODELAY, 1)
    }

    private func tls(_ options: CurlOptions) -> Bool {
        guard set(CURLOPT_SSL_VERIFYPEER, 1), set(CURLOPT_SSL_VERIFYHOST, 2),
            set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2)), set(CURLOPT_CAINFO, options.caFile),
            set(CURLOPT_CAPATH, options.caDirectory)
        else { return false }
        guard let client = options.clientCertificate else { return true }
        return set(CURLOPT_SSLCERTTYPE, "PEM") && set(CURLOPT_SSLCERT, client.certificateFile)
            && set(CURLOPT_SSLKEYTYPE, "PEM") && set(CURLOPT_SSLKEY, client.keyFile ?? client.certificateFile)
            && set(CURLOPT_KEYPASSWD, client.keyPassword)
    }

    private func connection(_ options: CurlOptions, _ now: ContinuousClock.Instant) -> Bool {
        let left = min(max(job.deadline - now, .milliseconds(1)), options.connectTimeout)
        let version = options.offersHTTP2 ? Int(CURL_HTTP_VERSION_2TLS) : Int(CURL_HTTP_VERSION_1_1)
        return set(CURLOPT_HTTP_VERSION, version) && set(CURLOPT_CONNECTTIMEOUT_MS, max(1, left.wholeMilliseconds))
            && set(CURLOPT_MAXAGE_CONN, max(1, options.idleTime.wholeMilliseconds / 1000))
            && set(CURLOPT_MAXLIFETIME_CONN, 600) && set(CURLOPT_BUFFERSIZE, 64 << 10)
            // On a kept connection that died, libcurl writes the request again: a body refuses that by its seek
            // callback, what has none gets a connection of its own.
            && set(CURLOPT_FRESH_CONNECT, job.isSafe || !(job.body?.isEmpty ?? true) ? 0 : 1)
    }

    private func request(_ options: CurlOptions) -> Bool {
        guard set(CURLOPT_URL, job.url), method(), fields() else { return false }
        return !options.asksForGzip || set(CURLOPT_ACCEPT_ENCODING, "gzip")
    }

    private func method() -> Bool {
        if let body = job.body {
            return upload(body.count)
        }
        switch job.method {
        case .get: return set(CURLOPT_HTTPGET, 1)
        case .head: return set(CURLOPT_NOBODY, 1)
        case .post, .put, .patch:
            // One without a body says so (RFC 9110 §8.6).
            return upload(0)
        default: return set(CURLOPT_HTTPGET, 1) && set(CURLOPT_CUSTOMREQUEST, job.method.rawValue)
        }
    }

    private func upload(_ bytes: Int) -> Bool {
        guard set(CURLOPT_POST, 1), set(CURLOPT_CUSTOMREQUEST, job.method.rawValue) else { return false }
        return unsafe sp_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(bytes)) == CURLE_OK
    }

    /// The request's own fields and no other: lengths and the host are libcurl's.
    private func fields() -> Bool {
        for field in job.headers where ![.contentLength, .transferEncoding].contains(field.name) {
            guard headers.append(field.name.rawName, field.value) else { return false }
        }
        for name in [HTTPField.Name.expect, .accept, .contentType, .userAgent] where job.headers[name] == nil {
            guard headers.suppress(name.rawName) else { return false }
        }
        return true
    }

    private func set(_ option: CURLoption, _ value: Int) -> Bool {
        unsafe sp_set_long(easy, option, value) == CURLE_OK
    }

    /// nil takes away what libcurl was built with.
    private func set(_ option: CURLoption, _ value: String?) -> Bool {
        guard let value else { return unsafe sp_set_pointer(easy, option, nil) == CURLE_OK }
        return unsafe sp_set_string(easy, option, value) == CURLE_OK
    }
}
