import SystemPackage
import Synchronization

/// One finished exchange at the token endpoint.
struct LoggedExchange: Sendable {
    enum Outcome: String, Sendable {
        case granted, reused, refused, faulted
    }

    /// Unix microseconds: when the request was there, and when its end was.
    var at: Int64
    var end: Int64 = 0
    /// Empty where the request held no token of ours.
    var family: String
    /// As presented.
    var generation: Int
    var outcome: Outcome
    var fault: Fault?
    var answer = Delivery.whole

    var line: String {
        let fault = fault.map { "\"\($0.rawValue)\"" } ?? "null"
        return """
            {"at":\(at),"end":\(end),"family":"\(family)","generation":\(generation),"outcome":"\(outcome.rawValue)",\
            "fault":\(fault),"answer":"\(answer.rawValue)"}

            """
    }
}

/// A file of JSON lines, written in pieces; what is missing at most is the last moment before a kill.
final class RequestLog: Sendable {
    private static let pieceBytes = 64 * 1_024

    private let file: FileDescriptor?
    private let buffer = Mutex<[UInt8]>([])

    /// - Parameter path: nil keeps no log. The file is made anew.
    init(path: String?) throws {
        file = try path.map { path in
            try FileDescriptor.open(
                FilePath(path), .writeOnly, options: [.create, .truncate, .append], permissions: [.ownerReadWrite])
        }
    }

    func append(_ exchange: LoggedExchange) {
        guard file != nil else { return }
        let isFull = buffer.withLock { buffer in
            buffer.append(contentsOf: exchange.line.utf8)
            return buffer.count >= Self.pieceBytes
        }
        if isFull { flush() }
    }

    func flush() {
        guard let file else { return }
        let piece = buffer.withLock { buffer in
            let piece = buffer
            buffer.removeAll(keepingCapacity: true)
            return piece
        }
        guard !piece.isEmpty else { return }
        // A full disk is found by whoever counts the lines.
        _ = try? file.writeAll(piece)
    }
}
