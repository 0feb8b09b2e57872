/// Growing secret: collects bytes in locked memory, then becomes a `SecretBytes`.
///
/// For bodies and headers made of several parts, and for answers that arrive in pieces. Outgrown memory is wiped.
package struct SecretBuffer: ~Copyable {
    private var allocation: SecretAllocation
    /// Bytes collected so far.
    package private(set) var count = 0

    package init(minimumCapacity: Int = 0) {
        allocation = SecretArena.shared.allocate(minimumCapacity)
    }

    deinit {
        SecretArena.shared.release(allocation)
    }

    package mutating func append(_ byte: UInt8) {
        reserve(1)
        unsafe allocation.address.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count += 1
    }

    package mutating func append(_ bytes: RawSpan) {
        reserve(bytes.byteCount)
        unsafe bytes.withOctets { source, length in
            unsafe (allocation.address + count).copyMemory(from: source, byteCount: length)
        }
        count += bytes.byteCount
    }

    package mutating func append(_ bytes: [UInt8]) {
        unsafe append(bytes.span.bytes)
    }

    package mutating func append(_ secret: SecretBytes) {
        secret.withBytes { append($0) }
    }

    package mutating func append(utf8 string: String) {
        unsafe append(string.utf8Span.span.bytes)
    }

    /// Lends what was collected so far.
    package borrowing func withBytes<R, E: Error>(_ body: (RawSpan) throws(E) -> R) throws(E) -> R {
        let bytes = unsafe UnsafeRawBufferPointer(start: allocation.address, count: count)
        return try body(unsafe bytes.bytes)
    }

    /// Forgets what was collected and keeps the memory.
    package mutating func removeAll() {
        unsafe allocation.address.initializeMemory(as: UInt8.self, repeating: 0, count: count)
        count = 0
    }

    /// A secret of exactly the bytes collected; the buffer is wiped.
    package consuming func finish() -> SecretBytes {
        withBytes { SecretBytes(copying: $0) }
    }

    private mutating func reserve(_ more: Int) {
        let needed = count + more
        guard needed > allocation.capacity else { return }
        let grown = SecretArena.shared.allocate(max(needed, allocation.capacity * 2))
        unsafe grown.address.copyMemory(from: allocation.address, byteCount: count)
        SecretArena.shared.release(allocation)
        allocation = grown
    }
}
