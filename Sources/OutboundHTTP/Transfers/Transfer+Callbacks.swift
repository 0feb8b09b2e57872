internal import CCurl
internal import Domain

extension Transfer {
    /// Registers every callback; the context is the transfer itself, not retained: the loop holds it.
    func registerCallbacks() throws(OutboundError) {
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        let codes = unsafe [
            sp_on_header(easy, Self.onHeader, context),
            sp_on_write(easy, Self.onWrite, context),
            sp_on_read(easy, Self.onRead, context),
            sp_on_seek(easy, Self.onSeek, context),
            sp_on_open_socket(easy, Self.onOpenSocket, context),
            sp_on_tls_context(easy, Self.onTLSContext, context),
        ]
        guard codes.allSatisfy({ $0 == CURLE_OK }) else { throw .overloaded }
    }

    @unsafe
    private static func of(_ context: UnsafeMutableRawPointer) -> Transfer {
        unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    }

    private static let onHeader: curl_write_callback = { text, size, count, context in
        guard let text = unsafe text, let context = unsafe context else { return 0 }
        let line = unsafe Array(UnsafeRawBufferPointer(start: text, count: size * count))
        return unsafe of(context).receiveHeader(line) ? line.count : 0
    }

    private static let onWrite: curl_write_callback = { bytes, size, count, context in
        guard let context = unsafe context else { return 0 }
        let bytes = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
        switch unsafe of(context).receiveBody(bytes) {
        case .taken: return bytes.count
        case .pause: return Int(CURL_WRITEFUNC_PAUSE)
        // Any count but the one offered; 0 would be taken for success where nothing was offered.
        case .refused: return Int(CURL_WRITEFUNC_ERROR)
        }
    }

    private static let onRead: curl_read_callback = { target, size, count, context in
        guard let context = unsafe context else { return Int(CURL_READFUNC_ABORT) }
        let target = unsafe UnsafeMutableRawBufferPointer(start: target, count: size * count)
        switch unsafe of(context).supplyBody(target) {
        case .bytes(let length): return length
        case .pause: return Int(CURL_READFUNC_PAUSE)
        case .abort: return Int(CURL_READFUNC_ABORT)
        }
    }

    /// Called when libcurl wants to send a body again, because a kept connection died under it. Refused: the peer may
    /// have had the first one, and a refresh token must not be spent twice (RFC 9110 §9.2.2).
    private static let onSeek: curl_seek_callback = { _, _, _ in CURL_SEEKFUNC_FAIL }

    private static let onOpenSocket: curl_opensocket_callback = { context, purpose, address in
        guard let context = unsafe context, let address = unsafe address, purpose == CURLSOCKTYPE_IPCXN else {
            return CURL_SOCKET_BAD
        }
        var bytes = [UInt8](repeating: 0, count: 16)
        let length = unsafe sp_address_bytes(address, &bytes)
        guard unsafe of(context).permits(IPAddress(bytes: Array(bytes.prefix(Int(length))))) else {
            return CURL_SOCKET_BAD
        }
        return unsafe sp_open_socket(address)
    }

    private static let onTLSContext: curl_ssl_ctx_callback = { _, tls, context in
        guard let context = unsafe context, let tls = unsafe tls, let trust = unsafe of(context).trust else {
            return CURLE_SSL_CONNECT_ERROR
        }
        unsafe sp_tls_prepare(tls, trust.store)
        return CURLE_OK
    }
}
