internal import CLibPQ
internal import Glibc

/// One `PGconn`: non-blocking, in pipeline mode once it is up.
///
/// Belongs to the reactor's thread, which alone calls it.
// The pointer lives from `init` to `deinit`, never leaves this class and its extensions, and every call checks the
// result in place: that makes it safe to use.
@safe
final class PQHandle {
    /// What the next step of connecting waits for.
    enum Progress {
        case readable
        case writable
        case connected
        case failed
    }

    /// What became of the output buffer.
    enum Flush {
        case done
        /// The socket took only a part: flush again when it is writable, and read in the meantime.
        case pending
        case failed
    }

    let pointer: OpaquePointer

    /// Begins to connect. Resolving a host name blocks until the resolver answers.
    ///
    /// - Returns: `nil` if libpq has no memory or refuses the keywords.
    init?(keywords: [(name: String, value: String)]) {
        let names = CStringList(keywords.map(\.name))
        let values = CStringList(keywords.map(\.value))
        let started = unsafe names.withPointers { names in
            unsafe values.withPointers { values in unsafe PQconnectStartParams(names, values, 1) }
        }
        guard let started = unsafe started else { return nil }
        guard unsafe PQstatus(started) != CONNECTION_BAD else {
            unsafe PQfinish(started)
            return nil
        }
        unsafe pointer = started
        // Messages then hold severity and SQLSTATE alone, and notices go nowhere: by default libpq prints them.
        unsafe PQsetErrorVerbosity(started, PQERRORS_SQLSTATE)
        _ = unsafe PQsetNoticeReceiver(started, { _, _ in }, nil)
    }

    deinit {
        unsafe PQfinish(pointer)
    }

    /// The descriptor to watch; it may change with every step of connecting. −1 if there is none.
    var socket: Int32 { unsafe PQsocket(pointer) }

    var isBroken: Bool { unsafe PQstatus(pointer) == CONNECTION_BAD }

    /// Goes on connecting as far as it can without waiting.
    func poll() -> Progress {
        switch unsafe PQconnectPoll(pointer) {
        case PGRES_POLLING_READING: .readable
        case PGRES_POLLING_WRITING: .writable
        case PGRES_POLLING_OK: .connected
        default: .failed
        }
    }

    /// SQLSTATE of a refused session, if the server gave one.
    var connectFailure: SQLState? {
        guard let message = unsafe PQerrorMessage(pointer) else { return nil }
        let text = unsafe String(cString: message)
        guard let last = text.split(whereSeparator: \.isWhitespace).last else { return nil }
        let state = SQLState(String(last))
        return state.code == last ? state : nil
    }

    /// Makes the new connection non-blocking and pipelined; `false` if libpq refuses.
    func enterPipelineMode() -> Bool {
        unsafe PQsetnonblocking(pointer, 1) == 0 && PQenterPipelineMode(pointer) == 1
    }

    /// Back to the simple protocol, for a script; `false` while anything is in flight.
    func exitPipelineMode() -> Bool {
        unsafe PQexitPipelineMode(pointer) == 1
    }

    /// Whether the other side has hung up already. Looks at the socket without reading from it, so that a write isn't
    /// sent into a connection that is known to be gone.
    var isHungUp: Bool {
        var byte: UInt8 = 0
        let flags = Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)
        let count = unsafe recv(socket, &byte, 1, flags)
        return count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)
    }

    /// Sends what the socket takes.
    func flush() -> Flush {
        switch unsafe PQflush(pointer) {
        case 0: .done
        case 1: .pending
        default: .failed
        }
    }

    /// Reads what has arrived; `false` if the connection is lost.
    func consumeInput() -> Bool {
        unsafe PQconsumeInput(pointer) == 1
    }

    /// Whether ``nextOutcome()`` would have to wait.
    var isBusy: Bool {
        unsafe PQisBusy(pointer) == 1
    }

    /// The next notification that has been read.
    func nextNotification() -> (channel: String, payload: String)? {
        guard let notification = unsafe PQnotifies(pointer) else { return nil }
        defer { unsafe PQfreemem(notification) }
        let channel = unsafe String(cString: notification.pointee.relname)
        let payload = unsafe notification.pointee.extra.map { unsafe String(cString: $0) } ?? ""
        return (channel, payload)
    }
}

/// Zero-terminated strings and the null-terminated list of pointers to them that libpq takes.
struct CStringList {
    private var bytes: [CChar] = []
    private var offsets: [Int] = []

    init(_ strings: [String]) {
        for string in strings {
            offsets.append(bytes.count)
            bytes.append(contentsOf: string.utf8.lazy.map { CChar(bitPattern: $0) })
            bytes.append(0)
        }
    }

    /// Pointers that are valid while `body` runs.
    func withPointers<Result>(_ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Result) -> Result {
        unsafe bytes.withUnsafeBufferPointer { buffer in
            var pointers = unsafe [UnsafePointer<CChar>?]()
            for offset in offsets {
                unsafe pointers.append(buffer.baseAddress.map { unsafe $0 + offset })
            }
            unsafe pointers.append(nil)
            return unsafe pointers.withUnsafeBufferPointer { unsafe body($0.baseAddress) }
        }
    }
}
