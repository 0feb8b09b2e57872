import Foundation
import Glibc
import Synchronization

/// A port that was free a moment ago.
func freePort() throws -> UInt16 {
    let (descriptor, port) = try bindEphemeral()
    close(descriptor)
    return port
}

/// Returns once something accepts connections there; gives up after ten seconds. A program that starts tells nobody when
/// it listens, so this asks.
func waitUntilListening(on port: UInt16) throws {
    let end = ContinuousClock.now + .seconds(10)
    while ContinuousClock.now < end {
        if canConnect(to: port) { return }
        usleep(20_000)
    }
    throw PeerError.notReady("\(port)")
}

private func canConnect(to port: UInt16) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    address.sin_port = port.bigEndian
    return unsafe withUnsafePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
            unsafe connect(descriptor, generic, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
    }
}

/// Directories to remove when the test process exits.
enum EndOfRun {
    private static let directories = Mutex<[URL]>([])
    private static let isRegistered: Bool =
        atexit {
            for directory in EndOfRun.directories.withLock({ $0 }) {
                try? FileManager.default.removeItem(at: directory)
            }
        } == 0

    static func remove(_ directory: URL) {
        _ = isRegistered
        directories.withLock { $0.append(directory) }
    }
}
