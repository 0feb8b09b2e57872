internal import Synchronization

extension ResponseBody {
    /// A body that is there already.
    public init(_ bytes: [UInt8]) {
        let rest = HeldBytes(bytes)
        self.init(next: { () throws(TransportError) -> [UInt8]? in rest.take() }, cancel: { _ = rest.take() })
    }

    /// The whole body.
    ///
    /// - Throws: `.limit(.bodyBytes)` when it is longer than `maxBytes`, as soon as that is known: the rest is not
    ///   read. `.transport` or `.cancelled` where it doesn't come whole.
    public func collect(maxBytes: Int) async throws(ODataError) -> [UInt8] {
        let (bytes, isWhole) = try await prefix(maxBytes: maxBytes)
        guard isWhole else { throw .limit(.bodyBytes(maxBytes)) }
        return bytes
    }

    /// As much as fits, and whether that is all. What doesn't fit is not read.
    func prefix(maxBytes: Int) async throws(ODataError) -> (bytes: [UInt8], isWhole: Bool) {
        var whole: [UInt8] = []
        var iterator = makeAsyncIterator()
        do throws(TransportError) {
            while let chunk = try await iterator.next() {
                guard chunk.count <= maxBytes - whole.count else {
                    cancel()
                    whole.append(contentsOf: chunk.prefix(Swift.max(0, maxBytes - whole.count)))
                    return (whole, false)
                }
                if whole.isEmpty { whole = chunk } else { whole.append(contentsOf: chunk) }
            }
        } catch {
            cancel()
            throw ODataError(reading: error)
        }
        return (whole, true)
    }
}

/// Bytes that are given out once.
private final class HeldBytes: Sendable {
    private let bytes: Mutex<[UInt8]>

    init(_ bytes: [UInt8]) { self.bytes = Mutex(bytes) }

    func take() -> [UInt8]? {
        bytes.withLock { bytes in
            defer { bytes = [] }
            return bytes.isEmpty ? nil : bytes
        }
    }
}

extension ODataError {
    /// Of an answer that broke off while it was read.
    init(reading error: TransportError) {
        switch error {
        case .cancelled: self = .cancelled
        default: self = .transport(error)
        }
    }
}
