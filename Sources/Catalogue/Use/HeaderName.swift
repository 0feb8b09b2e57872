/// Names of headers that a credential may set.
enum HeaderName {
    /// Framing, routing and connection headers, and those that the proxy writes itself.
    private static let reserved: Set<String> = [
        "connection", "content-length", "content-type", "expect", "forwarded", "host", "http2-settings", "keep-alive",
        "proxy-authenticate", "proxy-authorization", "proxy-connection", "set-cookie", "te", "traceparent",
        "tracestate", "trailer", "transfer-encoding", "upgrade", "via", "x-request-id", "x-sallyport-token",
        "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto",
    ]

    /// RFC 9110 §5.6.2.
    static func isToken(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 128
            && name.utf8.allSatisfy { byte in
                (byte >= 48 && byte <= 57) || (byte | 0x20 >= 97 && byte | 0x20 <= 122)
                    || "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
    }

    static func isInjectable(_ name: String) -> Bool {
        isToken(name) && !reserved.contains(name.lowercased())
    }
}
