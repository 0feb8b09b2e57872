internal import CCurl

/// The connections of one ``PoolKey``: a multi handle of its own, so that libcurl has nothing else to reuse.
///
/// libcurl decides by host, port and TLS settings which kept connection fits a request; it knows no tenant. A handle
/// for each key separates them by construction, at the price of some 40 KiB and two descriptors while the key is in use.
/// All handles share one epoll descriptor and one thread, through libcurl's socket and timer callbacks. For the loop alone.
// Safe: the handle is freed by `close`, which the loop calls before it lets go; callbacks run only inside calls made here.
@safe
final class ConnectionPool {
    let number: UInt32
    let key: PoolKey
    private(set) var activeCount = 0
    var idleSince: ContinuousClock.Instant
    /// When libcurl wants to be called though no socket is ready.
    private(set) var timer: ContinuousClock.Instant?
    private let multi: UnsafeMutableRawPointer
    private let poller: Int32
    private let timers: LoopTimers

    /// Nil where memory or descriptors are short.
    init?(
        number: UInt32, key: PoolKey, poller: Int32, timers: LoopTimers, limits: CurlLimits,
        now: ContinuousClock.Instant
    ) {
        guard let multi = unsafe curl_multi_init() else { return nil }
        self.number = number
        self.key = key
        self.poller = poller
        self.timers = timers
        idleSince = now
        unsafe self.multi = multi
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        guard
            unsafe sp_multi_on_socket(multi, ConnectionPool.onSocket, context) == CURLM_OK,
            unsafe sp_multi_on_timer(multi, ConnectionPool.onTimer, context) == CURLM_OK,
            unsafe sp_multi_set_long(multi, CURLMOPT_PIPELINING, 0) == CURLM_OK,
            unsafe sp_multi_set_long(multi, CURLMOPT_MAXCONNECTS, limits.maxConnectionsKeptPerPool) == CURLM_OK
        else {
            unsafe curl_multi_cleanup(multi)
            return nil
        }
    }

    /// Closes every connection. No transfer may be left in the pool.
    func close() { unsafe curl_multi_cleanup(multi) }

    func add(_ transfer: Transfer) -> Bool {
        guard unsafe curl_multi_add_handle(multi, transfer.easy) == CURLM_OK else { return false }
        activeCount += 1
        return true
    }

    func remove(_ transfer: Transfer, now: ContinuousClock.Instant) {
        unsafe curl_multi_remove_handle(multi, transfer.easy)
        activeCount -= 1
        idleSince = now
    }

    /// A socket of this pool is ready.
    func socketReady(_ descriptor: Int32, epollEvents: UInt32) {
        var mask: Int32 = 0
        if epollEvents & EPOLLIN.rawValue != 0 { mask |= CURL_CSELECT_IN }
        if epollEvents & EPOLLOUT.rawValue != 0 { mask |= CURL_CSELECT_OUT }
        if epollEvents & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0 { mask |= CURL_CSELECT_ERR }
        var running: Int32 = 0
        unsafe curl_multi_socket_action(multi, descriptor, mask, &running)
    }

    /// Calls libcurl where its timer is due.
    func fireTimer(now: ContinuousClock.Instant) {
        guard let due = timer, due <= now else { return }
        timer = nil
        var running: Int32 = 0
        unsafe curl_multi_socket_action(multi, CURL_SOCKET_BAD, 0, &running)
    }

    /// The context of a transfer that has ended, and libcurl's verdict on it; nil when there is no more.
    func nextFinished() -> (easy: UnsafeMutableRawPointer, code: CURLcode)? {
        var code = CURLE_OK
        guard let easy = unsafe sp_multi_next_done(multi, &code) else { return nil }
        return unsafe (easy, code)
    }

    private func watch(_ descriptor: Int32, _ what: Int32) {
        guard what != CURL_POLL_REMOVE else { return sp_epoll_forget(poller, descriptor) }
        var events: UInt32 = 0
        if what & CURL_POLL_IN != 0 { events |= EPOLLIN.rawValue }
        if what & CURL_POLL_OUT != 0 { events |= EPOLLOUT.rawValue }
        // Where the kernel refuses, the transfer gets no event and its deadline ends it.
        _ = sp_epoll_watch(
            poller, descriptor, events, UInt64(number) << 32 | UInt64(UInt32(bitPattern: descriptor)))
    }

    private static let onSocket: curl_socket_callback = { _, descriptor, what, context, _ in
        guard let context = unsafe context else { return 0 }
        unsafe Unmanaged<ConnectionPool>.fromOpaque(context).takeUnretainedValue().watch(descriptor, what)
        return 0
    }

    private static let onTimer: curl_multi_timer_callback = { _, milliseconds, context in
        guard let context = unsafe context else { return 0 }
        let pool = unsafe Unmanaged<ConnectionPool>.fromOpaque(context).takeUnretainedValue()
        let instant = milliseconds < 0 ? nil : ContinuousClock.now + .milliseconds(milliseconds)
        pool.timer = instant
        if let instant { pool.timers.add(.pool(pool.number), at: instant) }
        return 0
    }
}
