internal import CCurl

extension Transfer {
    /// The context is the transfer itself, not retained: the loop holds it.
    func callbacks() -> Bool {
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        return unsafe sp_on_header(easy, Self.onHeader, context) == CURLE_OK
            && sp_on_write(easy, Self.onWrite, context) == CURLE_OK
            && sp_on_read(easy, Self.onRead, context) == CURLE_OK
            && sp_on_seek(easy, Self.onSeek, context) == CURLE_OK
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
        guard let context = unsafe context else { return Int(CURL_WRITEFUNC_ERROR) }
        let bytes = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
        switch unsafe of(context).receiveBody(bytes) {
        case .taken: return bytes.count
        case .pause: return Int(CURL_WRITEFUNC_PAUSE)
        case .refused: return Int(CURL_WRITEFUNC_ERROR)
        }
    }

    private static let onRead: curl_read_callback = { target, size, count, context in
        guard let context = unsafe context else { return Int(CURL_READFUNC_ABORT) }
        return unsafe of(context).supplyBody(UnsafeMutableRawBufferPointer(start: target, count: size * count))
    }

    /// Called to send a body again, because a kept connection died under it. Refused: the service may have had the
    /// first one (RFC 9110 §9.2.2).
    private static let onSeek: curl_seek_callback = { _, _, _ in CURL_SEEKFUNC_FAIL }
}
