internal import CLinux
internal import Glibc

/// What descriptors are ready for, by the tokens they were added with. Belongs to the reactor's thread.
final class Poller {
    struct Ready {
        let token: UInt64
        let isReadable: Bool
        let isWritable: Bool
    }

    private let descriptor: Int32
    private var buffer = [linux_epoll_ready](repeating: linux_epoll_ready(), count: 64)

    /// `nil` when the process has no descriptor left.
    init?() {
        descriptor = linux_epoll_create()
        guard descriptor >= 0 else { return nil }
    }

    deinit {
        close(descriptor)
    }

    /// Watches a descriptor, or changes what it is watched for; `false` if it cannot be watched.
    func watch(_ fd: Int32, token: UInt64, forReading: Bool, forWriting: Bool) -> Bool {
        let events = (forReading ? linux_epoll_in : 0) | (forWriting ? linux_epoll_out : 0)
        if linux_epoll_modify(descriptor, fd, events, token) == 0 { return true }
        return linux_epoll_add(descriptor, fd, events, token) == 0
    }

    /// Stops watching; harmless for a descriptor that is closed already.
    func forget(_ fd: Int32) {
        _ = linux_epoll_remove(descriptor, fd)
    }

    /// Waits until something is ready, at most `milliseconds`. A failed or hung-up descriptor counts as both.
    func wait(milliseconds: Int32) -> [Ready] {
        let count = unsafe buffer.withUnsafeMutableBufferPointer {
            unsafe linux_epoll_wait(descriptor, $0.baseAddress, Int32($0.count), milliseconds)
        }
        guard count > 0 else { return [] }
        return buffer[..<Int(count)].map { event in
            let isOver = event.events & (linux_epoll_err | linux_epoll_hup) != 0
            return Ready(
                token: event.token,
                isReadable: isOver || event.events & linux_epoll_in != 0,
                isWritable: isOver || event.events & linux_epoll_out != 0)
        }
    }
}
