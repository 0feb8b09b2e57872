internal import Glibc
internal import Synchronization

/// Stands between a PostgreSQL client and its server on a Unix socket, and does what bad networks do.
///
/// Clients use ``connectionString(database:user:)``. Its thread ends with ``stop()`` or with the object.
package final class FaultySocketProxy: Sendable {
    fileprivate struct Faults {
        var isStopped = false
        var refuses = false
        var holdsToServer = false
        var holdsToClient = false
        /// Every connection is to be ended once.
        var isCut = false
        var accepted = 0
        var open = 0
        /// Changes made, and how many of them the thread acts on.
        var changes = 0
        var changesSeen = 0
    }

    private let directory: String
    private let state = SharedFaults()

    fileprivate final class SharedFaults: Sendable {
        fileprivate let faults = Mutex(Faults())
        /// Reading and writing end of the pipe that wakes the thread.
        let wake: [Int32]

        init() {
            var ends: [Int32] = [-1, -1]
            _ = unsafe pipe(&ends)
            for end in ends {
                _ = fcntl(end, F_SETFL, O_NONBLOCK)
                _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            }
            wake = ends
        }

        deinit { wake.forEach { close($0) } }
    }

    /// - Parameter server: directory of the server's socket (port 5432).
    package init(server: String) throws {
        directory = TestDirectory.makePath()
        guard unsafe mkdir(directory, 0o700) == 0 else { throw ProxyFailure.socket(errno) }
        let listener = try UnixSocket.listen(directory + "/.s.PGSQL.5432")
        let target = server + "/.s.PGSQL.5432"
        let state = state
        var thread = pthread_t()
        let box = unsafe Unmanaged.passRetained(ProxyLoop(listener: listener, target: target, state: state))
        _ = unsafe pthread_create(
            &thread, nil,
            { argument in
                if let argument = unsafe argument {
                    unsafe Unmanaged<ProxyLoop>.fromOpaque(argument).takeRetainedValue().run()
                }
                return nil
            }, box.toOpaque())
        pthread_detach(thread)
    }

    deinit { stop() }

    package func connectionString(database: String, user: String = "postgres") -> String {
        "host='\(directory)' port=5432 dbname='\(database)' user='\(user)'"
    }

    /// Connections accepted so far, refused ones left out.
    package var accepted: Int { state.faults.withLock(\.accepted) }
    /// Connections that are forwarded now.
    package var open: Int { state.faults.withLock(\.open) }

    /// Ends all connections; new ones are served.
    package func cut() { change { $0.isCut = true } }
    /// Hangs up on whoever connects from now on, or stops doing so.
    package func refuse(_ refuses: Bool) { change { $0.refuses = refuses } }
    /// Keeps back what clients send, or lets it go on.
    package func holdToServer(_ holds: Bool) { change { $0.holdsToServer = holds } }
    /// Keeps back what the server sends, or lets it go on.
    package func holdToClient(_ holds: Bool) { change { $0.holdsToClient = holds } }

    package func stop() {
        guard !state.faults.withLock(\.isStopped) else { return }
        change { $0.isStopped = true }
        unsafe unlink(directory + "/.s.PGSQL.5432")
        unsafe rmdir(directory)
    }

    /// Returns when the thread acts on the change, so that nothing passes in between.
    private func change(_ change: (inout Faults) -> Void) {
        let number = state.faults.withLock { faults in
            change(&faults)
            faults.changes += 1
            return faults.changes
        }
        var byte: UInt8 = 1
        _ = unsafe write(state.wake[1], &byte, 1)
        let deadline = ContinuousClock.now + .seconds(10)
        while state.faults.withLock({ $0.changesSeen < number }), ContinuousClock.now < deadline { usleep(100) }
    }

    /// The thread's side.
    private final class ProxyLoop {
        private struct Link {
            let client: Int32
            let server: Int32
            var toServer: [UInt8] = []
            var toClient: [UInt8] = []
        }

        private let listener: Int32
        private let target: String
        private let state: SharedFaults
        private var links: [Link] = []
        private var buffer = [UInt8](repeating: 0, count: 1 << 16)

        init(listener: Int32, target: String, state: SharedFaults) {
            self.listener = listener
            self.target = target
            self.state = state
        }

        func run() {
            while true {
                let faults = state.faults.withLock { faults in
                    defer { faults.isCut = false }
                    return faults
                }
                if faults.isCut || faults.isStopped { cutAll() }
                state.faults.withLock { $0.changesSeen = faults.changes }
                guard !faults.isStopped else { break }
                turn(faults)
            }
            close(listener)
        }

        private func cutAll() {
            for link in links {
                close(link.client)
                close(link.server)
            }
            links = []
            publish()
        }

        private func publish() {
            let open = links.count
            state.faults.withLock { $0.open = open }
        }

        private func turn(_ faults: Faults) {
            var entries = [
                pollfd(fd: state.wake[0], events: Int16(POLLIN), revents: 0),
                pollfd(fd: listener, events: Int16(POLLIN), revents: 0),
            ]
            for link in links {
                entries.append(
                    entry(link.client, isHeld: faults.holdsToServer, input: link.toServer, output: link.toClient))
                entries.append(
                    entry(link.server, isHeld: faults.holdsToClient, input: link.toClient, output: link.toServer))
            }
            guard unsafe poll(&entries, nfds_t(entries.count), -1) > 0 else { return }
            if entries[0].revents != 0 { _ = unsafe read(state.wake[0], &buffer, buffer.count) }
            // Backwards, so that a closed link doesn't move those still to come.
            for index in links.indices.reversed() {
                let isIntact =
                    forward(entries[2 + 2 * index], to: \.toServer, index, isHeld: faults.holdsToServer)
                    && forward(entries[3 + 2 * index], to: \.toClient, index, isHeld: faults.holdsToClient)
                    && drain(links[index].server, \.toServer, index) && drain(links[index].client, \.toClient, index)
                if !isIntact { closeLink(index) }
            }
            if entries[1].revents != 0 { acceptLink(refuses: faults.refuses) }
        }

        private func entry(_ fd: Int32, isHeld: Bool, input: [UInt8], output: [UInt8]) -> pollfd {
            let reads = !isHeld && input.isEmpty ? Int16(POLLIN) : 0
            return pollfd(fd: fd, events: reads | (output.isEmpty ? 0 : Int16(POLLOUT)), revents: 0)
        }

        private func forward(
            _ entry: pollfd, to direction: WritableKeyPath<Link, [UInt8]>, _ index: Int, isHeld: Bool
        ) -> Bool {
            let isOver = entry.revents & Int16(POLLERR | POLLHUP) != 0
            guard entry.revents & Int16(POLLIN) != 0 || isOver, links[index][keyPath: direction].isEmpty else {
                return true
            }
            // A held side that hung up is closed without passing on what it said last.
            if isHeld { return !isOver }
            let count = unsafe read(entry.fd, &buffer, buffer.count)
            guard count > 0 else { return count < 0 && (errno == EAGAIN || errno == EINTR) }
            links[index][keyPath: direction] = Array(buffer[..<count])
            return true
        }

        private func drain(_ fd: Int32, _ direction: WritableKeyPath<Link, [UInt8]>, _ index: Int) -> Bool {
            let bytes = links[index][keyPath: direction]
            guard !bytes.isEmpty else { return true }
            let count = unsafe send(fd, bytes, bytes.count, Int32(MSG_NOSIGNAL))
            guard count >= 0 else { return errno == EAGAIN || errno == EINTR }
            links[index][keyPath: direction].removeFirst(count)
            return true
        }

        private func closeLink(_ index: Int) {
            close(links[index].client)
            close(links[index].server)
            links.remove(at: index)
            publish()
        }

        private func acceptLink(refuses: Bool) {
            let client = accept(listener, nil, nil)
            guard client >= 0 else { return }
            guard !refuses, let server = try? UnixSocket.connect(target) else {
                // A dead server is what the client shall see, as a connection that is closed at once.
                close(client)
                return
            }
            UnixSocket.configure(client)
            links.append(Link(client: client, server: server))
            let open = links.count
            state.faults.withLock { faults in
                faults.accepted += 1
                faults.open = open
            }
        }
    }
}

package enum ProxyFailure: Error {
    case socket(Int32)
}
